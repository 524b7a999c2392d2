"""Counting the rows that break a constraint: every kind, its nulls, its types."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from semblant.constraints.checking import kept, violations
from semblant.spec.constraints import (
    Combinations,
    Constraint,
    Dependency,
    Exclusive,
    Inequality,
    Range,
    Sum,
    Unique,
    constraint_of,
)

DAY = dt.date(2024, 5, 1)
NOON = dt.datetime(2024, 5, 1, 12)


def broken(rule: Any, **columns: Any) -> list[int]:
    table = pa.table(columns)
    mask = kept(constraint_of(rule), table)
    assert violations(constraint_of(rule), table) == int((~mask).sum())
    return [row for row, fine in enumerate(mask) if not fine]


def test_an_inequality_compares_numbers_and_passes_over_nulls() -> None:
    columns = {"a": [1, 2, 3, None, 5], "b": [1.0, 1.0, 4.0, 1.0, None]}
    assert broken(Inequality(low="a", high="b"), **columns) == [1]
    assert broken(Inequality(low="a", high="b", strict=True), **columns) == [0, 1]


def test_an_inequality_compares_dates_with_moments_and_decimals_with_numbers() -> None:
    later = pa.array([NOON, NOON - dt.timedelta(days=1)], pa.timestamp("us"))
    assert broken(Inequality(low="a", high="b"), a=pa.array([DAY, DAY]), b=later) == [1]
    zoned = later.cast(pa.timestamp("ns", "Europe/Rome"))
    assert broken(Inequality(low="a", high="b"), a=pa.array([DAY, DAY]), b=zoned) == [1]
    prices = pa.array([Decimal("1.50"), Decimal("2.50")])
    assert broken(Inequality(low="a", high="b"), a=prices, b=[2.0, 2.0]) == [1]


def test_a_range_has_either_bound_strict_or_not_and_reads_dates() -> None:
    assert broken(Range(column="a", min=0, max=3), a=[-1, 0, 3, 4, None]) == [0, 3]
    assert broken(Range(column="a", min=0, max=3, strict=True), a=[-1, 0, 1, 3, None]) == [0, 1, 3]
    assert broken(Range(column="a", max=1.5), a=[1.0, 1.6]) == [1]
    days = pa.array([DAY, DAY + dt.timedelta(days=1)])
    assert broken(Range(column="a", max="2024-05-01"), a=days) == [1]
    moments = pa.array([NOON, NOON + dt.timedelta(days=1)], pa.timestamp("us"))
    assert broken(Range(column="a", min="2024-05-01 13:00"), a=moments) == [0]
    with pytest.raises(ValueError, match="'soon' is no date"):
        broken(Range(column="a", max="soon"), a=days)


def test_a_sum_is_exact_for_whole_numbers_and_as_exact_as_its_decimals_for_others() -> None:
    assert broken(Sum(parts=("a", "b"), total="c"), a=[1, 2, 3], b=[1, 1, None], c=[2, 4, 9]) == [1]
    cents = {"a": [0.1, 0.25, 1.0], "b": [0.2, 0.5, 1.0], "c": [0.3, 0.75, 2.01]}
    assert broken(Sum(parts=("a", "b"), total="c"), **cents) == [2]
    assert broken(Sum(parts=("a", "b"), total="c", tolerance=0.02), **cents) == []
    money = [Decimal("1.10"), Decimal("2.20")]
    assert broken(Sum(parts=("a", "a"), total="c"), a=money, c=[Decimal("2.20"), Decimal("4.41")]) == [1]


def test_uniqueness_counts_repetitions_and_passes_over_nulls() -> None:
    assert broken(Unique(columns=("a",)), a=["x", "y", "x", None, None, "x"]) == [2, 5]
    assert broken(Unique(columns=("a", "b")), a=[1, 1, 1, None], b=["p", "q", "p", "p"]) == [2]


def test_a_new_deciding_value_breaks_no_dependency_as_long_as_it_decides_one_thing() -> None:
    rule = constraint_of(Dependency(columns=("city",), determines=("zone",)))
    original = pa.table({"city": ["Rome", "Bari"], "zone": ["centre", "south"]})
    made = pa.table({"city": ["Rome", "Rimona", "Rimona", "Bari"], "zone": ["centre", "south", "south", "north"]})
    assert violations(rule, made, original) == 1  # Bari lies in the south
    torn = pa.table({"city": ["Rimona"] * 3, "zone": ["south", "north", "south"]})
    assert violations(rule, torn, original) == 1


def test_a_dependency_is_broken_by_the_rarer_value() -> None:
    columns = {"zip": ["1", "1", "1", "2", None, None], "city": ["A", "B", "A", "B", "C", None]}
    assert broken(Dependency(columns=("zip",), determines=("city",)), **columns) == [1, 5]


def test_combinations_are_held_against_the_original_rows() -> None:
    rule = constraint_of(Combinations(columns=("a", "b")))
    real = pa.table({"a": ["x", "y", None], "b": [1, 2, 3]})
    made = pa.table({"a": pa.array(["x", "x", None]).dictionary_encode(), "b": [1, 2, 3]})
    assert violations(rule, made) == 0
    assert violations(rule, made, real) == 1
    follows = constraint_of(Dependency(columns=("a",), determines=("b",)))
    assert violations(follows, pa.table({"a": ["x", "y"], "b": [1, 1]}), real) == 1


def test_exclusive_columns_are_set_when_they_say_something() -> None:
    columns = {"a": [True, False, True, None], "b": [0, 7, 7, None], "c": ["", "", "x", None]}
    assert broken(Exclusive(columns=("a", "b", "c")), **columns) == [2]
    assert broken(Exclusive(columns=("a", "b", "c"), exactly_one=True), **columns) == [2, 3]


def test_an_entry_is_exactly_one_kind() -> None:
    with pytest.raises(ValueError, match="says nothing"):
        Constraint()
    with pytest.raises(ValueError, match="both range and unique"):
        Constraint(unique=Unique(columns=("a",)), range=Range(column="a", min=0))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Inequality(low="a", high="b", strict=True), "a < b"),
        (Range(column="a", min=0), "0 ≤ a"),
        (Range(column="a", min=0, max=9, strict=True), "0 < a < 9"),
        (Combinations(columns=("a", "b")), "only seen combinations of a, b"),
        (Sum(parts=("a", "b"), total="c"), "a + b = c"),
        (Unique(columns=("a",)), "a unique"),
        (Dependency(columns=("a",), determines=("b", "c")), "a → b, c"),
        (Exclusive(columns=("a", "b")), "at most one of a, b"),
    ],
)
def test_a_constraint_says_itself_in_words(rule: Any, words: str) -> None:
    assert str(constraint_of(rule)) == words
