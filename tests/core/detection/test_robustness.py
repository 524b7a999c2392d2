"""Detection never fails, whatever the table."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.detection.sources import detected

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int8(): st.integers(-128, 127),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.decimal128(38, 10): st.decimals(-(10**20), 10**20, places=10),
    pa.bool_(): st.booleans(),
    pa.string(): TEXT,
    pa.large_string(): st.sampled_from(["{}", "[1]", "a@b.c", "", "\x00", "😀", "1e999", "[" * 3_000]),
    pa.binary(): st.binary(max_size=5),
    pa.date32(): st.integers(-(10**6), 10**6),
    pa.timestamp("ns", "UTC"): st.integers(-(2**62), 2**62),
    pa.timestamp("s"): st.integers(-(10**10), 10**10),
    pa.time32("ms"): st.integers(0, 86_399_999),
    pa.duration("us"): st.integers(-(2**60), 2**60),
    pa.list_(pa.string()): st.lists(TEXT, max_size=3),
    pa.struct({"a": pa.int64(), "b": pa.list_(pa.float64())}): st.fixed_dictionaries(
        {"a": st.integers(0, 9), "b": st.lists(st.floats(), max_size=2)}
    ),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["x", "y"]),
    pa.null(): st.none(),
}
NAMES = st.one_of(TEXT, st.sampled_from(["id", "customer_id", "lat", "name", "E-Mail", "birth_date", "", " "]))


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 30))
    names = draw(st.lists(NAMES, min_size=0, max_size=5, unique=True))
    columns = []
    for _ in names:
        kind = draw(st.sampled_from(list(VALUES)))
        values = st.one_of(st.none(), VALUES[kind])
        drawn = draw(st.lists(values, min_size=rows, max_size=rows))
        columns.append(pa.array(drawn, kind, from_pandas=False))
    return pa.table(columns, names=names)


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.one_of(TEXT, st.sampled_from(["customers", "orders"])), tables(), max_size=3))
def test_any_database_is_detected(database: dict[str, pa.Table]) -> None:
    found = detected(database)

    assert list(found.tables) == list(database)
    for name, data in database.items():
        assert list(found.tables[name].columns) == data.column_names
        assert all(column.reason for column in found.tables[name].columns.values())
    assert sum(table.root for table in found.tables.values()) == bool(database)
    json.dumps(found.as_dict())


@pytest.mark.parametrize(
    ("array", "encoding"),
    [
        (pa.array([1.5, None], pa.float16()), "number"),
        (pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)), "list"),
        (pa.array(["a", None], pa.string_view()), "categorical"),
        (pa.array([b"a", None], pa.binary_view()), "binary"),
        (pa.array([b"abc", None], pa.binary(3)), "binary"),
        (pa.array([(1, 2, 3), None], pa.month_day_nano_interval()), "binary"),
        (pa.array([1, None], pa.date64()), "date"),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_rare_types_are_detected_too(array: pa.Array, encoding: str) -> None:
    assert str(detected({"t": pa.table({"x": array})}).tables["t"].columns["x"].encoding) == encoding
