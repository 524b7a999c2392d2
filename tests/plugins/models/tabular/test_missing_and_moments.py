"""Missing values stay missing in every encoding and depend on the row; moments keep type, zone and microseconds."""

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

from semblant.training import ColumnPlan
from semblant.vocabulary import ColumnTreatment
from semblant.vocabulary import EncodingType as E
from semblant_models.tabular.encodings import Draw, Encoding, encoding_from_dict, fit_encoding
from semblant_models.tabular.encodings.arrow import plain, restore
from tests.plugins.models.tabular.making import drawn, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path

_QUICK = settings(max_examples=30, deadline=None)


def fitted(values: pa.Array, encoding: E, *, keep: bool = False) -> Encoding:
    treatment = ColumnTreatment.KEEP if keep else ColumnTreatment.SYNTHESIZE
    plan = ColumnPlan(name="x", type=values.type, encoding=encoding, treatment=treatment)
    return encoding_from_dict(json.loads(json.dumps(fit_encoding(plan, values, None, 10).to_dict())))


def through(values: pa.Array, encoding: E, *, keep: bool = False) -> pa.Array:
    made = fitted(values, encoding, keep=keep)
    return restore(made.decode(made.encode(plain(values)), Draw(rng=np.random.default_rng(0))), values.type)


_COUNT = 400
_NUMBERS = list(range(_COUNT))
KINDS: list[tuple[E, list[Any], pa.DataType]] = [
    (E.CATEGORICAL, [f"c{i % 5}" for i in _NUMBERS], pa.string()),
    (E.CATEGORICAL, [f"c{i % 300}" for i in _NUMBERS], pa.string()),
    (E.BOOLEAN, [i % 2 == 0 for i in _NUMBERS], pa.bool_()),
    (E.INTEGER, _NUMBERS, pa.int16()),
    (E.NUMBER, [i / 7 for i in _NUMBERS], pa.float64()),
    (E.LATITUDE, [40 + i / 977 for i in _NUMBERS], pa.float32()),
    (E.DATE, [dt.date(2020, 1, 1) + dt.timedelta(days=i) for i in _NUMBERS], pa.date32()),
    (E.DATETIME, [dt.datetime(2020, 1, 1) + dt.timedelta(seconds=i * 12345) for i in _NUMBERS], pa.timestamp("us")),
    (E.TIME, [dt.time(i % 24, i % 60) for i in _NUMBERS], pa.time64("us")),
    (E.DURATION, [dt.timedelta(seconds=i * 37) for i in _NUMBERS], pa.duration("us")),
    (E.PATTERN, [f"A-{i:04d}" for i in _NUMBERS], pa.string()),
    (E.IDENTIFIER, [f"A-{i:04d}" for i in _NUMBERS], pa.string()),
    (E.IDENTIFIER, _NUMBERS, pa.int64()),
    (E.IDENTIFIER, [bytes([i % 256, i // 256] * 8) for i in _NUMBERS], pa.binary(16)),
    (E.JSON, [f'{{"a": {i % 4}}}' for i in _NUMBERS], pa.string()),
    (E.LIST, [[i % 3] * (i % 4) for i in _NUMBERS], pa.list_(pa.int8())),
    (E.STRUCT, [{"a": i % 3} for i in _NUMBERS], pa.struct([("a", pa.int8())])),
]


@pytest.mark.feature(212)
@pytest.mark.parametrize(("encoding", "some", "kind"), KINDS, ids=[f"{e}-{k}" for e, _, k in KINDS])
def test_what_is_missing_stays_missing_and_nothing_else_becomes_so(
    encoding: E, some: list[Any], kind: pa.DataType
) -> None:
    values = pa.array([None if i % 7 == 3 else v for i, v in enumerate(some)], kind)
    out = through(values, encoding)
    assert out.type == kind
    assert out.is_null().equals(values.is_null())
    assert through(values.drop_null(), encoding).null_count == 0


@pytest.mark.feature(212)
def test_missing_values_depend_on_the_row(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b"], 3000)
    gone = rng.random(3000) < np.where(group == "a", 0.6, 0.05)
    values = {"x": rng.normal(size=3000), "day": rng.integers(0, 900, 3000).astype(np.int32)}
    table = pa.table(
        {
            "group": group,
            "x": pa.array(values["x"], mask=gone),
            "day": pa.array(values["day"], mask=gone).cast(pa.date32()),
        }
    )
    model = trained(training_table(table), tmp_path, max_epochs=12, size="small")
    worst = max(entry["validation_loss"] for entry in model.history)
    assert worst < 100, "a day of the held-out rows alone is no impossible one, or no early stop could be judged"
    made = drawn(model, tmp_path, rows=4000)
    own = made["group"].to_numpy() == "a"
    for name in ("x", "day"):
        missing = made[name].is_null().to_numpy()
        assert 0.45 < missing[own].mean() < 0.75
        assert missing[~own].mean() < 0.25


_ZONES = st.sampled_from([None, "UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata"])
_UNITS = st.sampled_from(["s", "ms", "us", "ns"])


@pytest.mark.feature(211)
@given(st.lists(st.none() | st.integers(0, 2 * 10**15), min_size=1, max_size=30), _ZONES, _UNITS)
@_QUICK
def test_any_kept_moments_come_back_to_the_microsecond_in_their_zone(
    some: list[int | None], zone: str | None, unit: str
) -> None:
    values = pa.array(some, pa.int64()).cast(pa.timestamp("us", zone)).cast(pa.timestamp(unit, zone), safe=False)
    out = through(values, E.DATETIME, keep=True)
    assert out.type == values.type
    same = pc.equal(out, values).drop_null()
    if zone in (None, "UTC", "Asia/Kolkata"):
        assert out.equals(values)
    else:  # an hour that a clock change has twice is taken for the earlier one
        off = pc.abs(pc.subtract(out.cast(pa.timestamp("s"), safe=False).cast(pa.int64()),
                                 values.cast(pa.timestamp("s"), safe=False).cast(pa.int64())))  # fmt: skip
        assert not len(same) or pc.max(off).as_py() in (0, 3600)


@pytest.mark.feature(211)
@given(st.lists(st.none() | st.integers(-(10**12), 10**12), min_size=1, max_size=30), _UNITS)
@_QUICK
def test_any_kept_durations_come_back_exactly(some: list[int | None], unit: str) -> None:
    values = pa.array(some, pa.int64()).cast(pa.duration(unit))
    assert through(values, E.DURATION, keep=True).equals(values)


@pytest.mark.feature(211)
def test_durations_keep_round_minutes() -> None:
    rng = np.random.default_rng(0)
    seconds = np.where(
        rng.random(20_000) < 0.7, rng.gamma(3, 40, 20_000).round() * 60, rng.gamma(3, 2400, 20_000).round()
    )
    values = pa.array(seconds.astype(np.int64)).cast(pa.duration("s"))
    out = through(values, E.DURATION).cast(pa.int64()).to_numpy()
    assert abs((out % 60 == 0).mean() - (seconds % 60 == 0).mean()) < 0.02
    assert abs(np.median(out) - np.median(seconds)) < 0.03 * np.median(seconds)
