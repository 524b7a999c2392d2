"""The parts of a spec that name a plugin's component: is it there, and do its own settings hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from semblant.errors import SemblantError
from semblant.settings import AUTO
from semblant.settings.codes import CODES, fault
from semblant.settings.path import join
from semblant.settings.plaintext import plain_secrets
from semblant.settings.structure import structure
from semblant.settings.suggest import advice
from semblant.spec.model import DestinationSpec, Selected

if TYPE_CHECKING:
    from semblant.findings import Finding


class Components(Protocol):
    """What is asked of a plugin host."""

    def get(self, kind: str, name: str) -> Any:
        """Give a descriptor; :class:`~semblant.errors.PluginError` with advice when there is none that works."""


_OWN_KEYS = {
    "source": {attribute.name for attribute in attrs.fields(Selected)} - {"settings"},
    "destination": {attribute.name for attribute in attrs.fields(DestinationSpec)} - {"settings"},
}


def fold(data: dict[str, Any]) -> dict[str, Any]:
    """Put a component's own keys below ``settings``, as the spec's classes hold them.

    >>> fold({"source": {"type": "files", "path": "a.csv"}})
    {'source': {'type': 'files', 'settings': {'path': 'a.csv'}}}
    """
    made = dict(data)
    for section, own in _OWN_KEYS.items():
        given = data.get(section)
        if isinstance(given, Mapping):
            made[section] = {key: value for key, value in given.items() if key in own}
            rest = {key: value for key, value in given.items() if key not in own}
            if rest:
                made[section]["settings"] = rest
    return made


def unfold(data: dict[str, Any]) -> dict[str, Any]:
    """Undo :func:`fold`."""
    made = dict(data)
    for section in _OWN_KEYS:
        given = data.get(section)
        if isinstance(given, Mapping):
            made[section] = {key: value for key, value in given.items() if key != "settings"} | dict(
                given.get("settings", {})
            )
    return made


def check_components(data: Mapping[str, Any], host: Components) -> list[Finding]:
    """Check every component that a spec names, and the settings that belong to it.

    :param data: the spec as plain data, before :func:`fold`; faults of its structure are not told again.
    """
    found: list[Finding] = []
    for section, own in _OWN_KEYS.items():
        given = data.get(section)
        if isinstance(given, Mapping) and isinstance(given.get("type"), str):
            rest = {key: value for key, value in given.items() if key not in own}
            found += _check(host, section, given["type"], section, f"{section}.type", rest)
    model = data.get("model")
    if isinstance(model, Mapping):
        found += _check_models(host, model, "model")
    tables = data.get("tables")
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        if isinstance(table, Mapping) and isinstance(table.get("model"), Mapping):
            found += _check_models(host, table["model"], join(join("tables", str(name)), "model"))
    report = data.get("report")
    if isinstance(report, Mapping):
        found += _check_list(host, "renderer", report.get("formats"), "report.formats")
        if report.get("sections") != AUTO:
            found += _check_list(host, "section", report.get("sections"), "report.sections")
        if isinstance(report.get("settings"), Mapping):
            found += check_report_settings(host, report["settings"])
    return found


def check_report_settings(host: Components, given: Mapping[str, Any]) -> list[Finding]:
    """Check the settings of report sections and formats; ``given`` holds them by name."""
    found: list[Finding] = []
    offered = {**_offered(host, "section"), **_offered(host, "renderer")}
    for name, settings in given.items():
        path = join("report.settings", str(name))
        if name not in offered:
            message = f"there is no report section or format '{name}'"
            found.append(fault("unknown-component", path, message, advice(str(name), offered)))
        elif isinstance(settings, Mapping):
            found += structure(offered[name].settings, settings, path)[1]
    return found


def _check_models(host: Components, model: Mapping[str, Any], path: str) -> list[Finding]:
    found = _check_model(host, model, path, "tabular")
    text = model.get("text")
    return found + (_check_model(host, text, join(path, "text"), "text") if isinstance(text, Mapping) else [])


def _check_model(host: Components, model: Mapping[str, Any], path: str, learns: str) -> list[Finding]:
    backend, settings = model.get("backend", AUTO), model.get("settings")
    if not isinstance(backend, str):
        return []
    settings = settings if isinstance(settings, Mapping) else {}
    if backend == AUTO:
        fitting = [one for one in _offered(host, "model").values() if one.learns == learns and not one.missing()]
        if not settings or not fitting:
            return []
        backend = max(fitting, key=lambda one: (one.preference, one.name)).name
    component, found = _find(host, "model", backend, join(path, "backend"))
    if component is None:
        return found
    if component.learns != learns:
        fitting_names = [one.name for one in _offered(host, "model").values() if one.learns == learns]
        message = f"'{backend}' learns {component.learns} data, not {learns}"
        return [
            fault(
                "wrong-kind", join(path, "backend"), message, advice(backend, fitting_names, f"backends for {learns}")
            )
        ]
    return structure(component.settings, settings, join(path, "settings"))[1]


def _check_list(host: Components, kind: str, names: Any, path: str) -> list[Finding]:
    listed = [names] if isinstance(names, str) else names
    found: list[Finding] = []
    for index, name in enumerate(listed if isinstance(listed, (list, tuple)) else ()):
        if isinstance(name, str):
            found += _find(host, kind, name, join(path, index) if listed is names else path)[1]
    return found


def _check(host: Components, kind: str, name: str, path: str, where: str, rest: Mapping[str, Any]) -> list[Finding]:
    component, found = _find(host, kind, name, where)
    if component is not None:
        found = structure(component.settings, rest, path)[1]
    told = {finding.path for finding in found}
    return [*found, *(finding for finding in plain_secrets(rest, path) if finding.path not in told)]


def _find(host: Components, kind: str, name: str, where: str) -> tuple[Any, list[Finding]]:
    """Give the descriptor, or None and why it cannot be had."""
    try:
        return host.get(kind, name), []
    except SemblantError as exc:
        return None, [
            fault(
                exc.code if exc.code in CODES else "plugin",
                where,
                exc.message,
                exc.fix or advice(name, _offered(host, kind)),
            )
        ]


def _offered(host: Components, kind: str) -> Mapping[str, Any]:
    offered: Mapping[str, Any] = getattr(host, f"{kind}s", {})
    return offered
