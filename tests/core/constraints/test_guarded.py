"""Constraints hold on every row, whatever the model draws, and given cells come out as they are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from semblant.constraints.checking import violations
from semblant.constraints.guarded import REDRAWS
from semblant.constraints.shaping import Shaping
from semblant.errors import ArtefactError, DataError, ModelError
from semblant.run import Run
from semblant.spec.constraints import (
    Combinations,
    Dependency,
    Exclusive,
    Inequality,
    Range,
    Sum,
    Unique,
    constraint_of,
)
from semblant.training import ColumnPlan, GenerationRequest
from semblant.vocabulary import EncodingType
from tests.core.constraints.fake import drawn, guarded

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 2000


def trips() -> pa.Table:
    rng = np.random.default_rng(0)
    start = np.datetime64("2024-01-01T08:00:00", "s") + rng.integers(0, 300 * 86400, ROWS).astype("timedelta64[s]")
    minutes = rng.integers(1, 90, ROWS).astype("timedelta64[m]")
    born = np.datetime64("1960-01-01", "D") + rng.integers(0, 9000, ROWS)
    city = rng.integers(0, 12, ROWS)
    net, tip = rng.integers(100, 9000, ROWS) / 100, rng.integers(0, 9, ROWS) / 10
    card = rng.random(ROWS) < 0.5
    low = rng.integers(0, 50, ROWS)
    return pa.table(
        {
            "start": pa.array(start, pa.timestamp("us", "UTC"), mask=rng.random(ROWS) < 0.1),
            "end": pa.array(start + minutes, pa.timestamp("us", "UTC"), mask=rng.random(ROWS) < 0.1),
            "born": pa.array(born),
            "hired": pa.array(born + rng.integers(6000, 9000, ROWS)),
            "city": pa.array([f"c{c}" for c in city]).dictionary_encode(),
            "country": pa.array(city // 4, mask=city == 11),
            "zone": pa.array([f"z{c // 4 % 2}" for c in city]),
            "net": net,
            "tip": tip,
            "gross": pa.array((net + tip).round(2), mask=rng.random(ROWS) < 0.1),
            "card": card,
            "cash": ~card,
            "low": low,
            "high": low + rng.integers(0, 60, ROWS),
            "code": pa.array([f"{n:04}" for n in rng.permutation(10_000)[:ROWS]]),
            "age": rng.integers(18, 60, ROWS),
        }
    )


TRIPS = trips()
KINDS: dict[str, Any] = {
    "moments": Inequality(low="start", high="end"),
    "dates": Inequality(low="born", high="hired", strict=True),
    "numbers": Inequality(low="low", high="high"),
    "range": Range(column="age", min=18, max=50),
    "strict range": Range(column="age", min=17, max=55, strict=True),
    "dates in a range": Range(column="born", min="1961-01-01"),
    "combinations": Combinations(columns=("city", "country")),
    "sum": Sum(parts=("net", "tip"), total="gross"),
    "unique": Unique(columns=("code", "age")),
    "dependency": Dependency(columns=("city",), determines=("zone",)),
    "exclusive": Exclusive(columns=("card", "cash"), exactly_one=True),
}


@pytest.mark.feature(217)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_holds_on_every_row_of_a_model_that_breaks_it(kind: str, tmp_path: Path) -> None:
    constraint = constraint_of(KINDS[kind])
    model = guarded(TRIPS, KINDS[kind])
    free = drawn(guarded(TRIPS), tmp_path)
    made = drawn(model, tmp_path)
    assert violations(constraint, free, TRIPS) > 0
    assert violations(constraint, made, TRIPS) == 0
    assert made.schema.equals(TRIPS.schema)
    assert made.num_rows == 3000
    assert model.model.drawn <= (1 + REDRAWS) * 3000 + 8192  # type: ignore[attr-defined]
    for name in constraint.columns:
        assert abs(made[name].null_count / 3000 - TRIPS[name].null_count / ROWS) < 0.05


@pytest.mark.feature(217)
def test_all_kinds_hold_together_and_the_same_seed_makes_the_same_rows(tmp_path: Path) -> None:
    rules = [rule for name, rule in KINDS.items() if name not in ("strict range", "dates in a range")]
    made = drawn(guarded(TRIPS, *rules), tmp_path, rows=700)
    assert [violations(constraint_of(rule), made, TRIPS) for rule in rules] == [0] * len(rules)
    assert made.equals(drawn(guarded(TRIPS, *rules), tmp_path, rows=700))


def test_a_column_that_is_learned_as_a_gap_keeps_its_type_and_distribution(tmp_path: Path) -> None:
    real = TRIPS.filter(pc.is_valid(TRIPS["start"]))
    made = drawn(guarded(real, KINDS["moments"], KINDS["dates"]), tmp_path)
    for table in (real, made):
        minutes = pc.seconds_between(table["start"], table["end"]).drop_null().to_numpy() / 60
        assert minutes.min() >= 1
        assert minutes.max() < 90
        assert abs(np.median(minutes) - 45) < 5
    assert made["hired"].type == pa.date32()


def accounts(rows: int = ROWS) -> pa.Table:
    """Give sign-ups, and last logins any time from then to the end of 2024."""
    rng = np.random.default_rng(2)
    first = np.datetime64("2020-01-01T00:00:00", "s")
    signed = rng.integers(0, 1600 * 86_400, rows)
    seen = signed + rng.random(rows) * (1827 * 86_400 - signed)
    moments = [first + moment.astype("timedelta64[s]") for moment in (signed, seen)]
    return pa.table(
        {name: pa.array(m, pa.timestamp("us")) for name, m in zip(("signed", "seen"), moments, strict=True)}
    )


@pytest.mark.feature(217)
def test_behind_a_wide_gap_no_moment_lies_beyond_those_of_the_data(tmp_path: Path) -> None:
    real, rule = accounts(), Inequality(low="signed", high="seen")
    made = drawn(guarded(real, rule), tmp_path)
    assert violations(constraint_of(rule), made) == 0
    assert pc.max(made["seen"]).as_py() <= pc.max(real["seen"]).as_py()


@pytest.mark.feature(217, 220)
def test_a_given_moment_that_no_draw_comes_behind_is_still_met(tmp_path: Path) -> None:
    rule = Inequality(low="signed", high="seen")
    late = pa.table({"signed": pa.array([dt.datetime(2031, 5, 1)] * 30, pa.timestamp("us"))})
    made = drawn(guarded(accounts(), rule), tmp_path, rows=30, given=late)
    assert made["signed"].equals(late["signed"])
    assert violations(constraint_of(rule), made) == 0


def test_inequalities_in_a_chain_hold_whatever_their_order(tmp_path: Path) -> None:
    day = np.datetime64("2024-01-01", "D") + np.arange(500)
    table = pa.table({"c": day + 9, "a": day, "b": day + 2})
    rules = (Inequality(low="b", high="c"), Inequality(low="a", high="b"))
    made = drawn(guarded(table, *rules), tmp_path)
    assert [violations(constraint_of(rule), made) for rule in rules] == [0, 0]
    assert pc.min(pc.days_between(made["a"], made["c"])).as_py() == 9


def test_decimals_floats_and_mixed_moments_hold_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    cents = rng.integers(0, 900, 500)
    day = np.datetime64("2024-01-01", "D") + rng.integers(0, 99, 500)
    table = pa.table(
        {
            "a": pa.array([Decimal(int(c)) / 100 for c in cents], pa.decimal128(9, 2)),
            "b": pa.array([Decimal(int(c) * 2) / 100 for c in cents], pa.decimal128(9, 2)),
            "x": rng.random(500).round(3) * 100,
            "day": day,
            "moment": (day + 1).astype("datetime64[us]"),
        }
    )
    table = table.append_column("y", pa.array(np.round(table["x"].to_numpy() + rng.random(500) / 10, 3)))
    rules = (
        Sum(parts=("a", "a2"), total="b"),
        Inequality(low="x", high="y"),
        Inequality(low="day", high="moment", strict=True),
    )
    table = table.append_column("a2", table["a"])
    made = drawn(guarded(table, *rules), tmp_path)
    assert [violations(constraint_of(rule), made) for rule in rules] == [0, 0, 0]
    assert made.schema.equals(table.schema)


def test_rare_combinations_stay_out(tmp_path: Path) -> None:
    odd = pa.table({"a": ["x"] * 50 + ["y"] * 50 + ["x"], "b": [1] * 50 + [2] * 50 + [2]})
    rule = Combinations(columns=("a", "b"))
    protected, open_ = guarded(odd, rule, least=10), guarded(odd, rule, least=1)
    made = drawn(protected, tmp_path)
    assert {(r["a"], r["b"]) for r in made.to_pylist()} == {("x", 1), ("y", 2)}
    assert protected.shaping.merges[0].known.num_rows == 2
    assert ("x", 2) in {(r["a"], r["b"]) for r in drawn(open_, tmp_path).to_pylist()}


@pytest.mark.feature(220)
def test_given_cells_of_reshaped_columns_come_out_as_they_are(tmp_path: Path) -> None:
    real = TRIPS.slice(0, 400)
    model = guarded(TRIPS, *[KINDS[k] for k in ("moments", "dates", "combinations", "sum", "dependency", "numbers")])
    for names in (["end"], ["start", "end"], ["city"], ["country", "hired"], ["gross", "tip"], ["zone"], ["high"]):
        given = real.select(names)
        made = drawn(model, tmp_path, rows=400, given=given)
        for name in names:
            told = pc.is_valid(given[name])
            assert made[name].filter(told).to_pylist() == given[name].filter(told).to_pylist(), (names, name)
        for constraint in model.shaping.constraints:
            assert violations(constraint, made, TRIPS) == 0


@pytest.mark.feature(217, 220)
def test_a_given_row_that_breaks_a_constraint_is_refused_by_number_and_name(tmp_path: Path) -> None:
    model = guarded(TRIPS, KINDS["numbers"], KINDS["combinations"])
    with pytest.raises(DataError, match=r"row 2 of the given rows breaks the constraint inequality \(low ≤ high\)"):
        drawn(model, tmp_path, rows=2, given=pa.table({"low": [1, 5], "high": [2, 3]}))
    with pytest.raises(DataError, match="row 1 of the given rows breaks the constraint combinations"):
        drawn(model, tmp_path, rows=1, given=pa.table({"city": ["c1"], "country": [2]}))


@pytest.mark.feature(217)
def test_what_cannot_be_met_is_an_error_that_names_the_constraint(tmp_path: Path) -> None:
    model = guarded(TRIPS.select(["age"]), Unique(columns=("age",)))
    assert drawn(model, tmp_path, rows=40)["age"].to_pylist() != []
    with pytest.raises(ModelError, match=r"unique \(age unique\) could not be met"):
        drawn(model, tmp_path, rows=100)


def test_uniqueness_spans_batches(tmp_path: Path) -> None:
    made = drawn(guarded(TRIPS, Unique(columns=("code",))), tmp_path, rows=1500, batch_rows=100)
    assert len(set(made["code"].to_pylist())) == 1500


def test_identifiers_stay_with_their_row_when_it_is_drawn_again(tmp_path: Path) -> None:
    for request in ({}, {"given": TRIPS.select(["age"]).slice(0, 900)}):
        model = guarded(TRIPS, KINDS["numbers"])
        model.shaping.identifiers = ("code",)
        first = pa.Table.from_batches(
            list(
                model.model.generate(
                    GenerationRequest(rows=900, seed=7, **request), Run(job="", seed=1, workspace=tmp_path)
                )
            )
        )
        made = drawn(model, tmp_path, rows=900, **request)
        assert violations(constraint_of(KINDS["numbers"]), first) > 0
        assert made["code"].to_pylist() == first["code"].to_pylist()


def test_columns_that_a_backend_adds_stay_beside_their_row(tmp_path: Path) -> None:
    model = guarded(TRIPS, KINDS["numbers"], KINDS["combinations"])
    inner = model.model
    rows = inner.rows  # type: ignore[attr-defined]
    inner.rows = rows.append_column("\0row", pa.array(range(ROWS)))  # type: ignore[attr-defined]
    made = drawn(model, tmp_path, rows=500)
    assert made.column_names == [*TRIPS.column_names, "\0row"]
    assert violations(constraint_of(KINDS["numbers"]), made) == 0


def test_what_cannot_be_met_is_named_by_what_rows_drawn_again_break(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2] * 50, "b": [2, 1] * 50, "c": [1] * 100})
    model = guarded(table, Exclusive(columns=("c", "a")), Range(column="c", min=0, strict=True))
    with pytest.raises(ModelError, match=r"exclusive \(at most one of c, a\) could not be met"):
        drawn(model, tmp_path, rows=100)


def test_rebalanced_values_stay_when_a_row_is_drawn_again(tmp_path: Path) -> None:
    model = guarded(TRIPS, KINDS["numbers"])
    made = drawn(model, tmp_path, rows=500, given=pa.table({"city": ["c3"] * 500}), shares={"city": {"c3": 1.0}})
    assert set(made["city"].to_pylist()) == {"c3"}
    assert violations(constraint_of(KINDS["numbers"]), made) == 0


def test_constraints_are_kept_with_the_model_and_damage_is_refused(tmp_path: Path) -> None:
    model = guarded(TRIPS, *KINDS.values())
    model.save(tmp_path)
    again = Shaping.load(tmp_path)
    assert again is not None
    assert again.constraints == model.shaping.constraints
    model.shaping = again
    made = drawn(model, tmp_path)
    assert all(violations(constraint_of(rule), made, TRIPS) == 0 for rule in KINDS.values())
    assert model.log_prob(TRIPS).shape == (ROWS,)
    assert Shaping.load(tmp_path / "elsewhere") is None
    (tmp_path / "constraints" / "constraints.json").write_text('{"format": 1}')
    with pytest.raises(ArtefactError, match="damaged"):
        Shaping.load(tmp_path)
    (tmp_path / "constraints" / "constraints.json").write_text('{"format": 9}')
    with pytest.raises(ArtefactError, match="format 9"):
        Shaping.load(tmp_path)


def test_plans_say_what_is_learned_instead() -> None:
    shaping = guarded(TRIPS, KINDS["moments"], KINDS["combinations"]).shaping
    plans = [
        ColumnPlan(name=f.name, type=f.type, encoding=EncodingType.CATEGORICAL, rebalance=f.name == "country")
        for f in TRIPS.schema
    ]
    found = {plan.name: plan for plan in shaping.plans(plans)}
    assert "country" not in found
    assert found["city"].rebalance
    assert found["end"].type == pa.duration("us")
    assert "the gap from 'start'" in found["end"].reason
    assert shaping.forward(TRIPS).schema.names == list(found)


def test_dates_before_a_bound_become_the_bound(tmp_path: Path) -> None:
    made = drawn(guarded(TRIPS, KINDS["dates in a range"]), tmp_path)
    assert pc.min(made["born"]).as_py() == dt.date(1961, 1, 1)
