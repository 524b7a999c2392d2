"""Which column names the rows of a table, where the source does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from attrs import frozen

from semblant.detection.names import IDENTIFYING, MEASURES, STRONG_IDENTIFYING, folded, singular_words, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.detection.profile import ColumnProfile, TableProfile
    from semblant.schema import Column, Schema, Table

_ENOUGH = 2.0
_ENOUGH_WHEN_SMALL = 2.5
_SMALL = 20


@frozen
class KeyProposal:
    """Columns that name the rows, how much speaks for them, and why."""

    columns: tuple[str, ...]
    score: float
    reason: str


def propose_primary_key(table: Table, schema: Schema, profiles: Mapping[str, TableProfile]) -> KeyProposal | None:
    """Propose a single column as primary key; None when no column is good enough.

    The values must be present and unique, whole numbers, codes or UUIDs, never a measure or a
    date. Name, position, form and columns of other tables that repeat the values speak for it.
    """
    profile = profiles[table.name]
    proposals = []
    for place, column in enumerate(table.columns):
        figures = profile.columns[column.name]
        if not _may_be_key(column, figures) or (profile.rows and not figures.unique):
            continue
        score, why = _name_score(column.name, table, schema)
        if place == 0:
            score, why = score + 1.5, [*why, "first column"]
        form, described = _form_score(figures)
        score, why = score + form, [*why, *described]
        source = _repeated_elsewhere(column, table, schema, profiles)
        if source:
            score, why = score + 1.5, [*why, f"'{source}' has a column of this name with its values"]
        proposals.append((score, -place, column.name, why))
    if not proposals:
        return None
    score, _, name, why = max(proposals)
    if score < (_ENOUGH_WHEN_SMALL if profile.rows < _SMALL else _ENOUGH):
        return None
    seen = f"unique in {profile.rows:,} rows" if profile.rows else "by its name, the table is empty"
    return KeyProposal((name,), score, "; ".join([seen, *why]))


def is_joinable(kind: pa.DataType) -> bool:
    """Tell whether values of a type can name rows: whole numbers, strings, UUIDs.

    >>> is_joinable(pa.int32()), is_joinable(pa.float64())
    (True, False)
    """
    if isinstance(kind, pa.BaseExtensionType):
        return str(kind.extension_name) == "arrow.uuid"
    if pa.types.is_dictionary(kind):
        return is_joinable(kind.value_type)
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or kind == pa.string_view()
        or pa.types.is_fixed_size_binary(kind)
        or (pa.types.is_decimal(kind) and kind.scale <= 0)
    )


def _may_be_key(column: Column, figures: ColumnProfile) -> bool:
    if not is_joinable(column.type):
        return False
    return not figures.strings or bool(figures.strings["longest"] <= 64 and figures.strings["mean_words"] <= 1.5)


def _name_score(name: str, table: Table, schema: Schema) -> tuple[float, list[str]]:
    parts, own_table = singular_words(name), singular_words(table.name)
    thing = tuple(part for part in parts if part not in IDENTIFYING)
    raw = set(words(name)) | set(parts)
    if MEASURES.intersection(raw) and not STRONG_IDENTIFYING.intersection(raw):
        return -3.0, []
    for other in schema:
        if other.name != table.name and thing and thing == singular_words(other.name) and thing != own_table:
            return -2.0, []
    if STRONG_IDENTIFYING.intersection(raw):
        if not thing:
            return 3.0, ["named as an identifier"]
        related = thing == own_table or thing == own_table[-len(thing) :] or "".join(thing) == "".join(own_table)
        return (4.0, ["named after the table"]) if related else (1.5, ["named as an identifier"])
    if IDENTIFYING.intersection(raw):
        return (2.5 if not thing or thing == own_table else 1.0), ["named as a number or code"]
    return (1.0, ["named as the table"]) if parts == own_table else (0.0, [])


def _form_score(figures: ColumnProfile) -> tuple[float, list[str]]:
    if not figures.present:
        return 0.0, []
    if figures.numbers:
        low, high = figures.numbers["minimum"], figures.numbers["maximum"]
        if low is not None and high - low + 1 == figures.rows:
            return 1.0, ["counts the rows"]
        return (0.5, ["ascending"]) if figures.strictly_ascending else (0.0, [])
    if figures.kinds.get("uuid", 0.0) >= 0.99:
        return 1.5, ["UUIDs"]
    if figures.strings and figures.strings["shortest"] == figures.strings["longest"]:
        return 0.5, [f"codes of {figures.strings['longest']} characters"]
    marked = sum(count for shape, count in figures.shapes if "9" in shape or "a" not in shape)
    return (0.5, ["codes"]) if figures.shapes and marked >= 0.9 * len(figures.sample) else (0.0, [])


def _repeated_elsewhere(column: Column, table: Table, schema: Schema, profiles: Mapping[str, TableProfile]) -> str:
    """Name a table with a column of the same name whose values repeat, nearly all of them found here."""
    here = profiles[table.name].columns[column.name]
    if here.sketch is None or not here.present or not set(words(column.name)) - IDENTIFYING:
        return ""
    for other in schema:
        for candidate in other.columns if other.name != table.name else ():
            if folded(candidate.name) != folded(column.name) or not is_joinable(candidate.type):
                continue
            there = profiles[other.name].columns[candidate.name]
            if there.sketch is None or not there.repeated:
                continue
            tested, missing, _ = there.sketch.missing_from(here.sketch)
            if tested and missing <= 0.3 * tested:
                return other.name
    return ""
