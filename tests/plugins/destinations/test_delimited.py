"""Delimited text: RFC 4180, nulls, the spreadsheet guard, types."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant_destinations.delimited import Delimited, Lines, guarded, unguarded

PREFIXES = ("=", "+", "-", "@", "\t", "\r", "|")
texts = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text(st.sampled_from("=+-@\t\r|',;\"\n a\u00a0\u2028"), max_size=6),
)


def rendered(table: pa.Table, delimiter: str = ",", *, guard: bool = True) -> str:
    text = Delimited(table.schema, delimiter, guard=guard)
    return b"".join([text.header(), *(text.render(batch) for batch in table.to_batches())]).decode()


def one(values: list[Any], kind: pa.DataType | None = None, *, guard: bool = True) -> list[str]:
    """Give the fields of a column as they stand in the file; a second column keeps blank lines apart."""
    table = pa.table({"x": pa.array(values, kind), "z": pa.array([0] * len(values))})
    return [line.removesuffix(",0") for line in rendered(table, guard=guard).split("\r\n")[1:-1]]


@given(st.lists(st.tuples(texts, texts), max_size=8), st.sampled_from(",;|\t"), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_text_comes_back_through_the_standard_reader(
    rows: list[tuple[str | None, str | None]], delimiter: str, guard: bool
) -> None:
    table = pa.table(
        {"a": pa.array([a for a, _ in rows], pa.string()), "b": pa.array([b for _, b in rows], pa.string())}
    )
    text = rendered(table, delimiter, guard=guard)
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    back = unguarded if guard else (lambda field: field)
    assert read[0] == ["a", "b"]
    assert [tuple(map(back, row)) for row in read[1:]] == [(a or "", b or "") for a, b in rows]


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_nulls_and_empty_texts_stay_apart_for_a_reader_that_looks_at_quotes(
    rows: list[tuple[str | None, str | None]],
) -> None:
    table = pa.table(
        {"a": pa.array([a for a, _ in rows], pa.string()), "b": pa.array([b for _, b in rows], pa.string())}
    )
    read = pa.csv.read_csv(
        io.BytesIO(rendered(table, guard=False).encode()),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types={"a": pa.string(), "b": pa.string()},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    assert read.to_pydict() == table.to_pydict()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_each_dangerous_prefix_is_guarded_and_comes_back(prefix: str) -> None:
    for text in (f"{prefix}cmd", f"'{prefix}cmd", f"''{prefix}", prefix):
        assert guarded(text) == f"'{text}"
        assert unguarded(guarded(text)) == text
        (row,) = csv.reader(io.StringIO(one([text])[0], newline=""))
        assert row == [f"'{text}"]
        (row,) = csv.reader(io.StringIO(one([text], guard=False)[0], newline=""))
        assert row == [text]


@given(texts.filter(lambda text: text is not None))
def test_the_guard_is_reversible_for_every_text(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(PREFIXES)


def test_the_guard_acts_on_strings_of_every_arrow_kind_and_leaves_numbers_alone() -> None:
    for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        assert one(["=1", "a"], kind) == ["'=1", "a"]
    assert one([-1, 5], pa.int64()) == ["-1", "5"]
    assert one([-1.5], pa.float64()) == ["-1.5"]
    assert one([decimal.Decimal("-1.50")], pa.decimal128(10, 2)) == ["-1.50"]


def test_formulas_in_column_names_are_guarded_and_plain_names_are_not() -> None:
    table = pa.table({"=1+1": [1], "@timestamp": [1], "-x": [1], "+f(1)": [1], "a,b": [1]})
    assert rendered(table).split("\r\n")[0] == "'=1+1,@timestamp,-x,'+f(1),\"a,b\""


def test_a_table_of_one_column_keeps_its_row_count() -> None:
    table = pa.table({"a": pa.array([None, "", "x", None])})
    assert rendered(table) == 'a\r\n""\r\n""\r\nx\r\n""\r\n'
    assert pl.read_csv(io.StringIO(rendered(table))).height == 4


@pytest.mark.parametrize(
    ("values", "kind", "fields"),
    [
        ([2**63 - 1, -(2**63), None], pa.int64(), ["9223372036854775807", "-9223372036854775808", ""]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([0.1, 1e300, float("nan"), float("inf"), None], pa.float64(), ["0.1", "1e+300", "NaN", "inf", ""]),
        ([True, False, None], pa.bool_(), ["true", "false", ""]),
        ([decimal.Decimal("1" * 30 + ".12345678")], pa.decimal128(38, 8), ["1" * 30 + ".12345678"]),
        ([decimal.Decimal("1" * 50)], pa.decimal256(60, 0), ["1" * 50]),
        ([dt.date(1969, 7, 20), None], pa.date32(), ["1969-07-20", ""]),
        ([dt.time(1, 2, 3), dt.time(1, 2, 3, 4)], pa.time64("us"), ["01:02:03.000000", "01:02:03.000004"]),
        ([dt.time(1, 2, 3)], pa.time64("us"), ["01:02:03"]),
        ([dt.datetime(2020, 2, 29, 1, 2, 3)], pa.timestamp("us"), ["2020-02-29T01:02:03"]),
        ([dt.datetime(2020, 1, 1, 0, 0, 0, 5)], pa.timestamp("us"), ["2020-01-01T00:00:00.000005"]),
        ([dt.datetime(2020, 1, 1)], pa.timestamp("s"), ["2020-01-01T00:00:00"]),
        ([dt.datetime(2020, 7, 1, tzinfo=dt.UTC)], pa.timestamp("us", "Europe/Rome"), ["2020-07-01T02:00:00+02:00"]),
        ([dt.timedelta(days=1, seconds=2)], pa.duration("us"), ["P1DT2S"]),
        ([b"\x00\xff", None], pa.binary(), ["00ff", ""]),
        ([None, None], pa.null(), ["", ""]),
        ([[1, 2], None, []], pa.list_(pa.int64()), ['"[1,2]"', "", "[]"]),
        ([{"a": "x,y"}], pa.struct([("a", pa.string())]), ['"{""a"":""x,y""}"']),
        (["🙂", "a\nb", " x", 'say "hi"', "\u202eש"], pa.string(), ["🙂", '"a\nb"', '" x"', '"say ""hi"""', "\u202eש"]),
    ],
)
def test_every_type_has_its_form(values: list[Any], kind: pa.DataType, fields: list[str]) -> None:
    assert one(values, kind) == fields


def test_fractions_are_written_for_all_rows_once_one_has_them() -> None:
    schema = pa.schema([("t", pa.timestamp("ms")), ("z", pa.int64())])
    text = Delimited(schema)
    batches = [
        pa.RecordBatch.from_pydict({"t": pa.array(values, pa.timestamp("ms")), "z": [0] * len(values)})
        for values in ([0, 1000], [1, 1000], [2000])
    ]
    assert b"".join(map(text.render, batches)).decode().split() == [
        "1970-01-01T00:00:00,0",
        "1970-01-01T00:00:01,0",
        "1970-01-01T00:00:00.001,0",
        "1970-01-01T00:00:01.000,0",
        "1970-01-01T00:00:02.000,0",
    ]


def test_a_delimiter_that_numbers_contain_is_quoted() -> None:
    table = pa.table({"a": [1.5, -2.0], "d": [dt.date(2020, 1, 1), None]})
    for delimiter in ".-":
        read = list(csv.reader(io.StringIO(rendered(table, delimiter), newline=""), delimiter=delimiter))
        assert read[1:] == [["1.5", "2020-01-01"], ["-2.0", ""]]


def test_json_lines_come_back() -> None:
    table = pa.table(
        {
            "n": pa.array([2**63 - 1, None]),
            "x": [0.5, None],
            "s": ["a\nb", ""],
            "b": [True, None],
            "l": [[1], None],
            "d": [decimal.Decimal("1.10"), None],
            "t": [dt.datetime(2020, 1, 1, 2), None],
            "y": [b"\x01", None],
        }
    )
    text = Lines(table.schema)
    lines = [json.loads(line) for line in text.render(table.to_batches()[0]).decode().splitlines()]
    assert lines[0] == {
        "n": 2**63 - 1,
        "x": 0.5,
        "s": "a\nb",
        "b": True,
        "l": [1],
        "d": "1.10",
        "t": "2020-01-01T02:00:00",
        "y": "01",
    }
    assert lines[1] == dict.fromkeys(table.column_names) | {"s": ""}
    nan = pa.RecordBatch.from_pydict({"x": [float("nan"), 1.0]})
    assert Lines(nan.schema).render(nan) == b'{"x":"NaN"}\n{"x":"1.0"}\n'
