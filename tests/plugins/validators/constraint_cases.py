"""Specs that earn a finding about constraints: code, spec, schema, path."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from semblant.schema import Schema
from tests.plugins.validators.shop import ALONE, LOOKUP, key, table


def rules(*constraints: dict[str, Any], **columns: Any) -> dict[str, Any]:
    return {"tables": {"people": {"constraints": list(constraints), **({"columns": columns} if columns else {})}}}


def over(table: str, *constraints: dict[str, Any]) -> dict[str, Any]:
    return {"tables": {table: {"constraints": list(constraints)}}}


ORDERS = Schema(
    tables=(
        *ALONE.tables,
        table(
            "orders",
            {"id": pa.int64(), "buyer": pa.int64(), "day": pa.date32(), "paid": pa.float64()},
            "id",
            key("buyer", "people"),
        ),
    )
)
LINES = {"sum": {"total": "height", "parts": ["orders.paid"]}}
ABOVE_ORDERS = "tables.orders.constraints[0]"
rebalanced = rules(age={"rebalance": True}, city={"rebalance": True})
ABOVE = {"inequality": {"low": "age", "high": "height"}}
FIRST = "tables.people.constraints[0]"
CASES: list[tuple[str, dict[str, Any], Schema, str]] = [
    ("constraint-unknown-column", rules({"unique": {"columns": "agee"}}), ALONE, FIRST),
    ("constraint-unknown-column", rules(ABOVE, age={"include": False}), ALONE, FIRST),
    (
        "constraint-on-original",
        {"tables": {"countries": {"treatment": "original", "constraints": [{"unique": {"columns": "label"}}]}}},
        LOOKUP,
        "tables.countries.constraints",
    ),
    ("constraint-across", over("orders", {"unique": {"columns": ["people.age"]}}), ORDERS, ABOVE_ORDERS),
    ("constraint-across", over("orders", {"inequality": {"low": "people.id", "high": "paid"}}), ORDERS, ABOVE_ORDERS),
    (
        "constraint-across",
        over("people", {"inequality": {"low": "orders.paid", "high": "height"}}),
        ORDERS,
        FIRST,
    ),
    (
        "constraint-across",
        over("people", LINES, {"range": {"column": "height", "min": 0}}),
        ORDERS,
        "tables.people.constraints[1]",
    ),
    (
        "constraint-type",
        over("orders", {"inequality": {"low": "people.city", "high": "paid"}}),
        ORDERS,
        ABOVE_ORDERS,
    ),
    ("constraint-on-key", rules({"inequality": {"low": "id", "high": "age"}}), ALONE, FIRST),
    (
        "constraint-on-key",
        {
            "tables": {
                "countries": {"treatment": "original"},
                "people": {"constraints": [{"combinations": {"columns": ["country", "city"]}}]},
            }
        },
        LOOKUP,
        FIRST,
    ),
    ("constraint-columns", rules({"combinations": {"columns": "city"}}), ALONE, FIRST),
    ("constraint-columns", rules({"unique": {"columns": []}}), ALONE, FIRST),
    ("constraint-columns", rules({"exclusive": {"columns": ["city", "city"]}}), ALONE, FIRST),
    ("constraint-columns", rules({"dependency": {"columns": ["city"], "determines": []}}), ALONE, FIRST),
    ("constraint-columns", rules({"sum": {"parts": [], "total": "age"}}), ALONE, FIRST),
    ("constraint-columns", rules({"inequality": {"low": "age", "high": "age"}}), ALONE, FIRST),
    ("constraint-type", rules({"inequality": {"low": "city", "high": "age"}}), ALONE, FIRST),
    ("constraint-type", rules({"inequality": {"low": "born", "high": "age"}}), ALONE, FIRST),
    ("constraint-type", rules({"sum": {"parts": ["age", "city"], "total": "height"}}), ALONE, FIRST),
    ("constraint-type", rules({"unique": {"columns": ["tags"]}}), ALONE, FIRST),
    ("constraint-type", rules({"range": {"column": "city", "min": 1}}), ALONE, FIRST),
    ("constraint-type", rules({"unique": {"columns": ["name"]}}, name={"encoding": "text"}), ALONE, FIRST),
    ("constraint-bounds", rules({"range": {"column": "age"}}), ALONE, FIRST),
    ("constraint-bounds", rules({"range": {"column": "age", "min": 9, "max": 3}}), ALONE, FIRST),
    ("constraint-bounds", rules({"range": {"column": "age", "min": 9, "max": 9, "strict": True}}), ALONE, FIRST),
    ("constraint-bounds", rules({"range": {"column": "age", "min": "nine"}}), ALONE, f"{FIRST}.range.min"),
    ("constraint-bounds", rules({"range": {"column": "born", "max": "soon"}}), ALONE, f"{FIRST}.range.max"),
    ("constraint-bounds", rules({"range": {"column": "born", "max": 3}}), ALONE, f"{FIRST}.range.max"),
    (
        "constraint-contradiction",
        rules(ABOVE, {"inequality": {"low": "height", "high": "age", "strict": True}}),
        ALONE,
        "tables.people.constraints[1]",
    ),
    (
        "constraint-contradiction",
        rules({"range": {"column": "age", "min": 50}}, {"range": {"column": "height", "max": 2}}, ABOVE),
        ALONE,
        "tables.people.constraints[2]",
    ),
    (
        "sampling-unknown",
        {"generation": {"columns": {"peple": {"age": {"top_p": 0.5}}}}},
        ALONE,
        "generation.columns.peple",
    ),
    (
        "sampling-unknown",
        {"generation": {"columns": {"people": {"agee": {"temperature": 0.5}}}}},
        ALONE,
        "generation.columns.people.agee",
    ),
    ("scale-and-records", {"generation": {"records": 5, "scale": 2.0}}, ALONE, "generation.scale"),
    *[
        (
            "shares-invalid",
            {"generation": {"rebalance": {"people": {key: shares}}}, **rebalanced},
            ALONE,
            f"generation.rebalance.people.{path}",
        )
        for key, shares, path in (
            ("age", {"9..3": 0.5}, 'age."9..3"'),
            ("age", {"1..9": 0.2, "9..20": 0.2}, 'age."9..20"'),
            ("age", {"old": 0.2}, "age.old"),
            ("age & city", {"3": 0.2}, '"age & city"."3"'),
            ("age & city", {"1..9 & Rome": 0.6, "10.. & Rome": 0.6}, '"age & city"'),
        )
    ],
    ("constraint-twice", rules(ABOVE, ABOVE), ALONE, "tables.people.constraints[1]"),
]
