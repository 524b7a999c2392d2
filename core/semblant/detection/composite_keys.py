"""Keys of several columns: pairs and triples that name rows, and references to them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pyarrow as pa

from semblant.detection.names import IDENTIFYING, folded, singular_words, vocabulary
from semblant.detection.primary_keys import KeyProposal, is_joinable
from semblant.schema import ForeignKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from semblant.detection.profile import TableProfile
    from semblant.detection.sketch import DistinctSketch
    from semblant.schema import Column, Schema, Table

_MOST_CANDIDATES = 8
_COUNTING = vocabulary("line seq sequence position pos item rank row step version number no nr")
_ALLOWED_MISSING = 0.3


def propose_composite_key(
    table: Table,
    schema: Schema,
    profiles: Mapping[str, TableProfile],
    rows_of: Callable[[str, tuple[str, ...]], DistinctSketch],
) -> KeyProposal | None:
    """Propose two or three columns as primary key; None when none will do.

    Members are foreign keys and identifiers; a date or time may join them only where another
    table has columns of the same names, since a reference beside a time is often unique by chance.

    :param rows_of: gives the sketch of the rows over some columns of a table.
    """
    profile = profiles[table.name]
    pointing = {key.columns[0] for key in table.foreign_keys if len(key.columns) == 1}
    if not profile.rows:
        if len(pointing) == len(table.columns) > 1:
            return KeyProposal(table.column_names, 1.0, "the table only links others, and is empty")
        return None
    members = [column for column in table.columns if _may_be_member(column, pointing, profile)][:_MOST_CANDIDATES]
    for size in (2, 3):
        for chosen in sorted(combinations(members, size), key=lambda columns: _rank(columns, pointing)):
            names = tuple(column.name for column in chosen)
            if not _plausible(chosen, table, schema, pointing, profile):
                continue
            if not rows_of(table.name, names).repeated:
                listed = ", ".join(f"'{name}'" for name in names)
                return KeyProposal(names, 1.0, f"{listed} together are unique in {profile.rows:,} rows")
    return None


def _may_be_member(column: Column, pointing: set[str], profile: TableProfile) -> bool:
    figures = profile.columns[column.name]
    if figures.nulls or figures.distinct < 2:
        return False
    if column.name in pointing:
        return True
    return _is_time(column) or (is_joinable(column.type) and bool(_identifying(column.name)))


def _identifying(name: str) -> frozenset[str]:
    return IDENTIFYING.union(_COUNTING).intersection(singular_words(name))


def _is_time(column: Column) -> bool:
    return bool(pa.types.is_timestamp(column.type) or pa.types.is_date(column.type))


def _rank(columns: Iterable[Column], pointing: set[str]) -> int:
    return sum(0 if column.name in pointing else 2 if _is_time(column) else 1 for column in columns)


def _plausible(
    columns: tuple[Column, ...], table: Table, schema: Schema, pointing: set[str], profile: TableProfile
) -> bool:
    if not any(column.name in pointing for column in columns):
        return False
    size = 1
    for column in columns:
        size *= profile.columns[column.name].distinct
    if size < profile.rows:
        return False
    if not any(_is_time(column) for column in columns):
        return True
    wanted = {folded(column.name) for column in columns}
    return any(wanted <= {folded(name) for name in other.column_names} for other in schema if other.name != table.name)


def propose_composite_references(
    table: Table, schema: Schema, rows_of: Callable[[str, tuple[str, ...]], DistinctSketch]
) -> tuple[ForeignKey, ...]:
    """Propose references to keys of several columns: columns of the same names, with values found there."""
    found = []
    own = {folded(name): name for name in table.column_names}
    for parent in schema:
        key = parent.primary_key
        if len(key) < 2 or parent.name == table.name or not all(folded(name) in own for name in key):
            continue
        columns = tuple(own[folded(name)] for name in key)
        if columns == table.primary_key and not _extends(table, parent):
            continue
        tested, missing, rows = rows_of(table.name, columns).missing_from(rows_of(parent.name, key))
        if not tested or missing > _ALLOWED_MISSING * tested:
            continue
        dangling = f" ({rows:,} rows point nowhere)" if missing else ""
        reason = f"named as the key of '{parent.name}'; {tested - missing:,} of {tested:,} pairs are there{dangling}"
        confidence = round(0.9 - 0.5 * missing / tested, 2)
        found.append(
            ForeignKey(
                columns=columns, references=parent.name, referenced_columns=key, reason=reason, confidence=confidence
            )
        )
    return tuple(found)


def _extends(table: Table, parent: Table) -> bool:
    """Tell whether a table with the same key belongs to the other by its name: ``order_line_note``, ``order_line``."""
    named, other = singular_words(table.name), singular_words(parent.name)
    return len(named) > len(other) and named[: len(other)] == other
