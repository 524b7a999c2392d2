"""A spec from a file, a text or plain data; all its faults at once, with path and line."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from attrs import evolve

from semblant.connectors.expanding import expand
from semblant.errors import ConfigError
from semblant.findings import ConfigStep
from semblant.settings.codes import fault
from semblant.settings.path import join, split
from semblant.settings.structure import structure
from semblant.spec.components import Components, check_components, fold
from semblant.spec.file import is_text, read_file
from semblant.spec.lines import Document, read
from semblant.spec.model import Spec
from semblant.spec.names import NAME_RULE, name_problem
from semblant.spec.overrides import Override, from_environment, merge, parse
from semblant.spec.training import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from semblant.connectors.expanding import Saved
    from semblant.findings import Finding

_STEPS = {
    "source": ConfigStep.SOURCE,
    "tables": ConfigStep.DATA,
    "default_include": ConfigStep.DATA,
    "model": ConfigStep.MODEL,
    "privacy": ConfigStep.MODEL,
    "generation": ConfigStep.GENERATION,
    "report": ConfigStep.GENERATION,
    "destination": ConfigStep.DESTINATION,
}
_PATH_KEYS = ("path", "paths")


def load_spec(
    source: Path | str | Mapping[str, Any],
    host: Components,
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    connectors: Callable[[str], Saved] | None = None,
) -> Spec:
    """Load and check a spec: structure, bounds, components and their settings.

    What wins: ``overrides`` over ``environment`` over the document over the defaults. Relative
    paths in a file are those of the file's folder; anywhere else those of the working directory.

    :param source: a file, YAML or JSON text, or plain data.
    :param host: the plugins; asked for every component that is named.
    :param overrides: ``a.b=c`` (see :mod:`semblant.spec.overrides`).
    :param environment: variables ``SEMBLANT_SET__…``; those of the process when None, ``{}`` for none.
    :param connectors: gives a saved connector by name, for ``source: {connector: NAME}``.
    :raises ConfigError: with all findings, or because there is no readable file.

    >>> from semblant.host import PluginHost
    >>> spec = load_spec({"source": {"type": "files", "path": "a.csv"}, "seed": 3}, PluginHost(third_party=False))
    >>> spec.seed
    3
    """
    document, name, folder = _document(source)
    if document.findings:
        raise _error(name, document.findings)
    data = document.data if isinstance(document.data, Mapping) or document.data is None else None
    if not data:
        msg = f"{name} is empty" if document.data in (None, {}) else f"{name} is not a mapping of keys and values"
        raise ConfigError(msg, fix="begin with:\nsource:\n  type: files\n  path: customers.csv")
    data = {key: value for key, value in data.items() if key != "$schema"}
    if folder is not None:
        data = _placed(data, folder)
    origins, found = _overridden(data, os.environ if environment is None else environment, overrides)
    data, unknown = expand(data, host, connectors)
    spec, faults = structure(Spec, fold(data))
    if unknown:
        faults = [finding for finding in faults if not finding.path.startswith("source")]
        data = {key: value for key, value in data.items() if key not in {"source", "destination"}}
    found += [*unknown, *faults, *_name(data.get("name")), *_table_models(data), *check_components(data, host)]
    if found:
        raise _error(name, [_located(finding, document, origins) for finding in found])
    return cast("Spec", spec)


def with_lines(findings: Iterable[Finding], source: Path | str) -> list[Finding]:
    """Add to findings of a later check the lines of the spec that was loaded.

    A finding on what the document does not hold gets the line of the nearest section that it does.

    >>> from semblant.settings.codes import fault
    >>> found = with_lines([fault("wrong-type", "model.size", "is wrong", "mend it")], "{model: {size: 3}}")
    >>> found[0].line
    1
    """
    document, _, _ = _document(source)
    return [_located(finding, document, {}) for finding in findings]


def _document(source: Path | str | Mapping[str, Any]) -> tuple[Document, str, Path | None]:
    if isinstance(source, Mapping):
        return Document(data=copy.deepcopy(dict(source))), "the spec", None
    if is_text(source):
        return read(str(source)), "the spec", None
    path = Path(source)
    return read(read_file(path)), f"'{path}'", path.absolute().parent


def _overridden(
    data: dict[str, Any], environment: Mapping[str, str], overrides: Iterable[str]
) -> tuple[dict[tuple[str | int, ...], str], list[Finding]]:
    """Lay environment and overrides over the data; give where each came from, and what could not be read."""
    origins: dict[tuple[str | int, ...], str] = {}
    found: list[Finding] = []
    for override in [*from_environment(environment, data), *map(parse, overrides)]:
        fault = merge(data, override) if isinstance(override, Override) else override
        if fault is not None:
            found.append(fault)
        elif isinstance(override, Override):
            origins[override.keys] = override.origin
    return origins, found


def _table_models(data: Mapping[str, Any]) -> list[Finding]:
    """Check what tables override of ``model``; the class keeps it as it was written."""
    found: list[Finding] = []
    tables = data.get("tables")
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        if isinstance(table, Mapping) and isinstance(table.get("model"), Mapping):
            found += structure(ModelSpec, table["model"], join(join("tables", str(name)), "model"))[1]
    return found


def _name(name: Any) -> list[Finding]:
    problem = name_problem(name) if isinstance(name, str) else None
    return [] if problem is None else [fault("bad-name", "name", problem, NAME_RULE)]


def _placed(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make the relative paths of a file absolute."""
    made = dict(data)
    for section in ("source", "destination"):
        given = data.get(section)
        if isinstance(given, Mapping):
            made[section] = {
                key: _absolute(value, folder) if key in _PATH_KEYS else value for key, value in given.items()
            }
    report = data.get("report")
    if isinstance(report, Mapping) and report.get("holdout") != "auto":
        made["report"] = {key: _absolute(value, folder) if key == "holdout" else value for key, value in report.items()}
    return made


def _absolute(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_absolute(entry, folder) for entry in value]
    if not isinstance(value, str) or not value or "://" in value:
        return value
    path = Path(value).expanduser() if value.startswith("~/") else Path(value)
    return value if path.is_absolute() and not value.startswith("~/") else os.path.normpath(folder / path)


def _located(finding: Finding, document: Document, origins: Mapping[tuple[str | int, ...], str]) -> Finding:
    """Add the line, or the override that the fault comes from, and the step."""
    try:
        keys = split(finding.path)
    except ValueError:
        return finding
    step = finding.step or _STEPS.get(str(keys[0]))
    origin = next((origins[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in origins), None)
    if origin is not None:
        if finding.code == "plain-secret":
            origin = origin.partition("=")[0]
        return evolve(finding, step=step, message=f"{finding.message} (set by {origin})")
    return evolve(finding, step=step, line=finding.line or document.line(keys))


def _error(name: str, found: list[Finding]) -> ConfigError:
    ordered = sorted(found, key=lambda finding: finding.line or 0)
    count = "a mistake" if len(ordered) == 1 else f"{len(ordered)} mistakes"
    return ConfigError(f"{name} has {count}", findings=ordered)
