"""Notes on columns that are learned together with another one of their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pyarrow as pa

from semblant.detection.together import find_gap, find_places
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.detection.model import ColumnDetection
    from semblant.detection.reading import Read
    from semblant.schema import Table

_ROWS = 20_000
_MOST = 32
"""Columns of dates that are compared with each other."""


def with_companions(table: Table, found: Mapping[str, ColumnDetection], read: Read) -> dict[str, ColumnDetection]:
    """Give the proposals again, with a note where a column will be learned from, or with, another one."""
    notes: dict[str, str] = {}
    keys = {name for key in table.foreign_keys for name in key.columns} | set(table.primary_key)
    moments = [
        name
        for name, column in found.items()
        if column.encoding in (EncodingType.DATE, EncodingType.DATETIME) and name not in keys
    ][:_MOST]
    if len(moments) > 1:
        rows = _first_rows(table, moments, read)
        for place, name in enumerate(moments[1:], start=2):
            gap = find_gap(name, {other: rows[other] for other in moments[:place]})
            if gap is not None:
                notes[name] = gap.reason
    for latitude, longitude in find_places({name: column.encoding for name, column in found.items()}):
        notes[latitude] = f"a place together with '{longitude}'"
        notes[longitude] = f"a place together with '{latitude}'"
    return {
        name: attrs.evolve(column, notes=(*column.notes, notes[name])) if name in notes else column
        for name, column in found.items()
    }


def _first_rows(table: Table, names: list[str], read: Read) -> dict[str, pa.ChunkedArray]:
    parts: list[pa.RecordBatch] = []
    rows = 0
    for batch in read(table.name, names):
        parts.append(batch.slice(0, _ROWS - rows))
        rows += parts[-1].num_rows
        if rows >= _ROWS:
            break
    types = {column.name: column.type for column in table.columns}
    if not parts:
        return {name: pa.chunked_array([], types[name]) for name in names}
    return {name: pa.chunked_array([part.column(name) for part in parts]) for name in names}
