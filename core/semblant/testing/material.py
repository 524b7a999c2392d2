"""Tables that the checks of sources and destinations put and read: one per type, text and odd name."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.schema import Column, ForeignKey, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOMENT = dt.datetime(2024, 2, 29, 23, 59, 59, 123456)
_EARLY = dt.datetime(1901, 1, 1, 12, 30, 0, 250000)

TYPES: dict[str, pa.Array] = {
    "int8": pa.array([-128, 127, 5], pa.int8()),
    "int16": pa.array([-(2**15), 2**15 - 1, 5], pa.int16()),
    "int32": pa.array([-(2**31), 2**31 - 1, 5], pa.int32()),
    "int64": pa.array([-(2**63), 2**63 - 1, 2**53 + 1], pa.int64()),
    "uint8": pa.array([0, 255, 7], pa.uint8()),
    "uint64": pa.array([0, 2**64 - 1, 2**63 + 1], pa.uint64()),
    "float32": pa.array([0.5, -3.25, 1024.75], pa.float32()),
    "float64": pa.array([0.1, -1.7976931348623157e308, 5e-324], pa.float64()),
    "nan": pa.array([float("nan"), 1.5, -2.5], pa.float64()),
    "infinity": pa.array([float("inf"), float("-inf"), 1.5], pa.float64()),
    "bool": pa.array([True, False, True]),
    "string": pa.array(["one", "two", "three words"]),
    "large_string": pa.array(["one", "two", "three words"], pa.large_string()),
    "dictionary": pa.array(["red", "blue", "red"]).dictionary_encode(),
    "decimal": pa.array([Decimal("12345678901234567890.12"), Decimal("-0.01"), Decimal("7.10")], pa.decimal128(28, 2)),
    "date": pa.array([dt.date(2024, 2, 29), dt.date(1600, 1, 1), dt.date(9999, 12, 31)]),
    "timestamp": pa.array([_MOMENT, _EARLY, dt.datetime(2262, 1, 1, 0, 0, 1)], pa.timestamp("us")),
    "timestamp_ms": pa.array(
        [_MOMENT.replace(microsecond=123000), _EARLY, _MOMENT.replace(microsecond=7000)], pa.timestamp("ms")
    ),
    "timestamp_ns": pa.array([1_709_251_199_123_456_789, 1, -1], pa.timestamp("ns")),
    "timestamp_utc": pa.array([_MOMENT, _EARLY, dt.datetime(2000, 1, 1)], pa.timestamp("us", "UTC")),
    "time": pa.array([dt.time(0, 0, 1), dt.time(23, 59, 59, 999999), dt.time(12, 0)], pa.time64("us")),
    "duration": pa.array(
        [dt.timedelta(days=-1), dt.timedelta(seconds=1, microseconds=5), dt.timedelta(0)], pa.duration("us")
    ),
    "binary": pa.array([b"\x00\xff\x80", b"plain", b"\r\n\x00"], pa.binary()),
    "list": pa.array([[1, 2], [], [3]], pa.list_(pa.int64())),
    "struct": pa.array([{"x": 1, "y": "a"}, {"x": 2, "y": "b"}, {"x": 3, "y": "c"}]),
}
"""Three values of each type, without nulls; the checks add the nulls."""

TEXTS: dict[str, list[str]] = {
    "emoji": ["🎉", "👩‍👩‍👧‍👦 family", "a🇮🇹b"],
    "right_to_left": ["مرحبا بالعالم", "שלום", "mixed עברית end"],
    "scripts": ["日本語", "हिन्दी", "Ελληνικά"],
    "combining": ["e\u0301", "\u00e9", "n\u0303o"],
    "newlines": ["two\nlines", "carriage\r\nreturn", "ends\n"],
    "quotes": ['say "yes"', "it's", '"""'],
    "separators": ["a,b", "a;b", "a\tb|c"],
    "backslashes": ["C:\\new", "\\", '\\"x'],
    "padded": ["  left", "right  ", " both "],
    "leading_zeros": ["007", "0123", "00"],
    "numbers_as_text": ["1e5", "+5", "1_000"],
    "words_for_missing": ["NULL", "NA", "None"],
    "formulas": ["=1+1", "@SUM(A1)", "-2+3"],
    "long": ["x" * 100_000, "word " * 10_000 + "end", "short"],
    "control": ["a\x07b", "\x1b[31m", "bell\x7f"],
    "markup": ["<b>bold</b>", "&amp;", "{x} ${y} %s"],
}
"""Texts that careless reading, quoting or decoding changes."""

COLUMN_NAMES: dict[str, str] = {
    "blank": "two words",
    "quote": 'say "hi"',
    "apostrophe": "it's",
    "comma": "a,b",
    "semicolon": "a;b",
    "dot": "a.b",
    "keyword": "select",
    "percent": "100%s",
    "bracket": "a[0]",
    "accent": "größe",
    "script": "価格",
    "emoji": "🙂",
    "right_to_left": "اسم",
    "digits": "2024",
    "long": "n" * 60,
    "newline": "two\nlines",
}
"""Names that quoting must survive."""

TABLE_NAMES: dict[str, str] = {
    "blank": "order lines",
    "keyword": "select",
    "accent": "größe",
    "script": "顧客",
    "emoji": "table 🙂",
    "dash": "a-b",
    "capital": "CamelCase",
    "digits": "t2024",
}
"""Names of tables that a source may meet."""

HOSTILE_NAMES: dict[str, str] = {
    **TABLE_NAMES,
    "slash": "a/b",
    "parent": "../up",
    "dots": "..",
    "device": "con",
    "quote": 'say "hi"',
    "statement": "x; DROP TABLE y; --",
    "newline": "a\nb",
    "escape": "%2e%2e",
    "very_long": "n" * 300,
    "empty": "",
}
"""Names of tables that a destination must write and give back, or refuse by name."""


def with_nulls(values: pa.Array) -> pa.Array:
    """Put a null before, between and behind the values.

    >>> with_nulls(pa.array([1, 2])).to_pylist()
    [None, 1, None, 2, None]
    """
    places: list[int | None] = [None]
    for place in range(len(values)):
        places += [place, None]
    return values.take(pa.array(places, pa.int64()))


def table_of(values: pa.Array, name: str = "value") -> pa.Table:
    """Give a table of a whole-number column ``id`` and the values."""
    return pa.table({"id": pa.array(range(len(values)), pa.int64()), name: values})


def people(rows: int = 500, first: int = 0) -> pa.Table:
    """Give a table of six ordinary types, without nulls in ``id`` and ``name``."""
    numbers = range(first, first + rows)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "name": pa.array([f"person {n}" for n in numbers], pa.string()),
            "height": pa.array([None if n % 11 == 3 else 1.5 + (n % 50) / 100 for n in numbers], pa.float64()),
            "member": pa.array([None if n % 13 == 5 else n % 3 == 0 for n in numbers], pa.bool_()),
            "born": pa.array([dt.date(1950, 1, 1) + dt.timedelta(days=37 * (n % 500)) for n in numbers], pa.date32()),
            "seen": pa.array([_MOMENT + dt.timedelta(seconds=n) for n in numbers], pa.timestamp("us")),
        }
    )


def shop() -> dict[str, pa.Table]:
    """Give two tables, the second of which refers to the first."""
    orders = pa.table(
        {
            "order": pa.array(range(60), pa.int64()),
            "person": pa.array([n % 20 for n in range(60)], pa.int64()),
            "total": pa.array([n * 1.25 + 0.1 for n in range(60)], pa.float64()),
        }
    )
    return {"people": people(20), "orders": orders}


def schema_of(tables: Mapping[str, pa.Table]) -> Schema:
    """Describe tables; those of :func:`shop` with their keys."""
    described = []
    for name, table in tables.items():
        keys: dict[str, Any] = {}
        if name == "people" and "id" in table.column_names:
            keys["primary_key"] = ("id",)
        if name == "orders" and "people" in tables:
            keys["primary_key"] = ("order",)
            keys["foreign_keys"] = (ForeignKey(columns=("person",), references="people", referenced_columns=("id",)),)
        columns = tuple(Column(name=field.name, type=field.type) for field in table.schema)
        described.append(Table(name=name, columns=columns, rows=table.num_rows, **keys))
    return Schema(tables=described)


def joined(batches: Iterable[pa.RecordBatch], described: Table) -> pa.Table:
    """Put batches together that must have the described columns and types."""
    wanted = pa.schema([pa.field(column.name, column.type) for column in described.columns])
    found = list(batches)
    for batch in found:
        assert batch.schema.names == wanted.names, "a batch has other columns than were described"
        assert batch.schema.types == wanted.types, "a batch has other types than were described"
    return pa.Table.from_batches([pa.RecordBatch.from_arrays(b.columns, schema=wanted) for b in found], schema=wanted)


def plain(values: pa.ChunkedArray | pa.Array) -> list[Any]:
    """Give Python values in which NaN equals NaN."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_timestamp(values.type) or pa.types.is_duration(values.type):
        unit = {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}[values.type.unit]
        numbers = values.cast(pa.int64()).to_pylist()
        return [None if value is None else value * unit for value in numbers]
    return ["NaN" if isinstance(value, float) and value != value else value for value in values.to_pylist()]  # noqa: PLR0124 - NaN alone differs from itself


def assert_same(found: pa.Table, wanted: pa.Table, *, types: bool) -> None:
    """Compare names, order and values; with ``types`` the Arrow types too (a dictionary is no type of its own)."""
    assert found.column_names == wanted.column_names
    assert found.num_rows == wanted.num_rows
    for name in wanted.column_names:
        if types:
            assert _undone(found.schema.field(name).type) == _undone(wanted.schema.field(name).type), name
        assert plain(found.column(name)) == plain(wanted.column(name)), name


def _undone(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
