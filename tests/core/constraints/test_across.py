"""Rules over several tables: what a name may mean, how values are moved, how totals and lines come together."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from semblant.constraints.between import Between
from semblant.constraints.checking import kept
from semblant.constraints.guarded import GuardedModel
from semblant.constraints.joining import joined
from semblant.constraints.outside import found_outside
from semblant.constraints.shaping import Shaping
from semblant.pipeline.relations.totals import added
from semblant.run import Run
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.spec.constraints import Exclusive, Inequality, Sum, constraint_of
from semblant.training import PARENT_ROW, GenerationContext, GenerationRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def key(column: str, references: str, **more: Any) -> ForeignKey:
    return ForeignKey(columns=(column,), references=references, referenced_columns=("id",), **more)


def table(name: str, *columns: str, keys: tuple[ForeignKey, ...] = ()) -> Table:
    return Table(
        name=name,
        columns=tuple(Column(name=n, type=pa.int64()) for n in ("id", *columns, *(k.columns[0] for k in keys))),
        primary_key=("id",),
        foreign_keys=keys,
    )


SHOP = Schema(
    tables=(
        table("product", "price"),
        table("customer", "since"),
        table("order", "day", "total", keys=(key("customer", "customer"),)),
        table("line", "paid", keys=(key("order", "order"), key("product", "product"), key("gift", "product"))),
        table("visit", keys=(key("customer", "customer"), key("order", "order", matched=True))),
    )
)


@pytest.mark.parametrize(
    ("name", "start", "found"),
    [
        ("customer.since", "order", 1),
        ("customer.since", "line", 1),
        ("line.paid", "order", 1),
        ("product.price", "line", 2),
        ("line.paid", "customer", 0),
        ("order.day", "visit", 0),
        ("order.nothing", "line", 0),
        ("since", "order", 0),
    ],
    ids=["parent", "grandparent", "lines", "two ways", "lines of lines", "a matched key", "no column", "no table"],
)
def test_a_name_means_what_keys_lead_to(name: str, start: str, found: int) -> None:
    meant = found_outside(name, SHOP.table(start), SHOP, {"product"})
    assert len(meant) == found
    assert all(outer.lines == (name == "line.paid") for outer in meant)


DATA = {
    "customer": pa.table({"id": [1, 2], "since": [5, 9]}),
    "order": pa.table({"id": [10, 11, 12], "customer": [2, 1, None], "day": [7, 7, 7], "total": [3, 8, 4]}),
    "line": pa.table({"id": [1, 2, 3], "order": [10, 10, 11], "paid": pa.array([1, 2, None])}),
}


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        (Inequality(low="customer.since", high="day"), [False, True, True]),
        (Sum(parts=("line.paid",), total="total"), [True, True, True]),
    ],
)
def test_rows_are_judged_beside_what_they_refer_to(rule: Any, held: list[bool]) -> None:
    constraint = constraint_of(rule)
    rows = joined(constraint, SHOP.table("order"), SHOP, (), lambda name, columns: DATA[name].select(list(columns)))
    assert kept(constraint, rows).tolist() == held


RNG = np.random.default_rng(0)
BEYOND = RNG.integers(0, 100, 4000)
KINDS = {
    "whole numbers": (pa.array(RNG.integers(-50, 150, 4000)), pa.array(BEYOND)),
    "numbers": (pa.array(RNG.normal(50, 60, 4000).round(2)), pa.array(BEYOND)),
    "decimals": (
        pa.array([Decimal(int(x)) / 4 for x in RNG.integers(-200, 600, 4000)], pa.decimal128(9, 2)),
        pa.array(BEYOND.astype(float)),
    ),
    "days": (
        pa.array((18_000 + RNG.integers(-50, 150, 4000)).astype("datetime64[D]")),
        pa.array((18_000 + BEYOND).astype("datetime64[D]")),
    ),
    "days and moments": (
        pa.array((18_000 + RNG.integers(-50, 150, 4000)).astype("datetime64[D]")),
        pa.array(((18_000 + BEYOND) * 86_400 + 3_601).astype("datetime64[s]")),
    ),
    "moments": (
        pa.array(((18_000 + RNG.integers(-50, 150, 4000)) * 86_400).astype("datetime64[s]")).cast(
            pa.timestamp("us", "UTC")
        ),
        pa.array(((18_000 + BEYOND) * 86_400).astype("datetime64[s]")).cast(pa.timestamp("ms", "UTC")),
    ),
}


@pytest.mark.feature(217)
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("low", [False, True], ids=["at least", "at most"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_values_on_the_wrong_side_move_and_no_other_does(kind: str, *, low: bool, strict: bool) -> None:
    own, other = KINDS[kind]
    rule = Inequality(low="own" if low else "t.x", high="t.x" if low else "own", strict=strict)
    rows = pa.table({"own": pc.if_else(pa.array(RNG.random(4000) < 0.1), None, own), "t.x": other})
    before = kept(constraint_of(rule), rows)
    assert 0.1 < before.mean() < 0.95
    told = np.arange(4000) % 10 == 0
    mended = Between(rule=rule, own="own").mended(rows, {"own": told})
    after = kept(constraint_of(rule), mended)
    assert after[~told].all()
    same = pc.fill_null(pc.equal(mended["own"], rows["own"]), True).to_numpy()
    assert same[before].all()
    assert same[told].all(), "given values stay"
    assert mended["own"].null_count == rows["own"].null_count
    assert not pc.equal(mended["own"], rows["own"]).to_numpy(zero_copy_only=False)[~before & ~told].any()


def test_totals_follow_from_lines_and_lines_from_given_totals() -> None:
    rng = np.random.default_rng(1)
    owner = rng.integers(-1, 300, 3000)
    lines = pa.chunked_array([pa.array(rng.gamma(2, 20, 3000).round(2))])
    totals = pa.chunked_array([pa.array(rng.gamma(2, 200, 310).round(2))])
    given = np.arange(310) % 3 == 0
    made, parts = added(totals, lines, owner, given)
    there = owner >= 0
    sums = np.bincount(owner[there], parts.to_numpy()[there], minlength=310)
    some = np.bincount(owner[there], minlength=310) > 0
    assert np.abs(made.to_numpy() - sums)[some].max() < 1e-6
    assert (made.to_numpy()[given] == totals.to_numpy()[given]).all()
    assert (made.to_numpy()[~some] == totals.to_numpy()[~some]).all(), "no lines, no rule"
    moved = parts.to_numpy() != lines.to_numpy()
    assert not moved[~there | ~given[np.maximum(owner, 0)]].any()
    assert (np.abs(parts.to_numpy() * 100 - np.rint(parts.to_numpy() * 100)) < 1e-6).all(), "still cents"
    assert parts.to_numpy().min() >= 0


class Children:
    """Makes rows below parents: a day that rises and two independent marks."""

    history: tuple[dict[str, float], ...] = ()
    settings_used: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        context = request.context
        assert context is not None
        assert context.counts is not None
        rng = np.random.default_rng(request.seed)
        owner = np.repeat(np.arange(len(context.counts)), context.counts)
        day = np.concatenate([np.sort(rng.integers(0, 100, n)) for n in context.counts])
        marks = rng.random((2, len(owner))) < 0.4
        yield pa.RecordBatch.from_arrays(
            [pa.array(day), pa.array(marks[0]), pa.array(marks[1]), pa.array(owner)], ["day", "a", "b", PARENT_ROW]
        )

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        return np.zeros(rows.num_rows)

    def save(self, folder: Path) -> None:
        (folder / "model.json").write_text("{}")


@pytest.mark.feature(217)
def test_rows_of_a_child_are_drawn_again_below_their_parent_and_stay_in_time(tmp_path: Path) -> None:
    counts = np.random.default_rng(2).integers(0, 6, 400)
    parents = pa.table({"first": np.random.default_rng(3).integers(0, 60, 400)})
    schema = pa.schema([("day", pa.int64()), ("a", pa.bool_()), ("b", pa.bool_())])
    rules = [Exclusive(columns=("a", "b")), Inequality(low="top.first", high="day")]
    shaping = Shaping.fit([constraint_of(r) for r in rules], schema, lambda _: pa.table({}), 1)
    model = GuardedModel(model=Children(), shaping=shaping)
    context = GenerationContext(
        parents=lambda: iter(parents.to_batches()),
        parent_rows=400,
        counts=counts,
        beside=lambda made: pa.table({"top.first": parents["first"].take(made[PARENT_ROW].combine_chunks())}),
    )
    run = Run(job="test", seed=1, workspace=tmp_path)
    made = pa.Table.from_batches(list(model.generate(GenerationRequest(rows=0, seed=4, context=context), run)))
    assert made.column_names == ["day", "a", "b", PARENT_ROW]
    assert np.bincount(made[PARENT_ROW].to_numpy(), minlength=400).tolist() == counts.tolist()
    assert not pc.any(pc.and_(made["a"], made["b"])).as_py()
    day, owner = made["day"].to_numpy(), made[PARENT_ROW].to_numpy()
    assert (day >= parents["first"].to_numpy()[owner]).all()
    assert (np.diff(day)[owner[1:] == owner[:-1]] >= 0).all()
