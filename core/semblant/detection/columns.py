"""Which encoding fits a column, from its Arrow type and its content, with the reason in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.detection.model import ColumnDetection
from semblant.detection.names import IDENTIFYING, LATITUDE, LONGITUDE, words
from semblant.detection.sensitivity import propose_sensitivity
from semblant.detection.strings import detect_string
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.detection.profile import ColumnProfile, TableProfile
    from semblant.schema import Column, Table

FEW_VALUES = 20
"""Whole numbers with at most so many values are codes: categories."""
_ROWS_PER_CODE = 10
_FEWEST_FOR_IDENTIFIER = 20

NESTED = (EncodingType.JSON, EncodingType.LIST, EncodingType.STRUCT)
"""Encodings that take a column apart."""

Proposal = tuple[EncodingType, str, tuple[str, ...]]


def detect_columns(table: Table, profile: TableProfile) -> dict[str, ColumnDetection]:
    """Propose an encoding and a sensitivity for every column of a table, in its order.

    :param table: with its keys, where they are known.
    :param profile: of this table, at least of its first rows.
    """
    keys = {name: key.references for key in table.foreign_keys for name in key.columns}
    proposals: dict[str, ColumnDetection] = {}
    for column in table.columns:
        figures = profile.columns[column.name]
        encoding, reason, notes = detect_column(column, figures)
        if table.primary_key == (column.name,):
            encoding, reason = EncodingType.IDENTIFIER, f"primary key ({table.primary_key_reason})"
        if column.name in keys:
            notes = (*notes, f"refers to table '{keys[column.name]}'")
        proposals[column.name] = ColumnDetection(
            encoding=encoding, reason=reason, notes=notes, inside=figures.inside, exposed=_exposed(figures)
        )
    return propose_sensitivity(table, profile, proposals)


def _exposed(profile: ColumnProfile) -> str:
    """Say what a column would show of its values as they are."""
    if not profile.present:
        return "no value"
    bounds = {**profile.times, **profile.numbers}
    low, high = bounds.get("minimum"), bounds.get("maximum")
    span = f", from {low} to {high}" if low is not None and high is not None else ""
    rare = 1.0 - profile.frequent_share
    few = f"; {rare:.0%} of the rows hold a value that fewer than ten rows share" if rare >= 0.005 else ""
    return f"{profile.counted}{span}{few}"


def detect_column(column: Column, profile: ColumnProfile) -> Proposal:
    """Propose an encoding for one column: (encoding, reason, notes).

    >>> from semblant.schema import Column
    >>> from semblant.detection.profile import ColumnProfile
    >>> figures = ColumnProfile(name="ok", type="bool", rows=2, nulls=0, distinct=2)
    >>> detect_column(Column(name="ok", type=pa.bool_()), figures)[0]
    <EncodingType.BOOLEAN: 'boolean'>
    """
    encoding, reason, notes = _by_type(column, column.type, profile)
    if encoding in NESTED and profile.inside is not None:
        reason = f"{reason}; {profile.inside.described()}"
        notes = (*notes, *(obstacle.message for obstacle in profile.inside.obstacles()))
    if profile.rows and not profile.present:
        notes = ("all values are missing",)
        reason = f"no value in {profile.rows:,} rows"
    elif profile.distinct == 1 and profile.rows > 1:
        notes = (*notes, "one single value" + (" beside missing ones" if profile.present < profile.rows else ""))
    return encoding, reason, notes


def _by_type(column: Column, kind: pa.DataType, profile: ColumnProfile) -> Proposal:
    if isinstance(kind, pa.BaseExtensionType):
        return _extension(column, kind, profile)
    if pa.types.is_dictionary(kind):
        encoding, reason, notes = _by_type(column, kind.value_type, profile)
        if encoding in (EncodingType.PATTERN, EncodingType.CATEGORICAL, EncodingType.INTEGER) and profile.repeated:
            return EncodingType.CATEGORICAL, f"dictionary type; {profile.counted}", notes
        return encoding, reason, notes
    if column.enum:
        return EncodingType.CATEGORICAL, f"the source allows {len(column.enum)} values only", ()
    for holds, encoding, reason in _PLAIN_TYPES:
        if holds(kind):
            return encoding, reason, ()
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0):
        return _integer(column, profile)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(column, profile)
    if pa.types.is_timestamp(kind):
        notes = ("always at midnight: a date",) if profile.times.get("midnight_share") == 1.0 else ()
        return EncodingType.DATETIME, "date and time by type", notes
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
        return detect_string(profile)
    if pa.types.is_struct(kind):
        many = "1 field" if kind.num_fields == 1 else f"{kind.num_fields} fields"
        return EncodingType.STRUCT, f"record of {many} by type", ()
    return EncodingType.BINARY, "bytes by type", ()


_PLAIN_TYPES: tuple[tuple[Callable[[pa.DataType], bool], EncodingType, str], ...] = (
    (pa.types.is_null, EncodingType.CATEGORICAL, "no type and no value"),
    (pa.types.is_boolean, EncodingType.BOOLEAN, "true or false by type"),
    (pa.types.is_date, EncodingType.DATE, "date by type"),
    (pa.types.is_time, EncodingType.TIME, "time of day by type"),
    (pa.types.is_duration, EncodingType.DURATION, "duration by type"),
    (pa.types.is_interval, EncodingType.BINARY, "months, days and time by type, which cannot be learned together"),
    (lambda kind: pa.types.is_nested(kind) and not pa.types.is_struct(kind), EncodingType.LIST, "list by type"),
)
"""Types that leave no choice: (test, encoding, reason)."""


def _extension(column: Column, kind: pa.BaseExtensionType, profile: ColumnProfile) -> Proposal:
    name = str(kind.extension_name)
    if name == "arrow.json":
        return EncodingType.JSON, "JSON by type", ()
    if name == "arrow.bool8":
        return EncodingType.BOOLEAN, "true or false by type", ()
    if name == "arrow.uuid":
        if profile.repeated and profile.frequent_share >= 0.5:
            return EncodingType.CATEGORICAL, f"UUIDs by type, reused: {profile.counted}", ()
        return EncodingType.IDENTIFIER, "UUIDs by type", ()
    return _by_type(column, kind.storage_type, profile)


def _integer(column: Column, profile: ColumnProfile) -> Proposal:
    named = bool(IDENTIFYING.intersection(words(column.name)))
    low, high = profile.numbers.get("minimum"), profile.numbers.get("maximum")
    if profile.unique and profile.rows >= _FEWEST_FOR_IDENTIFIER:
        running = low is not None and high - low + 1 == profile.rows
        if named or (running and profile.ascending):
            why = "the name says so" if named else "they count the rows"
            return EncodingType.IDENTIFIER, f"{profile.rows:,} different whole numbers in as many rows; {why}", ()
    if low is not None and 1 < profile.distinct <= FEW_VALUES and profile.present >= _ROWS_PER_CODE * profile.distinct:
        return EncodingType.CATEGORICAL, f"whole numbers used as codes: {profile.counted}", ()
    notes = ("an identifier that repeats",) if named and profile.distinct > 0.2 * profile.present > 20 else ()
    return EncodingType.INTEGER, f"whole numbers by type; {profile.counted}", notes


def _number(column: Column, profile: ColumnProfile) -> Proposal:
    low: Any = profile.numbers.get("minimum")
    high: Any = profile.numbers.get("maximum")
    decimals = profile.numbers.get("decimals")
    name = words(column.name)
    fine = low is not None and (decimals is None or decimals >= 3) and profile.distinct > FEW_VALUES
    if fine and LATITUDE.intersection(name) and low >= -90 and high <= 90:
        return EncodingType.LATITUDE, f"the name says latitude; values from {low:g} to {high:g}", ()
    if fine and LONGITUDE.intersection(name) and low >= -180 and high <= 180:
        return EncodingType.LONGITUDE, f"the name says longitude; values from {low:g} to {high:g}", ()
    notes: tuple[str, ...] = ()
    if low is not None and decimals == 0:
        notes = ("whole numbers only",)
    elif decimals:
        notes = (f"up to {decimals} decimal places",)
    if profile.numbers.get("infinities"):
        notes = (*notes, f"{profile.numbers['infinities']:,} infinite values")
    if profile.nans:
        notes = (*notes, f"{profile.nans:,} NaN values")
    return EncodingType.NUMBER, f"numbers by type; {profile.counted}", notes
