"""Numbers: what a single row or subject holds decides neither the digits nor the bounds of a column."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType
from semblant_models.tabular.encodings import Draw, fit_encoding
from semblant_models.tabular.encodings.scale import Scale


def made_from(values: np.ndarray, subjects: np.ndarray | None = None) -> tuple[np.ndarray, str]:
    array = pa.array(values, from_pandas=True)
    plan = ColumnPlan(name="x", type=array.type, encoding=EncodingType.NUMBER)
    encoding = fit_encoding(plan, array, subjects, 10)
    out = [encoding.decode(encoding.encode(array), Draw(rng=np.random.default_rng(s))) for s in range(5)]
    return np.concatenate([part.to_numpy(zero_copy_only=False) for part in out]), str(encoding.to_dict())


@pytest.mark.feature(210)
def test_one_value_with_many_decimals_does_not_give_them_to_the_column() -> None:
    prices = np.random.default_rng(0).lognormal(4, 1, 3000).round(2)
    prices[7] = 50.123456789
    out, state = made_from(prices)
    assert np.array_equal(out, out.round(2))
    assert "50.1234" not in state
    prices[:30] += 0.001
    assert not np.array_equal(made_from(prices)[0].round(2), made_from(prices)[0])


@pytest.mark.feature(210, 244)
def test_decimals_are_counted_by_subjects_and_not_by_rows() -> None:
    prices = np.random.default_rng(0).lognormal(4, 1, 3000).round(2)
    prices[:50] += 0.001
    subjects = np.arange(3000, dtype=np.uint64)
    assert not np.array_equal(made_from(prices, subjects)[0].round(2), made_from(prices, subjects)[0])
    subjects[:50] = 7
    out, _ = made_from(prices, subjects)
    assert np.array_equal(out, out.round(2))


@pytest.mark.feature(244)
@pytest.mark.parametrize("rare", [10, 12, 25, 39, 60])
def test_an_extreme_among_few_rare_values_moves_no_bound(rare: int) -> None:
    usual = np.repeat(np.arange(5.0), 200)
    others = 10.5 + 1.1 * np.arange(rare - 1)
    out, _ = made_from(np.concatenate([usual, others, [1e9]]))
    assert out.max() <= others.max()
    bounds = Scale.fit(np.concatenate([others, [-1e9]]), None, 10).cells
    assert bounds.min() >= others.min()


@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_outermost_values_of_a_small_table_are_not_heaped_on_their_bound(kind: type) -> None:
    rng = np.random.default_rng(1)
    lengths: np.ndarray = np.sort(rng.normal(1_700, 100, 100)).astype(kind)
    out, _ = made_from(lengths)
    for part in (0.05, 0.95):
        assert abs(np.quantile(out, part) - np.quantile(lengths, part)) < 25
    assert out.min() > lengths[0] - 50
    assert out.max() < lengths[-1] + 50
    assert max(np.unique(out.round(), return_counts=True)[1]) < 0.05 * len(out)
    waits: np.ndarray = rng.exponential(100, 100).astype(kind)
    assert made_from(waits)[0].min() >= 0
    assert made_from(-waits)[0].max() <= 0


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (pa.int8(), -128, 127),
        (pa.uint8(), 0, 255),
        (pa.int64(), -(2**63), 2**63 - 1),
        (pa.uint64(), 0, 2**64 - 1),
        (pa.decimal128(4, 2), Decimal("-99.99"), Decimal("99.99")),
        (pa.float16(), -65504.0, 65504.0),
        (pa.float64(), -1.7e308, 1.7e308),
    ],
    ids=str,
)
def test_outermost_values_stay_within_the_type(kind: pa.DataType, low: Any, high: Any) -> None:
    step = (high - low) / 100 if isinstance(low, Decimal) else (high // 100 - low // 100)
    values = [min(max(low + step * n, low), high) for n in range(101)]
    if isinstance(low, Decimal):
        values = [v.quantize(Decimal("0.01")) for v in values]
    array = pa.array([np.float16(v) for v in values] if kind == pa.float16() else values, kind)
    plan = ColumnPlan(name="x", type=kind, encoding=EncodingType.NUMBER)
    encoding = fit_encoding(plan, array, None, 10)
    out = encoding.decode(encoding.encode(array), Draw(rng=np.random.default_rng(0)))
    assert out.type == kind
    assert all(low <= v <= high for v in out.to_pylist())


@pytest.mark.feature(212, 244)
def test_a_column_that_fewer_than_five_subjects_fill_stays_missing() -> None:
    values = np.full(1000, np.nan)
    values[10] = 123456.0
    out, state = made_from(values)
    assert np.isnan(out).all()
    assert "123456" not in state
    values[:200] = np.arange(200) % 20
    assert not np.isnan(made_from(values)[0]).all()
