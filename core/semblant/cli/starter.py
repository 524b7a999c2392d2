"""A minimal spec with comments, for ``semblant detect -o``."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from semblant.settings.unstructure import unstructure
from semblant.visible import visible
from semblant.vocabulary import TableTreatment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.detection.model import ColumnDetection, Detection, TableDetection
    from semblant.schema import Table
    from semblant.spec.model import Spec

_PLAIN: Final = re.compile(r"[A-Za-z_/][\w .()/-]*(?<! )")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_PATHS: Final = frozenset({"path", "paths"})
_COLUMNS: Final = 200
"""Columns of a table that are written at most; all others are found out in the same way."""


def scalar(value: Any) -> str:
    """Write a value so that YAML reads the same one.

    >>> scalar("name"), scalar("no"), scalar("a: b"), scalar(None), scalar(["x", 1])
    ('name', '"no"', '"a: b"', 'null', '[x, 1]')
    """
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.isascii() and value.lower() not in _WORDS:
            return value
        return _quoted(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inside, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_inside(name)}: {_inside(item)}' for name, item in value.items())}}}"
    return json.dumps(value)


def _inside(value: Any) -> str:
    """Write a value within brackets, where commas and brackets part values."""
    text = scalar(value)
    return _quoted(value) if isinstance(value, str) and re.search(r"[\[\]{},]", text) else text


def _quoted(text: str) -> str:
    # not by JSON, whose escapes are halves of a character beyond the first 65,536
    escaped = (f"\\{sign}" if sign in '"\\' else sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in text)
    return f'"{"".join(escaped)}"'


def starter_spec(spec: Spec, found: Detection, *, folder: Path | None = None) -> str:
    """Write the spec of a source with what was detected as comments: it says no more than the defaults do.

    A local path is written relative to ``folder``, where the spec will lie; as it is without one.
    """
    return "\n".join([*_head(spec, folder), *_tables(spec, found), *_tail(), ""])


def _head(spec: Spec, folder: Path | None) -> Iterator[str]:
    yield "# A spec for Semblant. The lines behind '#' were found out and need not be there;"
    yield "# to change one, take its '#' away, and those of the lines it stands under."
    yield "# 'semblant check' says whether all is well."
    yield "semblant: 1"
    if spec.name:
        yield f"name: {scalar(spec.name)}"
    yield ""
    yield "source:"
    yield f"  type: {scalar(spec.source.type)}"
    for name, value in spec.source.settings.items():
        yield f"  {scalar(name)}: {scalar(_relative(value, folder) if name in _PATHS else value)}"


def _relative(value: Any, folder: Path | None) -> Any:
    if isinstance(value, list | tuple):
        return [_relative(entry, folder) for entry in value]
    if folder is None or not isinstance(value, str) or "://" in value:
        return value
    path = str(Path(value).expanduser().absolute())
    try:
        near = os.path.relpath(path, folder)
    except ValueError:  # another drive
        return path
    # a path that climbs far up says less than the whole one
    return path if near.startswith(f"..{os.sep}..") else near


def _tables(spec: Spec, found: Detection) -> Iterator[str]:
    yield ""
    yield "tables:"
    for table in found.schema:
        detected = found.tables.get(table.name)
        wanted = spec.table(table.name).treatment
        rows = f"  # {table.rows:,} rows" if table.rows is not None else ""
        yield f"  {scalar(table.name)}:{rows}"
        if wanted is TableTreatment.ORIGINAL:
            reason = detected.treatment_reason if detected is not None else ""
            yield f"    treatment: original  # copied unchanged{f': {_comment(reason)}' if reason else ''}"
        yield from _keys(table)
        yield from _columns(detected)
        yield from _constraints(detected)


def _constraints(detected: TableDetection | None) -> Iterator[str]:
    """Write proposed constraints behind '#': what holds in the data by chance should not be forced."""
    if detected is None or not detected.constraints:
        return
    yield "    # constraints:  # found in the data; take the '#' away to have them kept on every row"
    for proposed in detected.constraints:
        rule = proposed.constraint
        inner = ", ".join(
            f"{name}: {scalar(value)}" for name, value in unstructure(rule.rule, omit_defaults=True).items()
        )
        yield f"    #   - {rule.kind}: {{{inner}}}  # {_comment(proposed.reason)}"


def _keys(table: Table) -> Iterator[str]:
    key = scalar(list(table.primary_key)) if table.primary_key else "null"
    reason = f"  # {_comment(table.primary_key_reason)}" if table.primary_key else "  # none was found"
    yield f"    primary_key: {key}{reason}"
    if not table.foreign_keys:
        return
    yield "    foreign_keys:"
    for foreign in table.foreign_keys:
        yield f"      - columns: {scalar(list(foreign.columns))}  # {_comment(foreign.reason)}"
        yield f"        references: {scalar(foreign.references)}"
        yield f"        referenced_columns: {scalar(list(foreign.referenced_columns))}"
        if foreign.matched and foreign.references != table.name:
            yield "        match: true  # not the parent: filled in when all rows are there"


def _columns(detected: TableDetection | None) -> Iterator[str]:
    if detected is None:
        return
    yield "    # columns:"
    named = list(detected.columns.items())
    names = [scalar(name) for name, _ in named[:_COLUMNS]]
    width = min(max(map(len, names), default=0), 30)
    for label, (_, column) in zip(names, named, strict=False):
        wanted = ", ".join(_wanted(column))
        yield f"    #   {label}:{' ' * max(0, width - len(label))} {{{wanted}}}  # {_comment(_why(column))}"
    if len(named) > _COLUMNS:
        yield f"    #   # and {len(named) - _COLUMNS:,} more columns, treated as 'semblant detect' shows"


def _wanted(column: ColumnDetection) -> Iterator[str]:
    yield f"encoding: {column.encoding}"
    if column.sensitive:
        yield "sensitive: true"


def _why(column: ColumnDetection) -> str:
    parts = [column.reason, *column.notes]
    if column.sensitive and column.sensitive_reason:
        parts.append(f"sensitive: {column.sensitive_reason}")
    return "; ".join(part for part in parts if part)


def _comment(text: str) -> str:
    return visible(text, limit=110)


def _tail() -> Iterator[str]:
    yield ""
    yield "# model:"
    yield "#   goal: accuracy          # or speed"
    yield "#   size: medium            # small, medium, large"
    yield "#   max_minutes: 10         # training stops after this time and keeps the best weights"
    yield ""
    yield "# generation:"
    yield "#   records: 1000           # rows of the root table; as many as it has by default"
    yield ""
    yield "# report:"
    yield "#   holdout: 0.2            # a share kept back, or a file of rows never trained on"
    yield ""
    yield "# destination:              # application storage by default"
    yield "#   type: folder"
    yield "#   path: synthetic"
