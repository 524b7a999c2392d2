"""What the user named, a spec file or data, as a spec with all settings of the command line in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from semblant.connectors.expanding import named
from semblant.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.engine import Engine
    from semblant.findings import Finding
    from semblant.spec.model import DestinationSpec, Spec

_SPEC_SUFFIXES: Final = (".yaml", ".yml", ".json")
_KEYS: Final = frozenset({"source", "semblant"})
_HEAD_BYTES: Final = 65_536


def is_spec(target: str) -> bool:
    """Tell whether a file is a spec: by its ending, and for JSON by what is in it.

    >>> is_spec("customers.csv"), is_spec("shop.yaml")
    (False, True)
    """
    path = Path(target)
    suffix = path.suffix.lower()
    if suffix not in _SPEC_SUFFIXES or path.is_dir() or "://" in target:
        return False
    if suffix != ".json" or not path.is_file():
        return suffix != ".json" or not path.exists()
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8-sig", errors="replace").lstrip()
    if not head.startswith("{"):
        return False
    try:
        found = json.loads(head)
    except ValueError:
        # larger than what was read, or broken; a spec says its source or version early
        return any(f'"{key}"' in head[:2048] for key in _KEYS)
    return isinstance(found, dict) and bool(_KEYS & found.keys())


def assignment(path: str, value: Any) -> str:
    """Write one setting as ``--set`` takes it; JSON values are YAML values.

    >>> assignment("report.holdout", "hold out.csv")
    'report.holdout="hold out.csv"'
    """
    return f"{path}={json.dumps(value, ensure_ascii=False)}"


def assignments_of(options: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """Turn the options that were given into settings; ``names`` maps an option to its place in the spec."""
    return [
        assignment(names[option], value) for option, value in options.items() if value is not None and option in names
    ]


def absolute(location: str) -> str:
    """Give a local path that means the same from every folder: the effective spec is kept elsewhere.

    >>> absolute("s3://bucket/a.csv")
    's3://bucket/a.csv'
    """
    return location if "://" in location or named(location) else os.path.abspath(Path(location).expanduser())  # noqa: PTH100 - also drops '..'


def holdout_value(text: str | None) -> float | str | None:
    """Read ``--holdout``: a share, or a file.

    >>> holdout_value("0.2"), holdout_value("20%"), holdout_value("s3://bucket/rest.csv")
    (0.2, 0.2, 's3://bucket/rest.csv')
    """
    if text is None:
        return None
    number = text.removesuffix("%")
    try:
        share = float(number) / (100 if text.endswith("%") else 1)
    except ValueError:
        if text == "auto":
            return text
        if "://" in text or Path(text).expanduser().exists():
            return absolute(text)
        msg = f"--holdout: there is no file '{text}'"
        raise SourceError(msg, fix="name a file with rows that are not trained on, or a share such as 0.2") from None
    if not 0 < share <= 0.5:
        msg = f"--holdout: a share must be above 0 and at most 0.5, this is {share:g}"
        raise click.UsageError(msg)
    return share


def destination_assignments(engine: Engine, location: str | None) -> list[str]:
    """Turn ``--destination LOCATION`` into settings."""
    if location is None:
        return []
    connector = named(location)
    if connector is not None:
        return [assignment("destination", {"connector": connector})]
    found, values = engine.host.for_location("destination", absolute(location))
    return [assignment("destination", {"type": found.name, **values})]


def folder_destination(out: Path, file_format: str, *, overwrite: bool) -> DestinationSpec:
    """Give the destination that ``-o DIR`` means."""
    from semblant.spec.model import DestinationSpec
    from semblant.vocabulary import WriteMode

    mode = WriteMode.REPLACE if overwrite else WriteMode.FAIL
    return DestinationSpec(type="folder", mode=mode, settings={"path": str(out.absolute()), "format": file_format})


def placed(spec: Spec, out: Path | None, file_format: str, *, overwrite: bool) -> Spec:
    """Put ``-o``, ``--format`` and ``--overwrite`` into a spec."""
    from attrs import evolve

    from semblant.vocabulary import WriteMode

    if out is not None and (overwrite or spec.destination is None):
        return evolve(spec, destination=folder_destination(out, file_format, overwrite=overwrite))
    if overwrite and spec.destination is not None:
        return evolve(spec, destination=evolve(spec.destination, mode=WriteMode.REPLACE))
    return spec


def spec_of(engine: Engine, target: str, assignments: Sequence[str] = ()) -> Spec:
    """Give the spec that the target means, with the settings of the command line and the environment.

    :raises ConfigError: with all findings at once.
    :raises SourceError: when there is no such file.
    """
    if is_spec(target):
        path = Path(target)
        if not path.is_file():
            msg = f"there is no file '{target}'"
            raise SourceError(
                msg, fix=_near(path) or "check the path; 'semblant detect DATA -o spec.yaml' writes a spec"
            )
        return engine.load(path, assignments)
    if (
        "://" not in target
        and named(target) is None
        and not any(sign in target for sign in "*?[")
        and not Path(target).exists()
    ):
        msg = f"there is no file or folder '{target}'"
        raise SourceError(
            msg,
            fix=_near(Path(target))
            or "check the path; a URL, a folder or a pattern such as 'data/*.csv' will do as well",
        )
    found = engine.spec_for(absolute(target))
    if not assignments:
        return found
    from semblant.spec.write import spec_data

    return engine.load(spec_data(found), assignments)


def located(target: str, findings: Sequence[Finding]) -> Sequence[Finding]:
    """Add the lines of the spec's file to findings on it."""
    if not is_spec(target):
        return findings
    from semblant.spec.load import with_lines

    return with_lines(findings, Path(target))


def _near(path: Path) -> str:
    import difflib

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"the folder '{path.parent}' does not exist either"
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean '{path.parent / close[0]}'?" if close else ""
