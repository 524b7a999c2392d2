"""Whether the places that data come from and go to can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from semblant.doctor.result import CheckResult, Health
from semblant.errors import SemblantError

if TYPE_CHECKING:
    from semblant.components import Component
    from semblant.host import PluginHost
    from semblant.spec.model import Spec

_AREA: Final = "connectors"


def installed(host: PluginHost) -> list[CheckResult]:
    """Say of each source and destination whether its packages are there."""
    kinds: dict[str, list[Component]] = {
        "source": [*host.sources.values()],
        "destination": [*host.destinations.values()],
    }
    results = []
    for kind, components in kinds.items():
        ready = [component for component in components if not component.missing()]
        if ready:
            message = ", ".join(component.name for component in ready)
            results.append(CheckResult(area=_AREA, name=f"{kind}s", health=Health.OK, message=message))
        results += [
            CheckResult(
                area=_AREA,
                name=f"{kind} {component.name}",
                health=Health.OK,
                message=f"not installed (needs {', '.join(component.missing())})",
                fix=f"if you need it: {component.install}",
            )
            for component in components
            if component.missing()
        ]
    return results


def source(spec: Spec, host: PluginHost) -> list[CheckResult]:
    """Reach for the source of a spec and name its tables."""
    from semblant.planning import open_source

    name = f"source {spec.source.type}"
    try:
        opened = open_source(spec, host)
        try:
            opened.check()
            tables = opened.discover().table_names
        finally:
            opened.close()
    except SemblantError as exc:
        return [CheckResult(area=_AREA, name=name, health=Health.FAIL, message=exc.message, fix=exc.fix or "")]
    return [
        CheckResult(
            area=_AREA,
            name=name,
            health=Health.OK,
            message=f"can be read, {len(tables)} table{'' if len(tables) == 1 else 's'}",
        )
    ]


def destination(spec: Spec, host: PluginHost) -> list[CheckResult]:
    """Prove write access to the destination of a spec."""
    from semblant.planning import open_destination

    if spec.destination is None:
        return []
    name = f"destination {spec.destination.type}"
    try:
        opened = open_destination(spec.destination.type, dict(spec.destination.settings), host)
        try:
            opened.check()
            place = opened.location()
        finally:
            opened.close()
    except SemblantError as exc:
        return [CheckResult(area=_AREA, name=name, health=Health.FAIL, message=exc.message, fix=exc.fix or "")]
    return [CheckResult(area=_AREA, name=name, health=Health.OK, message=f"can be written: {place}")]
