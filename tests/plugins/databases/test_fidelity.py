"""Every type comes back as it went, or is refused by name: nothing is changed in silence."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from semblant.errors import DestinationError
from semblant.testing.material import HOSTILE_NAMES, plain, schema_of
from semblant.vocabulary import WriteMode
from tests.plugins.databases.places import DatabasePlace, place_of
from tests.plugins.databases.test_sets import read

_NOW = dt.datetime(2024, 2, 29, 23, 59, 59, 999999)
KINDS: dict[str, pa.Array] = {
    "int8": pa.array([-128, 127, None], pa.int8()),
    "int16": pa.array([-(2**15), 2**15 - 1, None], pa.int16()),
    "int32": pa.array([-(2**31), 2**31 - 1, None], pa.int32()),
    "int64": pa.array([-(2**63), 2**63 - 1, 2**53 + 1], pa.int64()),
    "uint8": pa.array([0, 255, None], pa.uint8()),
    "uint16": pa.array([0, 2**16 - 1, None], pa.uint16()),
    "uint32": pa.array([0, 2**32 - 1, None], pa.uint32()),
    "uint64": pa.array([0, 2**64 - 1, 2**63], pa.uint64()),
    "float16": pa.array([0.5, -2.25, None], pa.float16()),
    "float32": pa.array([0.1, 3.4028235e38, 1.17549435e-38], pa.float32()),
    "float64": pa.array([0.1, 1.7976931348623157e308, 5e-324], pa.float64()),
    "float_signed_zero": pa.array([0.0, 1e-300, -1e300], pa.float64()),
    "float_nan": pa.array([math.nan, None, 1.0], pa.float64()),
    "float_infinity": pa.array([math.inf, -math.inf, None], pa.float64()),
    "bool": pa.array([True, False, None]),
    "decimal_38_0": pa.array([Decimal("9" * 38), Decimal("-" + "9" * 38), None], pa.decimal128(38, 0)),
    "decimal_38_30": pa.array([Decimal("12345678." + "9" * 30), Decimal("-1e-30"), None], pa.decimal128(38, 30)),
    "decimal_5_2": pa.array([Decimal("999.99"), Decimal("-0.01"), None], pa.decimal128(5, 2)),
    "decimal256": pa.array([Decimal("9" * 50), Decimal(-1), None], pa.decimal256(50, 0)),
    "string": pa.array(["", None, "NULL"]),
    "string_lines": pa.array(["a\r\nb\tc", "\\N", 'quote " and \' and `']),
    "string_emoji": pa.array(["👩‍👩‍👧‍👦", "e\u0301", "مرحبا"]),
    "string_blanks": pa.array([" left", "right ", "\u00a0"]),
    "string_zero_byte": pa.array(["a\0b", None, ""]),
    "large_string": pa.array(["x" * 70_000, None, ""], pa.large_string()),
    "dictionary": pa.array(["red", None, "blue"]).dictionary_encode(),
    "binary": pa.array([b"\0\xff\x80", b"", None], pa.binary()),
    "fixed_binary": pa.array([b"abcd", b"\0\0\0\0", None], pa.binary(4)),
    "date32": pa.array([dt.date(1, 1, 1), dt.date(9999, 12, 31), None], pa.date32()),
    "date64": pa.array([dt.date(1000, 1, 1), dt.date(2024, 2, 29), None], pa.date64()),
    "time32_s": pa.array([dt.time(0, 0), dt.time(23, 59, 59), None], pa.time32("s")),
    "time64_us": pa.array([dt.time(0, 0), dt.time(23, 59, 59, 999999), None], pa.time64("us")),
    "time64_ns": pa.array([1, 86_399_999_999_999, None], pa.time64("ns")),
    "timestamp_s": pa.array([0, 1_700_000_000, None], pa.timestamp("s")),
    "timestamp_us": pa.array([_NOW, dt.datetime(1000, 1, 1), None], pa.timestamp("us")),
    "timestamp_ns": pa.array([1, -1, None], pa.timestamp("ns")),
    "timestamp_utc": pa.array([_NOW, dt.datetime(1900, 1, 1), None], pa.timestamp("us", "UTC")),
    "timestamp_paris": pa.array([_NOW, dt.datetime(2024, 10, 27, 1, 30), None], pa.timestamp("us", "Europe/Paris")),
    "duration": pa.array([-1, 86_400_000_000 * 30, None], pa.duration("us")),
    "duration_long": pa.array([86_400_000_000 * 4_000, 0, None], pa.duration("us")),
    "list": pa.array([[1, None, 2**40], [], None], pa.list_(pa.int64())),
    "list_text": pa.array([["a,b", 'q"', ""], [None], None], pa.list_(pa.string())),
    "struct": pa.array([{"x": 1, "y": "é"}, {"x": None, "y": ""}, None]),
    "null": pa.nulls(3),
}  # fmt: skip
AS_TEXT = {"list", "list_text", "struct"}
"""Kept as JSON by stores that have no such type."""


def same(found: pa.ChunkedArray, wanted: pa.Array) -> bool:
    """Compare values, whatever type they came back in; nested ones that came as JSON by what the JSON says."""
    import json

    left, right = plain(found), plain(wanted)
    if (pa.types.is_nested(wanted.type)) and pa.types.is_string(found.type):
        left = [None if text is None else json.loads(text) for text in left]
    if pa.types.is_time(wanted.type) and pa.types.is_time(found.type):
        left, right = (plain(values.cast(pa.time64("ns")).cast(pa.int64())) for values in (found, wanted))
    if pa.types.is_decimal(wanted.type) and pa.types.is_string(found.type):
        left = [None if text is None else Decimal(text) for text in left]
    if pa.types.is_decimal(found.type) and pa.types.is_integer(wanted.type):
        left = [None if value is None else int(value) for value in left]
    if pa.types.is_timestamp(wanted.type):
        unit = {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}
        left, right = (
            [None if v is None else v * unit[values.type.unit] for v in values.cast(pa.int64()).to_pylist()]
            for values in (found, wanted)
        )
    return bool(left == right)


@pytest.mark.feature(61, 71)
def test_forty_types_come_back_or_are_refused_by_name(place: DatabasePlace) -> None:
    changed, refused = [], []
    for number, (name, values) in enumerate(KINDS.items()):
        table = pa.table({"id": pa.array([0, 1, 2], pa.int64()), f"the {name}": values})
        try:
            place.deliver(schema_of({f"t{number}": table}), {f"t{number}": table})
        except DestinationError as exc:
            assert name in exc.message or "0x00" in exc.message or "\\0" in exc.message, exc.message
            assert exc.fix
            refused.append(name)
            continue
        found = read(place, tables=(f"t{number}",))[1][f"t{number}"].sort_by("id")
        if not same(found.column(1), values):
            changed.append((name, found.column(1).to_pylist(), found.schema.field(1).type))

    assert len(KINDS) >= 40
    assert changed == []
    assert set(refused) == REFUSED[place.kind]


REFUSED = {
    "postgresql": {"string_zero_byte", "time64_ns", "timestamp_ns"},
    "mariadb": {"float_nan", "float_infinity", "time64_ns", "timestamp_ns", "duration_long"},
    "sqlite": {"float_nan", "time64_ns", "timestamp_ns"},
    "duckdb": {"decimal256", "time64_ns"},
}


@pytest.mark.feature(61)
def test_forty_hostile_names_come_back_exactly_or_are_refused_by_name(place: DatabasePlace) -> None:
    names = [
        *HOSTILE_NAMES.values(), *(f"{sign}odd{sign}" for sign in "'\"`[]{}()%_$#@!?*&^~|;:,<>=+-.\\"), "ö" * 32,
        "a" * 63, "a" * 64, "Order Details", "sqlite_x", "pg_catalog", "NULL", "\u202eabc", "tab\tname",
    ]  # fmt: skip
    accepted = []
    for number, name in enumerate(dict.fromkeys(names)):
        table = pa.table({"id": pa.array([number], pa.int64())})
        try:
            place.deliver(schema_of({name: table}), {name: table})
        except DestinationError as exc:
            assert exc.fix
            continue
        accepted.append((name, number))
    found = read(place)[1]

    assert len(names) > 40
    assert {name: table["id"].to_pylist() for name, table in found.items()} == {name: [n] for name, n in accepted}
    assert len(accepted) > 25


def test_names_that_are_one_beyond_63_bytes_are_refused(place: DatabasePlace) -> None:
    table = pa.table({"id": [1]})
    tables = {"n" * 63 + "a": table, "n" * 63 + "b": table}
    if place.kind == "postgresql":
        with pytest.raises(DestinationError, match="takes 63 and would cut it"):
            place.deliver(schema_of(tables), tables)
    folded = {"Order": table, "order": table}
    if place.kind != "postgresql":
        with pytest.raises(DestinationError, match="are the same for"):
            place.deliver(schema_of(folded), folded)


MEANINGS = {
    "time": pa.array([1, 86_399_999_999, None], pa.time64("us")),
    "duration": pa.array([1, -86_399_999_999, None], pa.duration("us")),
    "whole": pa.array([1, -5, None], pa.int64()),
    "moment": pa.array([0, 86_400_000_000, None], pa.timestamp("us")),
    "zoned": pa.array([0, 86_400_000_000, None], pa.timestamp("us", "UTC")),
    "day": pa.array([0, 19_000, None], pa.date32()),
    "flag": pa.array([True, False, None]),
    "digit": pa.array([1, 0, None], pa.decimal128(1, 0)),
}  # fmt: skip


def check_meanings(place: DatabasePlace) -> None:
    """Deliver columns of one SQL type that hold two things: in tables of one set, and in place of each other."""
    kinds = list(MEANINGS)
    for turn in (0, 1, 3):
        tables = {
            f"table {n}": pa.table({"id": pa.array([0, 1, 2], pa.int64()), "c": MEANINGS[kinds[(n + turn) % 8]]})
            for n in range(8)
        }
        place.deliver(schema_of(tables), tables, WriteMode.REPLACE)
        found = read(place)[1]
        for name, table in tables.items():
            assert plain(found[name].sort_by("id")["c"]) == plain(table["c"]), (turn, name, found[name].schema)


def test_columns_of_one_sql_type_that_hold_two_things_are_kept_apart(place: DatabasePlace) -> None:
    check_meanings(place)


def test_a_time_of_day_is_not_put_behind_durations(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with place_of("mariadb", request, tmp_path) as place:
        there, more = ({"t": pa.table({"c": MEANINGS[kind]})} for kind in ("duration", "time"))
        place.deliver(schema_of(there), there)
        with pytest.raises(DestinationError, match="'c' of the table 't'.*holds something else .a duration."):
            place.deliver(schema_of(more), more, WriteMode.APPEND)
        place.deliver(schema_of(there), there, WriteMode.APPEND)


def columns() -> st.SearchStrategy[pa.Array]:
    texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
    moments = st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 12, 31))
    kinds: list[tuple[st.SearchStrategy[Any], pa.DataType]] = [
        (st.integers(-(2**63), 2**63 - 1), pa.int64()),
        (st.integers(-(2**15), 2**15 - 1), pa.int16()),
        (st.floats(allow_nan=False, allow_infinity=False), pa.float64()),
        (st.booleans(), pa.bool_()),
        (texts, pa.string()),
        (st.binary(max_size=20), pa.binary()),
        (st.dates(dt.date(1000, 1, 1)), pa.date32()),
        (st.times(), pa.time64("us")),
        (moments, pa.timestamp("us")),
        (moments, pa.timestamp("us", "UTC")),
        (st.decimals(-(10**18), 10**18, places=4), pa.decimal128(28, 4)),
        (st.timedeltas(dt.timedelta(days=-30), dt.timedelta(days=30)), pa.duration("us")),
    ]
    return st.sampled_from(kinds).flatmap(
        lambda kind: st.lists(st.none() | kind[0], min_size=5, max_size=5).map(lambda values: pa.array(values, kind[1]))
    )


def check_tables(place: DatabasePlace, number: int) -> None:
    """Draw tables, deliver them five at a time (most of the time goes into opening and closing), and compare."""
    seen = 0

    @settings(
        max_examples=number // 5, suppress_health_check=list(HealthCheck), database=None, phases=(Phase.generate,)
    )
    @given(st.lists(st.lists(columns(), min_size=1, max_size=6), min_size=5, max_size=5))
    def same_again(drawn: list[list[pa.Array]]) -> None:
        nonlocal seen
        tables = {
            f"drawn {place}": pa.table(
                {"id": pa.array(range(5), pa.int64()), **{f"c{number}": array for number, array in enumerate(arrays)}}
            )
            for place, arrays in enumerate(drawn)
        }
        place.deliver(schema_of(tables), tables, WriteMode.REPLACE)
        found = read(place)[1]
        for name, table in tables.items():
            again = found[name].sort_by("id")
            for column in table.column_names:
                assert same(again.column(column), table.column(column).combine_chunks()), (
                    column, table.column(column).to_pylist(), again.column(column).to_pylist(), again.schema,
                )  # fmt: skip
        seen += len(tables)

    same_again()
    assert seen >= number


def test_drawn_tables_come_back(place: DatabasePlace) -> None:
    check_tables(place, 20)


@pytest.mark.nightly
def test_a_thousand_drawn_tables_come_back(place: DatabasePlace) -> None:
    check_tables(place, 1_000)


def test_odd_columns_of_postgresql_are_read_as_they_are(request: pytest.FixtureRequest) -> None:
    from semblant.errors import DataError
    from tests.plugins.databases.places import _postgresql

    place = _postgresql(request)
    place.rows(
        "CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
        "CREATE DOMAIN code AS varchar(3)",
        "CREATE TABLE odd (id int PRIMARY KEY, u uuid, j jsonb, m mood, d code, n numeric, i interval, a int[], "
        "aa int[], ip inet, r int4range, c char(3), mo money, b bit(3), x xml, t timetz)",
        "INSERT INTO odd VALUES (1, '00000000-0000-0000-0000-0000000000ff', '{\"a\": 1}', 'it''s ok', 'abc', 1.50, "
        "'1 day', '{1,NULL}', '{{1,2},{3,4}}', '192.0.2.1', '[1,5)', 'x', 12.5, '101', '<a/>', '10:00+02')",
        "INSERT INTO odd (id, n, i) VALUES (2, 12345678901234567890.123, '-2 hours')",
        "CREATE TABLE endless (d date, ts timestamp)",
        "INSERT INTO endless VALUES ('infinity', 'infinity')",
        "CREATE VIEW seen AS SELECT id FROM odd",
    )

    schema, found = read(place, tables=("odd",))
    row, other = found["odd"].to_pylist()

    assert row["u"] == "00000000-0000-0000-0000-0000000000ff"
    assert (row["j"], row["m"], row["d"], row["c"], row["b"], row["x"]) == (
        '{"a": 1}', "it's ok", "abc", "x  ", "101", "<a/>",
    )  # fmt: skip
    assert (row["n"], other["n"]) == (Decimal("1.500"), Decimal("12345678901234567890.123"))
    assert (row["i"], other["i"]) == (dt.timedelta(days=1), dt.timedelta(hours=-2))
    assert (row["a"], row["aa"]) == ([1, None], "[[1,2],[3,4]]")
    assert (row["ip"], row["r"], row["mo"], row["t"]) == ("192.0.2.1/32", "[1,5)", Decimal("12.50"), "10:00:00+02")
    assert schema.table("odd").column("m").enum == ("sad", "it's ok")
    assert schema.table("odd").column("u").declared == "postgresql:uuid"
    with pytest.raises(DataError, match="infinity"):
        read(place, tables=("endless",))

    place.rows("DELETE FROM odd WHERE id = 1")
    # an array of arrays was read as JSON, which is refused as an array
    row["aa"] = None
    tables = {"odd": found["odd"].slice(0, 1).set_column(8, "aa", pa.nulls(1, pa.string()))}
    place.deliver(type(schema)(tables=[schema.table("odd")]), tables, WriteMode.APPEND)
    assert read(place, tables=("odd",))[1]["odd"].sort_by("id").slice(0, 1).to_pylist() == [row]


def test_what_is_read_is_chosen_by_queries_filters_and_views(server: DatabasePlace) -> None:
    table = pa.table({"id": pa.array(range(10), pa.int64()), "half": pa.array([n / 2 for n in range(10)])})
    server.deliver(schema_of({"numbers": table}), {"numbers": table})
    server.rows("CREATE VIEW few AS SELECT id FROM numbers WHERE id < 3")

    chosen = {"big": "SELECT id + 1 AS next, half FROM numbers WHERE half > 3"}
    schema, found = read(server, queries=chosen)
    assert found["big"].to_pydict() == {"next": [8, 9, 10], "half": [3.5, 4.0, 4.5]}
    assert schema.table_names == ("big",)
    assert read(server, views=True)[0].table_names == ("few", "numbers")
    assert read(server, filters={"numbers": "id >= 8"})[1]["numbers"]["id"].to_pylist() == [8, 9]
    with contextlib.closing(server.reader(filters={"numbers": "id >= 8"})) as source:
        assert source.count("numbers") == 2
    for wrong in ({"filters": {"numbers": "nope = 1"}}, {"queries": {"x": "SELEC 1"}}, {"tables": ("nombers",)}):
        with pytest.raises(Exception, match="did you mean 'numbers'|cannot be run"):
            read(server, **wrong)
