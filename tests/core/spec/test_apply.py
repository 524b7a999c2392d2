"""A spec laid over a schema."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.spec.apply import apply_spec
from semblant.spec.model import ColumnSpec, ForeignKeySpec, Selected, Spec, TableSpec


def columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=pa.int64()) for name in names)


def key(own: str, references: str, theirs: str = "id") -> ForeignKey:
    return ForeignKey(columns=tuple(own.split()), references=references, referenced_columns=tuple(theirs.split()))


SCHEMA = Schema(
    tables=(
        Table(
            name="orders",
            columns=columns("id", "customer", "total"),
            primary_key=("id",),
            rows=7,
            foreign_keys=(key("customer", "customers"),),
        ),
        Table(name="customers", columns=columns("id", "year", "number", "phone"), primary_key=("id",), notes=("read",)),
        Table(name="notes", columns=columns("order", "year", "number")),
    )
)


def applied(default_include: bool = True, **tables: TableSpec) -> Schema:
    return apply_spec(Spec(source=Selected(type="files"), default_include=default_include, tables=tables), SCHEMA)


def test_without_settings_the_schema_stays() -> None:
    assert applied() == SCHEMA


@pytest.mark.feature(6)
def test_an_excluded_table_is_gone_and_with_it_the_keys_to_it() -> None:
    schema = applied(customers=TableSpec(include=False))
    assert schema.table_names == ("orders", "notes")
    assert schema.table("orders").foreign_keys == ()


@pytest.mark.feature(6)
def test_only_named_tables_are_included_when_the_default_is_off() -> None:
    assert applied(default_include=False, orders=TableSpec()).table_names == ("orders",)


@pytest.mark.feature(7)
def test_an_excluded_column_is_gone_and_with_it_the_keys_that_need_it() -> None:
    gone = ColumnSpec(include=False)
    schema = applied(customers=TableSpec(columns={"id": gone, "phone": gone}))
    assert schema.table("customers").column_names == ("year", "number")
    assert schema.table("customers").primary_key == ()
    assert schema.table("orders").foreign_keys == ()


@pytest.mark.feature(8)
def test_the_primary_key_is_replaced_composite_or_unset() -> None:
    assert applied(customers=TableSpec(primary_key=("year", "number"))).table("customers").primary_key == (
        "year",
        "number",
    )
    assert applied(customers=TableSpec(primary_key=None)).table("customers").primary_key == ()
    assert applied(customers=TableSpec()).table("customers").primary_key == ("id",)


@pytest.mark.feature(9)
def test_foreign_keys_are_replaced_composite_several_to_one_parent_or_unset() -> None:
    assert applied(orders=TableSpec(foreign_keys=())).table("orders").foreign_keys == ()
    given_keys = (
        ForeignKeySpec(columns=("year", "number"), references="customers"),
        ForeignKeySpec(columns=("order",), references="orders"),
        ForeignKeySpec(columns=("number",), references="orders", referenced_columns=("id",)),
        ForeignKeySpec(columns=("order",), references="notes", referenced_columns=("order",)),
    )
    schema = applied(notes=TableSpec(foreign_keys=given_keys), customers=TableSpec(primary_key=("year", "number")))
    assert [(one.columns, one.references, one.referenced_columns) for one in schema.table("notes").foreign_keys] == [
        (("year", "number"), "customers", ("year", "number")),
        (("order",), "orders", ("id",)),
        (("number",), "orders", ("id",)),
        (("order",), "notes", ("order",)),
    ]
    assert {one.reason for one in schema.table("notes").foreign_keys} == {"given in the spec"}


def test_a_key_that_cannot_hold_is_dropped() -> None:
    for wrong in (
        ForeignKeySpec(columns=("nothing",), references="customers"),
        ForeignKeySpec(columns=("order",), references="nobody"),
        ForeignKeySpec(columns=("order", "year"), references="customers"),
        ForeignKeySpec(columns=(), references="customers"),
        ForeignKeySpec(columns=("order",), references="notes"),
    ):
        assert applied(notes=TableSpec(foreign_keys=(wrong,))).table("notes").foreign_keys == ()


def test_what_is_known_of_a_table_is_kept() -> None:
    schema = applied(orders=TableSpec(columns={"total": ColumnSpec(include=False)}))
    assert schema.table("orders").rows == 7
    assert schema.table("customers").notes == ("read",)


NAMES = st.sampled_from(["id", "customer", "total", "year", "number", "phone", "order", "x"])
TABLES = st.sampled_from(["orders", "customers", "notes", "x"])
SPECS = st.builds(
    TableSpec,
    include=st.booleans(),
    columns=st.dictionaries(NAMES, st.builds(ColumnSpec, include=st.booleans()), max_size=4),
    primary_key=st.none() | st.just("auto") | st.lists(NAMES, max_size=2).map(tuple),
    foreign_keys=st.just("auto")
    | st.lists(
        st.builds(
            ForeignKeySpec,
            columns=st.lists(NAMES, max_size=2).map(tuple),
            references=TABLES,
            referenced_columns=st.just("auto") | st.lists(NAMES, max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


@given(st.dictionaries(TABLES, SPECS, max_size=4))
def test_every_key_that_is_left_names_what_is_left(tables: dict[str, TableSpec]) -> None:
    spec = Spec(source=Selected(type="files"), tables=tables)
    schema = apply_spec(spec, SCHEMA)
    assert list(schema.table_names) == [name for name in SCHEMA.table_names if name in schema.table_names]
    for table in schema:
        assert set(table.primary_key) <= set(table.column_names)
        for one in table.foreign_keys:
            assert set(one.columns) <= set(table.column_names)
            assert set(one.referenced_columns) <= set(schema.table(one.references).column_names)
            assert len(one.columns) == len(one.referenced_columns) > 0
    assert apply_spec(spec, schema).table_names == schema.table_names
