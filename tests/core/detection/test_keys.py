"""Keys that no source declares: found with a reason, and never made up."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pytest

from semblant.demo import shop, shop_schema
from semblant.detection.foreign_keys import name_evidence
from semblant.schema import ForeignKey, Schema, Table
from tests.core.detection.sources import detected, table_of

GENERATOR = np.random.default_rng(3)


Keys = set[tuple[tuple[str, ...], str, tuple[str, ...]]]


def keys_of(tables: dict[str, pa.Table], **options: Any) -> dict[str, Keys]:
    found = detected(tables, **options).schema
    return {t.name: {(k.columns, k.references, k.referenced_columns) for k in t.foreign_keys} for t in found}


def small_shop(customers: int = 300, orders: int = 2_000) -> dict[str, pa.Table]:
    return {
        "customers": pa.table({"id": range(1, customers + 1), "city": ["A", "B", "C"] * (customers // 3)}),
        "orders": pa.table(
            {
                "id": range(1, orders + 1),
                "customer_id": GENERATOR.integers(1, customers + 1, orders),
                "quantity": GENERATOR.integers(1, 9, orders),
            }
        ),
    }


@pytest.mark.feature(205, 207)
@pytest.mark.parametrize(
    "values",
    [
        list(range(600)),
        [number * 7 + 10**9 for number in range(600)],
        [f"C-{number:05}" for number in range(600)],
        [f"{number:08x}-0000-4000-8000-{number:012x}" for number in range(600)],
    ],
    ids=["counting", "sparse", "pattern", "uuid"],
)
def test_a_primary_key_is_found_in_each_form_with_its_reason(values: list[Any]) -> None:
    data = pa.table({"customer_id": values, "income": GENERATOR.normal(size=600)})
    table = detected({"customers": data}).schema.table("customers")

    assert table.primary_key == ("customer_id",)
    assert table.primary_key_reason.startswith("unique in 600 rows; named after the table; first column")


@pytest.mark.feature(205)
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("amount", list(range(600))),
        ("score", random.Random(1).sample(range(10**6), 600)),
        ("measured", GENERATOR.normal(size=600).tolist()),
        ("day", [dt.date(2000, 1, 1) + dt.timedelta(days=day) for day in range(600)]),
        ("id", [*range(599), 5]),
        ("id", [*range(599), None]),
        ("remark", [f"this is remark number {number}" for number in range(600)]),
    ],
    ids=["measure", "score", "float", "date", "repeated", "missing", "text"],
)
def test_what_is_no_key_is_not_taken_for_one(name: str, values: list[Any]) -> None:
    data = pa.table({"group": ["a", "b"] * 300, name: values})

    assert detected({"t": data}).schema.table("t").primary_key == ()


def test_a_repeat_after_the_first_rows_undoes_a_key() -> None:
    data = pa.table({"id": [*range(5_000), 7], "x": [1] * 5_001})

    assert detected({"t": data}, max_rows=1_000).schema.table("t").primary_key == ()
    assert detected({"t": data.slice(0, 5_000)}, max_rows=1_000).schema.table("t").primary_key == ("id",)


@pytest.mark.feature(205)
@pytest.mark.parametrize(
    "column", ["customer_id", "CustomerID", "customer", "customers_id", "fk_customer_id", "billing_customer_id"]
)
def test_a_foreign_key_is_found_by_name_and_values(column: str) -> None:
    tables = small_shop()
    tables["orders"] = tables["orders"].rename_columns(["id", column, "quantity"])
    found = detected(tables).schema.table("orders").foreign_keys

    assert [(key.columns, key.references, key.referenced_columns) for key in found] == [
        ((column,), "customers", ("id",))
    ]
    assert 0.5 < found[0].confidence < 1
    assert "values are among its keys" in found[0].reason


def test_values_that_are_not_there_make_no_key() -> None:
    tables = small_shop()
    far = pa.array(GENERATOR.integers(10_000, 20_000, 2_000))
    tables["orders"] = tables["orders"].set_column(1, "customer_id", far)

    assert keys_of(tables)["orders"] == set()


@pytest.mark.feature(205)
def test_small_numbers_that_fit_by_chance_make_no_key() -> None:
    tables = small_shop()
    tables["orders"] = tables["orders"].append_column("items", pa.array(GENERATOR.integers(1, 50, 2_000)))
    tables["orders"] = tables["orders"].append_column("zone", pa.array(GENERATOR.integers(1, 300, 2_000)))

    assert keys_of(tables)["orders"] == {(("customer_id",), "customers", ("id",))}


@pytest.mark.feature(206)
def test_null_and_dangling_references_do_not_hide_a_key() -> None:
    tables = small_shop()
    values = tables["orders"]["customer_id"].to_pylist()
    values[:200] = [None] * 200
    values[200:230] = [301 + place for place in range(30)]
    tables["orders"] = tables["orders"].set_column(1, "customer_id", pa.array(values))
    key = detected(tables).schema.table("orders").foreign_keys[0]

    assert key.references == "customers"
    assert "30 rows point nowhere" in key.reason


def test_a_nullable_key_that_became_floating_point_is_found() -> None:
    tables = small_shop()
    values = [
        None if place % 9 == 0 else float(value)
        for place, value in enumerate(tables["orders"]["customer_id"].to_pylist())
    ]
    tables["orders"] = tables["orders"].set_column(1, "customer_id", pa.array(values))

    assert keys_of(tables)["orders"] == {(("customer_id",), "customers", ("id",))}


@pytest.mark.feature(201)
def test_several_keys_to_one_parent_are_all_found() -> None:
    stations = pa.table(
        {"station_id": [f"ST{number:03}" for number in range(200)], "lat": GENERATOR.uniform(40, 41, 200)}
    )
    pick = [f"ST{number:03}" for number in GENERATOR.integers(0, 200, 3_000)]
    trips = pa.table(
        {"trip_id": range(3_000), "start_station_id": pick, "end_station_id": pick[::-1], "minutes": [5] * 3_000}
    )

    assert keys_of({"stations": stations, "trips": trips})["trips"] == {
        (("start_station_id",), "stations", ("station_id",)),
        (("end_station_id",), "stations", ("station_id",)),
    }


@pytest.mark.feature(205)
def test_peculiar_values_tell_a_key_whatever_its_name() -> None:
    codes = [f"{a}{b}{c}" for a in "KLM" for b in "ABCDEFG" for c in "XYZW"]
    ports = pa.table({"unlocode": codes, "depth": GENERATOR.normal(size=84)})
    calls = pa.table({"goes_to": [codes[place] for place in GENERATOR.integers(0, 84, 900)], "tons": [1.5] * 900})

    assert keys_of({"ports": ports, "calls": calls})["calls"] == {(("goes_to",), "ports", ("unlocode",))}


@pytest.mark.feature(202)
def test_a_tree_points_to_itself_only_where_the_name_says_so() -> None:
    upward = [None, *[(number - 1) // 3 + 1 for number in range(1, 400)]]
    data = pa.table({"employee_id": range(1, 401), "manager_id": upward, "desk": GENERATOR.integers(1, 401, 400)})

    assert keys_of({"employees": data})["employees"] == {(("manager_id",), "employees", ("employee_id",))}


def test_a_manager_of_another_kind_points_to_that_table() -> None:
    staff = pa.table({"staff_id": range(1, 61), "desk": ["a", "b"] * 30})
    stores = pa.table({"store_id": range(1, 31), "manager_staff_id": range(1, 31), "region": ["n", "s"] * 15})

    assert keys_of({"staff": staff, "stores": stores})["stores"] == {(("manager_staff_id",), "staff", ("staff_id",))}


@pytest.mark.feature(200)
def test_a_link_table_has_a_key_of_two_columns_and_others_can_point_to_it() -> None:
    students = pa.table({"student_id": range(100), "grade": ["a", "b"] * 50})
    courses = pa.table({"course_id": range(40), "room": [f"R{number}" for number in range(40)]})
    pairs = sorted(
        {(int(a), int(b)) for a, b in zip(GENERATOR.integers(0, 100, 900), GENERATOR.integers(0, 40, 900), strict=True)}
    )
    taken = pa.table({"student_id": [a for a, _ in pairs], "course_id": [b for _, b in pairs]})
    marks = pa.table(
        {"mark_id": range(700), "student_id": [a for a, _ in pairs][:700], "course_id": [b for _, b in pairs][:700]}
    )
    found = detected({"students": students, "courses": courses, "enrolments": taken, "marks": marks}).schema

    assert found.table("enrolments").primary_key == ("student_id", "course_id")
    assert (("student_id", "course_id"), "enrolments") in {
        (k.columns, k.references) for k in found.table("marks").foreign_keys
    }


def test_a_fact_table_gets_no_accidental_pair_as_its_key() -> None:
    tables = small_shop()
    seconds = [dt.datetime(2024, 1, 1) + dt.timedelta(seconds=61 * place) for place in range(2_000)]
    tables["orders"] = tables["orders"].drop_columns(["id"]).append_column("placed", pa.array(seconds))

    assert detected(tables).schema.table("orders").primary_key == ()


def test_a_key_of_a_subtype_points_to_the_general_table_and_not_back() -> None:
    people = pa.table({"person_id": range(500), "born": [1970] * 500})
    students = pa.table({"person_id": range(0, 500, 3), "major": ["x"] * 167})
    found = keys_of({"persons": people, "students": students})

    assert found == {"persons": set(), "students": {(("person_id",), "persons", ("person_id",))}}


def test_no_circle_is_closed_by_a_key_that_was_found() -> None:
    a = pa.table({"alpha_id": range(100), "beta_id": range(100)})
    b = pa.table({"beta_id": range(100), "alpha_id": [99 - number for number in range(100)], "gamma": [1.5] * 100})
    found = keys_of({"alpha": a, "beta": b})

    assert sum(len(keys) for keys in found.values()) == 1


@pytest.mark.feature(205)
def test_declared_keys_stay_as_they_are() -> None:
    tables = small_shop()
    declared = ForeignKey(columns=("quantity",), references="customers", referenced_columns=("id",))
    schema = Schema(
        tables=(
            attrs.evolve(table_of(tables["customers"], "customers"), primary_key=("city",)),
            attrs.evolve(table_of(tables["orders"], "orders"), foreign_keys=(declared,)),
        )
    )
    found = detected(tables, schema).schema

    assert found.table("customers").primary_key == ("city",)
    assert found.table("orders").foreign_keys == (declared,)


def test_empty_tables_are_joined_by_strong_names_alone() -> None:
    tables = small_shop()
    tables["orders"] = tables["orders"].slice(0, 0)

    assert keys_of(tables)["orders"] == {(("customer_id",), "customers", ("id",))}


def test_a_name_says_more_the_closer_it_is() -> None:
    parent = Table(name="customers", columns=(), primary_key=("id",))
    orders = Table(name="orders", columns=())
    weights = [
        evidence.weight if (evidence := name_evidence(name, orders, parent)) else 0.0
        for name in ("customer_id", "ship_customer_id", "buyer_id", "quantity")
    ]

    assert weights == sorted(weights, reverse=True)
    assert weights[-1] == 0.0


@pytest.mark.feature(200, 201, 203, 205)
def test_every_key_of_the_demo_shop_is_found_without_being_told() -> None:
    truth = shop_schema()
    found = detected(shop())

    for table in truth:
        seen = found.schema.table(table.name)
        assert seen.primary_key == table.primary_key
        assert {(key.columns, key.references) for key in seen.foreign_keys} == {
            (key.columns, key.references) for key in table.foreign_keys
        }
    assert found.tables["customers"].root
    assert str(found.tables["products"].treatment) == "original"
