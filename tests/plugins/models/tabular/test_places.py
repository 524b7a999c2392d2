"""Places: latitude and longitude are protected together, and lose nothing by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.vocabulary import ColumnTreatment, EncodingType
from semblant_models.tabular.encodings import Draw
from semblant_models.tabular.encodings.places import Places
from semblant_models.tabular.table import TableEncoding
from tests.plugins.models.tabular.making import training_table

if TYPE_CHECKING:
    from typing import Any

_QUICK = settings(max_examples=30, deadline=None)
_HALVES = {"lat": EncodingType.LATITUDE, "lon": EncodingType.LONGITUDE}
_HOUSE = (45.123456, 9.654321)


def town(rows: int = 4000, planted: int = 0) -> tuple[pa.Table, np.ndarray]:
    """Give two quarters with a hole between them, where one subject holds ``planted`` rows."""
    rng = np.random.default_rng(0)
    side = np.where(rng.random(rows) < 0.5, -1, 1)
    points = np.stack([45.1 + 0.1 * side + rng.normal(0, 0.02, rows), 9.6 + rng.normal(0, 0.05, rows)], axis=1)
    points = np.concatenate([points.round(6), np.tile(_HOUSE, (planted, 1))])
    who = np.concatenate([np.arange(rows), np.full(planted, 10**6)]).astype(np.uint64)
    return pa.table({"lat": points[:, 0], "lon": points[:, 1]}), who


def fitted(table: pa.Table, who: np.ndarray, **plans: Any) -> TableEncoding:
    training = training_table(table, encodings=_HALVES, options=plans)
    made = TableEncoding.fit(training, table, who)
    return TableEncoding.from_dict(json.loads(json.dumps(made.to_dict())))


def again(encoding: TableEncoding, table: pa.Table) -> np.ndarray:
    made = encoding.decode(encoding.encode(table), Draw(rng=np.random.default_rng(1)))
    return np.stack([made.column(name).to_numpy() for name in ("lat", "lon")], axis=1)


def near(points: np.ndarray, within: float) -> int:
    return int((np.abs(points - np.array(_HOUSE)).max(axis=1) < within).sum())


@pytest.mark.feature(214, 244)
def test_a_place_that_one_subject_holds_in_fifty_rows_does_not_come_out() -> None:
    table, who = town(planted=50)
    made = np.concatenate([again(fitted(table, who), table) for _ in range(5)])
    assert near(made, 1e-4) == 0
    apart = fitted(table, who, lat={"treatment": ColumnTreatment.KEEP})
    assert near(again(apart, table), 1e-3) > 30


@pytest.mark.feature(214)
def test_places_stay_in_their_quarter_and_keep_shares_and_decimals() -> None:
    table, who = town()
    made, real = again(fitted(table, who), table), np.stack([table["lat"], table["lon"]], axis=1)
    assert np.array_equal(made, made.round(6))
    assert np.mean((made[:, 0] > 45.1) == (real[:, 0] > 45.1)) > 0.98
    assert np.median(np.abs(made - real)) < 0.01
    cells = [np.floor((part - [44.9, 9.4]) / 0.05).clip(0, 7).astype(int) @ [8, 1] for part in (real, made)]
    shares = [np.bincount(codes, minlength=64) / len(codes) for codes in cells]
    assert np.abs(shares[0] - shares[1]).sum() / 2 < 0.04


@pytest.mark.feature(214)
def test_a_place_that_many_share_comes_out_exactly() -> None:
    table, who = town(rows=1000)
    stations = pa.table({"lat": [45.0, 45.5] * 100, "lon": [9.1, 9.2] * 100})
    both = pa.concat_tables([table, stations])
    everyone = np.concatenate([who, np.arange(5000, 5200)]).astype(np.uint64)
    made = again(fitted(both, everyone), both)[1000:]
    assert {tuple(point) for point in made.tolist()} == {(45.0, 9.1), (45.5, 9.2)}


@pytest.mark.feature(11, 214)
def test_another_encoding_or_keep_takes_the_pair_apart() -> None:
    table, who = town(rows=300)
    assert len(fitted(table, who).pairs) == 1
    training = training_table(table, encodings={"lat": EncodingType.NUMBER, "lon": EncodingType.LONGITUDE})
    assert not TableEncoding.fit(training, table, who).pairs
    assert not fitted(table, who, lon={"treatment": ColumnTreatment.KEEP}).pairs


@given(st.integers(0, 300), st.integers(1, 12), st.integers(0, 5))
@_QUICK
def test_any_places_stay_within_their_bounds(rows: int, least: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.choice([0.0, 1.0, 2.5], (rows, 2)) if seed % 2 else rng.normal(size=(rows, 2))
    if not rows:
        return
    places = Places.from_dict(json.loads(json.dumps(Places.fit(points, None, least).to_dict())))
    out = places.moved(points, rng)
    assert out.shape == points.shape
    assert (out >= points.min(axis=0)).all()
    assert (out <= points.max(axis=0)).all()


def test_missing_halves_stay_missing() -> None:
    table = pa.table({"lat": pa.array([1.5, None, 2.5] * 30), "lon": pa.array([None, 3.5, 4.5] * 30)})
    made = fitted(table, np.arange(90, dtype=np.uint64))
    out = made.decode(made.encode(table), Draw(rng=np.random.default_rng(0)))
    assert [out.column(i).is_null().equals(table.column(i).combine_chunks().is_null()) for i in (0, 1)] == [True, True]
