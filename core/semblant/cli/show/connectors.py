"""How connectors and their trials are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.cli.storing import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.connectors.trying import Trial
    from semblant.store.connectors import Connector


def connector_document(connector: Connector) -> dict[str, Any]:
    """Give a connector as plain data; secrets are references."""
    return {
        "name": connector.name,
        "type": connector.type,
        "used_as": connector.kind,
        "settings": dict(connector.settings),
        "owner": connector.owner,
        "created": iso(connector.created),
        "changed": iso(connector.changed),
    }


def connector_lines(connector: Connector) -> list[Any]:
    """Give a connector as YAML that can be put into a spec."""
    from semblant.spec.yaml_text import to_yaml

    return [to_yaml({"type": connector.type, **connector.settings}).rstrip()]


def trial_document(name: str, trials: Sequence[Trial]) -> dict[str, Any]:
    """Give a trial as plain data."""
    return {
        "connector": name,
        "works": all(trial.probe.passed for trial in trials),
        "steps": [{"role": trial.role, **trial.probe.as_dict()} for trial in trials],
    }


def trial_lines(trials: Sequence[Trial]) -> list[Any]:
    """Give a line per step, what to do below one that failed."""
    from rich.text import Text

    from semblant.visible import visible

    width = max((len(trial.probe.step.value) for trial in trials), default=0)
    lines: list[Any] = []
    for trial in trials:
        probe = trial.probe
        mark, style = ("ok    ", "green") if probe.passed else ("failed", "bold red")
        lines.append(Text.assemble((mark, style), f"  {probe.step.value:<{width}}  {visible(probe.message)}"))
        if not probe.passed:
            change = f"change '{probe.setting}': " if probe.setting else ""
            lines.append(
                Text.assemble((f"        {'':<{width}}  ", ""), ("fix: ", "bold"), f"{change}{visible(probe.fix)}")
            )
    return lines
