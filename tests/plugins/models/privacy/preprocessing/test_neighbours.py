"""Neighbouring tables: a measurement moves as far as claimed, and nothing else of the data comes through (P2, P7)."""

from __future__ import annotations

import json

import numpy as np
import pytest

from semblant_models.privacy.preprocessing.cells import Cells
from semblant_models.privacy.preprocessing.releases import Releases, SeededNoise
from tests.plugins.models.privacy.preprocessing.making import RHO, added, neighbours, people, preprocess
from tests.plugins.models.privacy.preprocessing.replaying import Recorded, Replayed, moved

CASES = sorted(neighbours())


def _both(case: str) -> tuple[Recorded, Replayed]:
    table, first = people(), Recorded()
    preprocess(table, first)
    again = Replayed(first)
    preprocess(added(table, neighbours()[case]), again)
    return first, again


@pytest.mark.parametrize("case", CASES)
def test_a_row_moves_no_measurement_further_than_is_claimed(case: str) -> None:
    found = moved(*_both(case))
    assert [entry for entry in found if entry[1] > entry[2] + 1e-9] == []
    assert sum(distance > 0 for _, distance, _ in found) >= 8, "a row that moves nothing proves nothing"


def test_a_measurement_that_counts_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Cells.histogram
    monkeypatch.setattr(Cells, "histogram", lambda self, numbers: 2 * honest(self, numbers))
    assert [entry for entry in moved(*_both("usual")) if entry[1] > entry[2] + 1e-9] != []


@pytest.mark.parametrize("case", CASES)
def test_what_is_learned_is_a_function_of_the_measurements_alone(case: str) -> None:
    table, first = people(), Recorded()
    one = preprocess(table, first)
    other = preprocess(added(table, neighbours()[case]), Replayed(first))
    assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())


def test_a_fact_of_the_data_that_slips_through_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # a bound that is read from the data instead of from the noisy counts
    honest = Cells.histogram

    def leaking(self: Cells, numbers: np.ndarray) -> np.ndarray:
        self.edges[-1] = max(float(np.max(numbers, initial=0.0)), self.edges[-2] + 1)
        return honest(self, numbers)

    monkeypatch.setattr(Cells, "histogram", leaking)
    table, first = people(), Recorded()
    one = preprocess(table, first)
    other = preprocess(added(table, neighbours()["far"]), Replayed(first))
    assert json.dumps(one.to_dict()) != json.dumps(other.to_dict())


def test_the_noise_is_what_is_charged() -> None:
    # every release over the same table, many times: the spread is that of the budget's deviations
    table, runs = people(400), 40
    drawn: dict[str, list[np.ndarray]] = {}
    for seed in range(runs):
        recorded = Recorded(seed)
        recorded.noisy("a", [np.zeros(1000)], [7.0])
        recorded.frequent("b", [np.full(1000, 1e6)], [3.0], delta=1e-6)
        drawn.setdefault("a", []).append(recorded.given[0][0])  # type: ignore[arg-type]
        drawn.setdefault("b", []).append(recorded.given[1][0][1] - 1e6)
    for name, deviation in (("a", 7.0), ("b", 3.0)):
        assert np.std(np.concatenate(drawn[name])) == pytest.approx(deviation, rel=0.02)
    releases = Recorded()
    preprocess(table, releases)
    assert releases.precision / 2 <= RHO * (1 + 1e-9)


def test_a_value_of_one_row_comes_out_no_more_often_than_delta_allows() -> None:
    # 100,000 values of one row each at delta 1e-3: about 100, never 200 (alpha below 1e-15)
    delta, values = 1e-3, 100_000
    kept = Releases(Recorded().account, SeededNoise(np.random.default_rng(5))).frequent(
        "values", [np.ones(values)], [10.0], delta=delta
    )[0][0]
    assert 40 < len(kept) < 200
    loose = Releases(Recorded().account, SeededNoise(np.random.default_rng(5))).frequent(
        "values", [np.full(values, 6.0)], [10.0], delta=delta
    )[0][0]
    assert len(loose) > 200, "the same test notices a threshold that is half a deviation too low"
