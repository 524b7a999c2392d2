"""What plugins build upon, as recorded names and signatures: ``python -m semblant.spec.contracts spec/contracts.json``.

The record is how a release finds out that it would break somebody: :func:`broken` says what is no
longer as it was. ``spec/compatibility.md`` has the rules in words.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from semblant import components, hookspecs, protocols, training
from semblant.components import CONTRACTS, Component
from semblant.events import Event
from semblant.findings import Finding
from semblant.report import blocks, document, inputs
from semblant.run import Run
from semblant.schema import Column, ForeignKey, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Record = dict[str, Any]

_HANDED = (
    Event, Finding, Run, Column, ForeignKey, Schema, Table, training.ColumnPlan, training.Split, training.Related,
    training.Context, training.TrainingTable, training.GenerationContext, training.Sampling,
    training.GenerationRequest, training.MatchTask, training.MatchRequest, inputs.ReportInputs, inputs.Database,
    inputs.TableData, inputs.ReportLimits, document.ReportDocument, document.SectionResult, blocks.Heading,
    blocks.Text, blocks.Table, blocks.Score, blocks.Scores, blocks.Chart,
)  # fmt: skip
"""Objects that plugins are handed or make."""


def contracts() -> Record:
    """Give hooks, protocols, descriptors and objects by name.

    >>> contracts()["hooks"]["semblant_job_event"]
    ['event']
    """
    kinds = sorted(
        (kind for kind in vars(components).values() if isinstance(kind, type) and issubclass(kind, Component)),
        key=lambda kind: kind.__name__,
    )
    return {
        "contracts": {kind: list(versions) for kind, versions in CONTRACTS.items()},
        "hooks": {
            name: list(inspect.signature(hook).parameters)
            for name, hook in vars(hookspecs).items()
            if name.startswith("semblant_")
        },
        "protocols": {
            name: _methods(protocol)
            for name, protocol in sorted(vars(protocols).items())
            if isinstance(protocol, type) and protocol.__module__ == protocols.__name__
        },
        "descriptors": {kind.__name__: _fields(kind) for kind in kinds},
        "objects": {f"{cls.__module__}.{cls.__name__}": _fields(cls) for cls in _HANDED},
    }


def _methods(protocol: type) -> dict[str, list[str]]:
    """Give the parameters of each method, with ``=`` behind those that have a default."""
    found = {}
    for name, member in sorted(vars(protocol).items()):
        if name.startswith("_") or not (callable(member) or isinstance(member, property)):
            continue
        if isinstance(member, property):
            found[name] = ["(property)"]
            continue
        parameters = list(inspect.signature(member).parameters.values())[1:]
        found[name] = [f"{p.name}{'' if p.default is p.empty else '='}" for p in parameters]
    return found


def _fields(cls: type) -> list[str]:
    """Give the public fields, with ``=`` behind those that have a default."""
    given = attrs.fields(cls)
    return [f"{a.name}{'' if a.default is attrs.NOTHING else '='}" for a in given if not a.name.startswith("_")]


def broken(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what plugins may build upon that is no longer as it was recorded.

    >>> broken({"hooks": {"semblant_sources": ["host"]}}, {"hooks": {"semblant_sources": []}})
    ["the hook 'semblant_sources' has lost or moved 'host'"]
    """
    found = [*_hooks(recorded.get("hooks", {}), now.get("hooks", {}))]
    for what in ("descriptors", "objects"):
        found += _grown(what, recorded.get(what, {}), now.get(what, {}))
    if recorded.get("contracts") == now.get("contracts"):
        before, after = recorded.get("protocols", {}), now.get("protocols", {})
        found += [
            f"the protocol '{name}' has changed, and no contract version with it"
            for name in sorted(before)
            if before.get(name) != after.get(name)
        ]
    for kind, (oldest, newest) in recorded.get("contracts", {}).items():
        kept = now.get("contracts", {}).get(kind)
        if kept is None or kept[1] < newest or kept[0] < oldest:
            found.append(f"the contract of the kind '{kind}' went back from {oldest}-{newest}")
    return found


def _hooks(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, parameters in before.items():
        if name not in after:
            yield f"the hook '{name}' is gone"
        elif list(after[name][: len(parameters)]) != list(parameters):
            lost = next(one for place, one in enumerate(parameters) if after[name][place : place + 1] != [one])
            yield f"the hook '{name}' has lost or moved '{lost}'"


def _grown(what: str, before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Hold fields: they may only be added, with a default, and may only gain one."""
    for name, fields in before.items():
        there = {field.rstrip("="): field for field in after.get(name, ())}
        if name not in after:
            yield f"'{name}' of the {what} is gone"
        for field in fields:
            now = there.pop(field.rstrip("="), None)
            if now is None:
                yield f"'{name}' has lost the field '{field.rstrip('=')}'"
            elif field.endswith("=") and not now.endswith("="):
                yield f"the field '{now}' of '{name}' has lost its default"
        bare = [field for field in there.values() if not field.endswith("=")]
        yield from (f"'{name}' has a new field '{field}' without a default" for field in bare)


def main(arguments: Sequence[str]) -> int:
    """Write the record; refuse where it would hide that something broke."""
    path = Path(arguments[0] if arguments else "spec/contracts.json")
    recorded = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    faults = broken(recorded, contracts())
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    if faults and "--break" not in arguments:
        sys.stderr.write("nothing was written; --break records it all the same, for a release that may break plugins\n")
        return 1
    path.write_text(json.dumps(contracts(), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
