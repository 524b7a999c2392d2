"""Columns that rise along sequences."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType
from semblant_models.tabular.context.rising import Rising, rises, ticks_of
from semblant_models.tabular.encodings import Draw, Sample
from semblant_models.tabular.encodings.number import Number

DAY = dt.date(2020, 1, 1)


def test_steps_and_an_anchor_bring_dates_back_exactly() -> None:
    born = np.repeat(np.array([100, 900, 2000, 5000, 7000]), 20)
    start = np.tile(np.arange(20) == 0, 5)
    days = born + 30 + np.tile(np.arange(20) * 7, 5)
    column = pa.array(days.astype("datetime64[D]"))
    plan = ColumnPlan(name="visit", type=column.type, encoding=EncodingType.DATE)
    absolute = Number.fit(Sample(values=column.cast(pa.int32()), min_subjects=1))
    rising = Rising.fit(plan, absolute, ticks_of(column), start, {"born": born}, None, 1)
    assert rising.anchor == "born"
    parts = rising.encode(ticks_of(column), start, {"born": born})
    rng = np.random.default_rng(0)
    values = [part.decode(codes, Draw(rng=rng)) for part, codes in zip(rising.parts, parts, strict=True)]
    first = [array.filter(pa.array(start)) for array in values]
    got = rising.decode(first, None, {"born": born[start]})
    assert rising.made(got, None).equals(column.filter(pa.array(start)))
    later = [array.filter(pa.array(~start)) for array in values]
    made = rising.decode(later, days[:-1][~start[1:]], {})
    assert rising.made(made, None).equals(column.filter(pa.array(~start)))
    assert got.tolist() == (born[start] + 30).tolist()


def test_days_beyond_the_end_are_spread_and_make_no_heap_there() -> None:
    days = np.repeat(np.arange(0, 1000, 10), 20)
    start = np.tile(np.arange(100) == 0, 20)
    column = pa.array(np.sort(days).astype("datetime64[D]"))
    plan = ColumnPlan(name="visit", type=column.type, encoding=EncodingType.DATE)
    absolute = Number.fit(Sample(values=column.cast(pa.int32()), min_subjects=1))
    rising = Rising.fit(plan, absolute, ticks_of(column), start, {}, None, 1)
    assert (rising.least, rising.most) == (0, 990)
    drawn, before = np.array([500, 2000, 2000, -5] * 500), np.array([490, 600, 990, 0] * 500)
    assert rising.beyond(drawn[:4]).tolist() == [False, True, True, True]
    got = rising.within(drawn, before, np.random.default_rng(0))
    assert (got[0::4] == 500).all()
    assert got.min() >= 0
    assert got.max() == 990
    assert (got >= before).all()
    assert (got[1::4] == 990).mean() < 0.02, "as many as on any other of the 391 days that are left"
    first = rising.within(np.full(1000, 2000), None, np.random.default_rng(0))
    assert np.quantile(first, [0.25, 0.75]) == pytest.approx([248, 743], abs=40)


@pytest.mark.parametrize(("values", "expected"), [([1, 2, 3, 1, 5, 6], True), ([1, 1, 1, 1, 1, 1], False)])
def test_a_column_rises_where_it_does_within_each_sequence(values: list[int], expected: bool) -> None:
    same = np.array([False, True, True, False, True, True])
    assert rises(ticks_of(pa.array(values)), same) is expected


def test_times_of_day_are_kept_beside_the_days() -> None:
    moments = pa.array([dt.datetime(2020, 1, 1, 9, 30), None], pa.timestamp("us"))
    ticks = ticks_of(moments)
    assert ticks.clock is not None
    assert ticks.clock[0] == 34_200_000_000
    assert ticks.days[0] == (DAY - dt.date(1970, 1, 1)).days
    assert not rises(ticks, np.array([False, True])), "a column with nulls does not rise"
