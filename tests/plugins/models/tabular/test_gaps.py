"""Moments near each other: the second is learned from the first, and keeps its distance and order."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.detection.together import find_gap
from semblant.errors import ModelError
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType
from semblant_models.tabular.encodings import Draw, Gap, Sample
from semblant_models.tabular.table import TableEncoding
from tests.plugins.models.tabular.making import drawn, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant_models.tabular.model import TabularModel

_QUICK = settings(max_examples=30, deadline=None)
_DAY = 86_400_000_000


def fitted(end: pa.Array, begin: pa.Array, *, daily: bool, least: int = 1) -> Gap:
    made = Gap.fit(Sample(values=end, min_subjects=least), begin, anchor="begin", daily=daily)
    return Gap.from_dict(json.loads(json.dumps(made.to_dict())))


def through(gap: Gap, end: pa.Array, begin: pa.Array) -> pa.Array:
    return gap.decode(gap.encode(end, begin), Draw(rng=np.random.default_rng(0)), begin)


_KINDS = [
    pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("ms", "Europe/Rome"), pa.timestamp("us", "America/New_York"),
    pa.date32(), pa.date64(),
]  # fmt: skip
_MOMENTS = st.datetimes(dt.datetime(1999, 1, 1), dt.datetime(2030, 1, 1)).map(lambda m: m.replace(microsecond=0))


@pytest.mark.feature(211)
@given(
    st.lists(st.tuples(st.none() | _MOMENTS, st.none() | st.integers(-5, 90)), min_size=1, max_size=25),
    st.sampled_from(_KINDS),
    st.booleans(),
)
@_QUICK
def test_any_moments_come_back_from_their_anchor(
    rows: list[tuple[dt.datetime | None, int | None]], kind: pa.DataType, daily: bool
) -> None:  # fmt: skip
    date = pa.types.is_date(kind)
    begin = pa.array([b for b, _ in rows], pa.timestamp("us")).cast(kind, safe=False)
    if not date and kind.tz:
        begin = pc.assume_timezone(
            begin.cast(pa.timestamp(kind.unit)), kind.tz, nonexistent="latest", ambiguous="latest"
        )
    minutes = pa.array([d if d is None else d * (86_400 if date else 60) for _, d in rows], pa.int64())
    whole = pc.add(begin.cast(pa.timestamp("s", getattr(kind, "tz", None)), safe=False).cast(pa.int64()), minutes)
    end = whole.cast(pa.timestamp("s", getattr(kind, "tz", None))).cast(kind)
    out = through(fitted(end, begin, daily=daily or date), end, begin)
    assert out.type == kind
    if daily and not date and kind.tz:
        gone = pc.subtract(out, end).drop_null().unique().to_pylist()
        assert all(abs(span) <= dt.timedelta(hours=1) for span in gone)  # an hour that a clock change has twice
    else:
        assert out.to_pylist() == end.to_pylist()


def rides(rows: int = 3000) -> pa.Table:
    rng = np.random.default_rng(0)
    begin = 1_600_000_000 + rng.integers(0, 90 * 86_400, rows)
    far = rng.random(rows) < 0.4
    length = np.where(far, rng.gamma(9, 300, rows), rng.gamma(4, 60, rows)).astype(np.int64) + 30
    times = {"pickup": begin, "dropoff": begin + length}
    return pa.table(
        {
            **{name: pa.array(values, pa.int64()).cast(pa.timestamp("s")) for name, values in times.items()},
            "far": pa.array(far),
            "born": pa.array(rng.integers(-9000, 9000, rows), pa.int64()).cast(pa.int32()).view(pa.date32()),
        }
    )


def minutes(table: pa.Table) -> np.ndarray:
    span = pc.subtract(table["dropoff"].cast(pa.int64()), table["pickup"].cast(pa.int64()))
    return np.asarray(span.to_numpy()) / 60


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TabularModel:
    encodings = {"far": EncodingType.BOOLEAN}
    return trained(
        training_table(rides(), encodings=encodings), tmp_path_factory.mktemp("rides"), max_epochs=8, size="small"
    )


@pytest.mark.feature(211)
def test_pickup_comes_before_dropoff_and_the_time_between_depends_on_the_row(
    model: TabularModel, tmp_path: Path
) -> None:
    real, made = rides(), drawn(model, tmp_path, rows=6000)
    assert (minutes(made) >= 0).all()
    edges = np.quantile(minutes(real), np.linspace(0.1, 0.9, 9))
    shares = [np.bincount(np.searchsorted(edges, minutes(t)), minlength=10) / t.num_rows for t in (real, made)]
    assert np.abs(shares[0] - shares[1]).sum() / 2 < 0.06
    far = made["far"].to_numpy(zero_copy_only=False)
    assert minutes(made)[far].mean() > 3 * minutes(made)[~far].mean()


@pytest.mark.feature(220)
def test_a_given_later_moment_moves_the_earlier_one_with_it(model: TabularModel, tmp_path: Path) -> None:
    given_end = pa.table({"dropoff": pa.array([dt.datetime(2020, 10, 1, 12)] * 500, pa.timestamp("s"))})
    made = drawn(model, tmp_path, rows=500, given=given_end)
    assert made["dropoff"].to_pylist() == given_end["dropoff"].to_pylist()
    assert minutes(made).min() >= 0
    assert minutes(made).max() < 200
    both = pa.table(
        {
            "pickup": pa.array([dt.datetime(2020, 10, 1, 11, 50)] * 500, pa.timestamp("s")),
            "dropoff": pa.array([dt.datetime(2020, 10, 1, 12, 40)] * 500, pa.timestamp("s")),
        }
    )
    made = drawn(model, tmp_path, rows=500, given=both)
    assert made.select(["pickup", "dropoff"]).to_pydict() == both.to_pydict()
    assert np.mean(made["far"].to_pylist()) > 0.8


def table_encoding(**options: Any) -> TableEncoding:
    table = rides(500)
    return TableEncoding.fit(
        training_table(table, encodings={"far": EncodingType.BOOLEAN}, options={"dropoff": {"options": options}}),
        table,
        None,
    )


@pytest.mark.feature(11, 211)
def test_the_spec_decides_what_a_moment_is_learned_from() -> None:
    assert table_encoding().encodings[1].kind == "gap"
    assert "since 'pickup'" in table_encoding().reasons[1]
    assert table_encoding(relative_to=None).encodings[1].kind == "moment"
    assert "since" not in table_encoding().reasons[3]
    with pytest.raises(ModelError, match="'dropoff' cannot be learned from 'far'") as caught:
        table_encoding(relative_to="far")
    assert "pickup" in str(caught.value.fix)


@pytest.mark.feature(211)
def test_gaps_of_days_keep_the_hours_of_both() -> None:
    rng = np.random.default_rng(0)
    ordered = rng.integers(0, 700, 2000) * _DAY + rng.integers(0, 86_400, 2000) * 1_000_000
    arrived = ordered // _DAY * _DAY + rng.integers(2, 6, 2000) * _DAY + rng.choice([9, 14], 2000) * 3_600_000_000
    rows = {name: pa.array(v).cast(pa.timestamp("us")) for name, v in {"o": ordered, "a": arrived}.items()}
    found = find_gap("a", rows)
    assert found is not None
    assert found.daily
    out = through(fitted(rows["a"], rows["o"], daily=True, least=10), rows["a"], rows["o"])
    assert set(pc.hour(out).to_pylist()) == {9, 14}
    assert pc.min(pc.days_between(rows["o"], out)).as_py() >= 2


@pytest.mark.feature(211)
def test_moments_far_apart_or_without_an_anchor_in_many_rows_are_learned_by_themselves() -> None:
    table = rides(500)
    rows = {name: table[name].combine_chunks() for name in ("pickup", "dropoff", "born")}
    assert find_gap("born", rows) is None
    assert find_gap("pickup", rows) is None
    holes = pc.if_else(pa.array(np.arange(500) % 10 > 0), rows["pickup"], None)
    assert find_gap("dropoff", {"pickup": holes, "dropoff": rows["dropoff"]}) is None


def test_a_plan_of_another_type_is_left_alone() -> None:
    plan = ColumnPlan(name="x", type=pa.null(), encoding=EncodingType.DATETIME)
    table = pa.table({"a": pa.nulls(20), "x": pa.nulls(20)})
    encodings = {"a": EncodingType.DATETIME, "x": plan.encoding}
    assert TableEncoding.fit(training_table(table, encodings=encodings), table, None).layout.tokens == 0
