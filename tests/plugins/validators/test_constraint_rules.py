"""Sound constraints earn nothing, whatever their kind."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from semblant.schema import Schema
from tests.plugins.validators.constraint_cases import ABOVE, ABOVE_ORDERS, LINES, ORDERS, over, rules
from tests.plugins.validators.shop import ALONE, check, codes, table

MOMENTS = Schema(
    tables=(
        table(
            "people",
            {
                "day": pa.date32(),
                "moment": pa.timestamp("us"),
                "zoned": pa.timestamp("us", "UTC"),
                "hour": pa.time32("s"),
                "later": pa.time64("us"),
                "wait": pa.duration("s"),
            },
        ),
    )
)


@pytest.mark.feature(217)
@pytest.mark.parametrize(
    "rule",
    [
        ABOVE,
        {"range": {"column": "age", "min": 0, "max": 120}},
        {"range": {"column": "born", "min": "1900-01-01", "strict": True}},
        {"combinations": {"columns": ["city", "country"]}},
        {"sum": {"parts": ["age"], "total": "height"}},
        {"unique": {"columns": "name"}},
        {"unique": {"columns": ["id", "name"]}},
        {"dependency": {"columns": ["city"], "determines": ["country", "member"]}},
        {"exclusive": {"columns": ["member", "age"]}},
    ],
)
def test_sound_constraints_earn_nothing(rule: dict[str, Any]) -> None:
    assert codes(check(rules(rule), ALONE)) == []


@pytest.mark.feature(217)
def test_constraints_of_child_tables_and_over_tables_are_sound() -> None:
    own = {"inequality": {"low": "buyer_since", "high": "day"}}
    since = {"inequality": {"low": "people.born", "high": "day"}}
    assert codes(check(over("orders", since, {"range": {"column": "paid", "min": 0}}), ORDERS)) == []
    assert codes(check(over("people", LINES), ORDERS)) == []
    assert codes(check(over("orders", own), ORDERS)) == [(ABOVE_ORDERS, "constraint-unknown-column")]


@pytest.mark.parametrize(
    ("low", "high", "sound"),
    [
        ("day", "moment", True),
        ("moment", "day", True),
        ("moment", "zoned", False),
        ("hour", "later", True),
        ("hour", "moment", False),
        ("wait", "wait", False),
    ],
)
def test_only_values_with_an_order_between_them_are_compared(low: str, high: str, sound: bool) -> None:
    found = codes(check(rules({"inequality": {"low": low, "high": high}}), MOMENTS))
    assert (not found) is sound


def test_bounds_of_moments_and_times_are_read_as_such() -> None:
    sound = [
        {"range": {"column": "moment", "min": "2024-01-01", "max": "2024-01-01 12:00"}},
        {"range": {"column": "zoned", "max": "2024-01-01 12:00:00"}},
        {"range": {"column": "hour", "min": "08:00:00"}},
    ]
    assert codes(check(rules(*sound), MOMENTS)) == []
    wrong = {"range": {"column": "moment", "min": "2024-01-02", "max": "2024-01-01"}}
    assert [code for _, code in codes(check(rules(wrong), MOMENTS))] == ["constraint-bounds"]
