"""Databases that no server can be had for: sets, keys, modes, types and names, against imitations of their drivers."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pyarrow as pa
import pytest

from semblant.errors import DestinationError, SemblantError
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.testing.material import HOSTILE_NAMES, assert_same, people, schema_of, shop
from semblant.vocabulary import WriteMode
from tests.plugins.databases.places import DatabasePlace
from tests.plugins.databases.relational import data_set
from tests.plugins.databases.test_fidelity import KINDS, check_meanings, same
from tests.plugins.databases.test_sets import in_order, keys, read

pytestmark = [pytest.mark.feature(61, 66, 67, 71)]

REFUSED = {
    "sqlserver": {
        "float64", "float_nan", "float_infinity", "decimal256", "string_zero_byte", "time64_ns", "timestamp_ns",
    },
    "oracle": {"string", "large_string", "binary", "decimal256", "string_zero_byte", "time64_ns", "timestamp_ns"},
}  # fmt: skip


def test_forty_types_come_back_or_are_refused_by_name(imitated: DatabasePlace) -> None:
    changed, refused = [], []
    for number, (name, values) in enumerate(KINDS.items()):
        table = pa.table({"id": pa.array([0, 1, 2], pa.int64()), f"the {name}": values})
        try:
            imitated.deliver(schema_of({f"t{number}": table}), {f"t{number}": table})
        except DestinationError as exc:
            assert name in exc.message or "\\0" in exc.message, exc.message
            assert exc.fix
            refused.append(name)
            continue
        found = read(imitated, tables=(f"t{number}",))[1][f"t{number}"].sort_by("id")
        if not same(found.column(1), values):
            changed.append((name, found.column(1).to_pylist(), found.schema.field(1).type))

    assert changed == []
    assert set(refused) == REFUSED[imitated.kind]


def test_columns_of_one_sql_type_that_hold_two_things_are_kept_apart(imitated: DatabasePlace) -> None:
    check_meanings(imitated)


def test_hostile_names_come_back_exactly_or_are_refused_by_name(imitated: DatabasePlace) -> None:
    names = [*HOSTILE_NAMES.values(), *(f"{sign}odd{sign}" for sign in "'\"`[]{}()%_$#@!?*&^~|;:,<>=+-.\\"), "NULL"]
    accepted = {}
    for number, name in enumerate(names):
        table = pa.table({"id": pa.array([number], pa.int64()), f"{name[:20]}x": pa.array([number])})
        try:
            imitated.deliver(schema_of({name: table}), {name: table})
        except DestinationError as exc:
            assert exc.fix
            continue
        accepted[name] = [number]

    assert {name: table["id"].to_pylist() for name, table in read(imitated)[1].items()} == accepted
    assert len(accepted) > 25


@pytest.mark.parametrize("name", ["northwind", "chinook"])
def test_a_real_database_comes_back_with_its_schema(imitated: DatabasePlace, name: str, test_data: Path) -> None:
    schema, tables = data_set(test_data, name)

    imitated.deliver(schema, tables)
    again, found = read(imitated)

    assert keys(again) == keys(schema)
    for table in schema:
        assert [c.nullable for c in again.table(table.name).columns] == [c.nullable for c in table.columns]
        assert again.table(table.name).comment == table.comment
        assert_same(in_order(found[table.name]), in_order(tables[table.name]), types=False)


def test_a_foreign_key_that_leads_nowhere_is_refused_and_nothing_stays(imitated: DatabasePlace) -> None:
    tables = shop()
    tables["orders"] = tables["orders"].set_column(1, "person", pa.array([7000 + n for n in range(60)], pa.int64()))

    with pytest.raises(DestinationError, match="FOREIGN KEY") as caught:
        imitated.deliver(schema_of(tables), tables)

    assert "leads nowhere" in (caught.value.fix or "")
    with pytest.raises(SemblantError, match="has no tables"):
        read(imitated)


@pytest.mark.parametrize("mode", ["append", "truncate", "replace"])
def test_a_foreign_key_that_leads_nowhere_is_refused_in_tables_that_are_there(
    imitated: DatabasePlace, mode: str
) -> None:
    imitated.deliver(schema_of(shop()), shop())
    wrong = pa.array([4000, 4001, 4002], pa.int64())
    orders = shop()["orders"].slice(0, 3).set_column(1, "person", wrong).set_column(0, "order", wrong)
    tables = {"people": people(5, first=100), "orders": orders}

    with pytest.raises(DestinationError):
        imitated.deliver(schema_of(tables), tables, WriteMode(mode))

    assert read(imitated)[1]["orders"].num_rows == 60


def test_the_same_delivery_three_times_is_written_once(imitated: DatabasePlace) -> None:
    for _ in range(3):
        imitated.deliver(schema_of(shop()), shop(), WriteMode.APPEND, delivery="job-1")
    more = {"people": people(5, first=500)}
    imitated.deliver(schema_of(more), more, WriteMode.APPEND, delivery="job-2")

    schema, found = read(imitated)

    assert sorted(schema.table_names) == ["orders", "people"]
    assert (found["people"].num_rows, found["orders"].num_rows) == (25, 60)


def test_a_second_writer_is_told_that_there_is_a_first(imitated: DatabasePlace) -> None:
    with contextlib.closing(imitated.writer()) as one, contextlib.closing(imitated.writer()) as other:
        first = one.open(schema_of({"people": people(3)}), WriteMode.FAIL)
        with pytest.raises(DestinationError, match="another delivery") as caught:
            other.open(schema_of({"visits": people(3)}), WriteMode.FAIL)
        first.abort()
        other.open(schema_of({"visits": people(3)}), WriteMode.FAIL).abort()
    assert caught.value.fix


def test_what_a_delivery_that_died_left_is_cleared_by_the_next(imitated: DatabasePlace) -> None:
    imitated.rows("CREATE TABLE semblant__new_3_x0 (id int)")

    imitated.deliver(schema_of({"people": people(3)}), {"people": people(3)})

    assert imitated.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()") == [[("people",)]]


def test_a_ring_of_tables_is_filled_again(imitated: DatabasePlace) -> None:
    def table(name: str, other: str) -> Table:
        key = ForeignKey(columns=("other",), references=other, referenced_columns=("id",))
        columns = (Column(name="id", type=pa.int64()), Column(name="other", type=pa.int64()))
        return Table(name=name, columns=columns, primary_key=("id",), foreign_keys=(key,))

    schema = Schema(tables=[table("a", "b"), table("b", "a"), table("self", "self")])
    rows = {name: pa.table({"id": pa.array([1, 2]), "other": pa.array([2, 1])}) for name in ("a", "b", "self")}

    imitated.deliver(schema, rows)
    imitated.deliver(schema, rows, WriteMode.REPLACE)
    wrong = {**rows, "a": pa.table({"id": pa.array([1, 2]), "other": pa.array([2, 9])})}
    with pytest.raises(DestinationError):
        imitated.deliver(schema, wrong, WriteMode.REPLACE)

    found = read(imitated)[1]
    assert [in_order(found[name])["other"].to_pylist() for name in ("a", "b", "self")] == [[2, 1]] * 3


def test_a_table_of_another_shape_gives_way_with_its_children(imitated: DatabasePlace) -> None:
    imitated.deliver(schema_of(shop()), shop())
    wider = {"people": people(20).append_column("more", pa.array(range(20), pa.int32())), "orders": shop()["orders"]}

    with pytest.raises(DestinationError, match="'orders' has a foreign key to 'people'"):
        imitated.deliver(schema_of({"people": wider["people"]}), {"people": wider["people"]}, WriteMode.REPLACE)
    imitated.deliver(schema_of(wider), wider, WriteMode.REPLACE)
    schema, found = read(imitated)

    assert schema.table("people").column_names[-1] == "more"
    assert keys(schema) == keys(schema_of(shop()))
    assert found["orders"].num_rows == 60


def test_comments_are_kept(imitated: DatabasePlace) -> None:
    columns = (
        Column(name="id", type=pa.int64(), comment="the number, it's unique"),
        Column(name="for", type=pa.duration("us"), comment="how long"),
    )
    schema = Schema(tables=[Table(name="paint", columns=columns, primary_key=("id",), comment="all paints")])
    rows = pa.table({"id": pa.array([1, 2], pa.int64()), "for": pa.array([5, None], pa.duration("us"))})

    imitated.deliver(schema, {"paint": rows})
    again = read(imitated)[0].table("paint")

    assert again.comment == "all paints"
    assert [(c.comment, c.type) for c in again.columns] == [(c.comment, c.type) for c in columns]


def test_what_is_read_is_chosen_by_queries_filters_and_views(imitated: DatabasePlace) -> None:
    table = pa.table({"id": pa.array(range(10), pa.int64()), "half": pa.array([n / 2 for n in range(10)])})
    imitated.deliver(schema_of({"numbers": table}), {"numbers": table})
    imitated.rows("CREATE VIEW few AS SELECT id FROM numbers WHERE id < 3")

    chosen = {"big": 'SELECT "id" + 1 AS "next", "half" FROM "numbers" WHERE "half" > 3'}
    schema, found = read(imitated, queries=chosen)
    assert {name: [float(v) for v in values] for name, values in found["big"].to_pydict().items()} == {
        "next": [8, 9, 10],
        "half": [3.5, 4.0, 4.5],
    }
    assert schema.table_names == ("big",)
    assert read(imitated, views=True)[0].table_names == ("few", "numbers")
    assert read(imitated, filters={"numbers": '"id" >= 8'})[1]["numbers"]["id"].to_pylist() == [8, 9]
    for wrong in ({"filters": {"numbers": '"nope" = 1'}}, {"queries": {"x": "SELEC 1"}}, {"tables": ("nombers",)}):
        with pytest.raises(SemblantError, match="did you mean 'numbers'|cannot be run"):
            read(imitated, **wrong)


@pytest.mark.feature(67)
def test_an_empty_text_is_refused_by_oracle_or_written_as_null(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    from tests.plugins.databases.places import place_of

    table = pa.table({"id": pa.array([1, 2], pa.int64()), "said": ["", "x"]})
    with place_of("oracle", request, tmp_path) as oracle:
        with pytest.raises(DestinationError, match="'said': a value does not fit.*empty_texts: as_null"):
            oracle.deliver(schema_of({"people": table}), {"people": table})
        oracle.deliver(schema_of({"people": table}), {"people": table}, empty_texts="as_null")

        assert in_order(read(oracle)[1]["people"])["said"].to_pylist() == [None, "x"]


def test_what_a_column_that_is_there_would_round_is_refused(imitated: DatabasePlace) -> None:
    import datetime as dt
    from decimal import Decimal

    coarse = {"price": pa.array([Decimal("1.50")], pa.decimal128(10, 2)), "at": pa.array([0], pa.timestamp("us"))}
    kinds = {"sqlserver": ("sqlserver:decimal(10,1)", "sqlserver:datetime2(0)"), "oracle": ("oracle:NUMBER(10,1)", "")}
    imitated.deliver(_declared(coarse, kinds[imitated.kind]), {"people": pa.table(coarse)})
    fine = {
        "price": {**coarse, "price": pa.array([Decimal("1.55")], pa.decimal128(10, 2))},
        "at": {**coarse, "at": pa.array([dt.datetime(2024, 1, 1, 0, 0, 0, 5)], pa.timestamp("us"))},
    }
    for column, values in fine.items():
        if column == "at" and imitated.kind == "oracle":
            continue
        table = pa.table(values)
        with pytest.raises(DestinationError, match=f"'{column}'"):
            imitated.deliver(schema_of({"people": table}), {"people": table}, WriteMode.APPEND)
    assert read(imitated)[1]["people"].num_rows == 1


def _declared(columns: dict[str, pa.Array], kinds: tuple[str, str]) -> Schema:
    made = [
        Column(name=name, type=values.type, declared=kind)
        for (name, values), kind in zip(columns.items(), kinds, strict=True)
    ]
    return Schema(tables=[Table(name="people", columns=tuple(made))])
