"""Intervals: 95 of 100 hold the expected score, over 400 resamples, whether the samples differ or not."""

from __future__ import annotations

import numpy as np
import pytest

from semblant_reports.measure.accuracy import compare
from semblant_reports.measure.confidence import accuracy_deviation, area_under_curve, around, deviation_of, wilson
from semblant_reports.measure.copying import dcr_share
from semblant_reports.measure.neighbours import nearest_places

RESAMPLES = 400
LEAST, MOST = 0.93, 0.97


def covered(intervals: list[list[float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


@pytest.mark.feature(255)
@pytest.mark.parametrize("shift", [0.0, 0.2, 0.8])
def test_intervals_of_accuracy_cover_the_expected_accuracy(shift: float) -> None:
    pytest.importorskip("scipy", reason="comes with the extra 'reports'")
    rng = np.random.default_rng(11)
    edges = np.array([-1.2, -0.5, 0.0, 0.5, 1.2])

    def drawn(moved: float) -> np.ndarray:
        rows = rng.normal(size=(3, 400)) + moved
        rows[1] += 0.7 * rows[0]
        return np.digitize(rows, edges).astype(np.int16)

    found, intervals = [], []
    for seed in range(RESAMPLES):
        first, second = drawn(0.0), drawn(shift)
        accuracy = compare(first, [second], [6, 6, 6], seed=0)[0]
        assert accuracy is not None
        found.append(accuracy.measured.overall)
        intervals.append(around(found[-1], accuracy_deviation(first, second, [6, 6, 6], seed)["overall"]))

    assert LEAST <= covered(intervals, float(np.mean(found))) <= MOST


@pytest.mark.feature(255)
@pytest.mark.parametrize("apart", [0.0, 1.0])
def test_intervals_of_an_area_under_the_curve_cover_the_true_one(apart: float) -> None:
    rng = np.random.default_rng(2)
    truth = 0.5 if not apart else 0.7602499  # Φ(1 / √2)
    positive = np.arange(300) < 150

    intervals = []
    for _ in range(RESAMPLES):
        area, parts = area_under_curve(rng.normal(size=300) + apart * positive, positive)
        intervals.append(around(area, deviation_of(parts)))

    assert LEAST <= covered(intervals, truth) <= MOST


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(4)
    scores, positive = rng.integers(0, 9, 60).astype(float), rng.random(60) < 0.4
    pairs = scores[positive][:, None] - scores[~positive][None, :]

    area, parts = area_under_curve(scores, positive)

    assert area == pytest.approx(float((pairs > 0).mean() + (pairs == 0).mean() / 2), abs=1e-12)
    assert parts.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.feature(255)
def test_intervals_of_the_share_nearer_to_training_cover_one_half_for_rows_of_strangers() -> None:
    rng = np.random.default_rng(8)

    intervals = []
    for _ in range(RESAMPLES):
        train, held, made = (rng.normal(size=(150, 2)).astype(np.float32) for _ in range(3))
        (to_train, train_places), (to_held, held_places) = (nearest_places(side, made) for side in (train, held))
        winners = np.where(to_train[:, 0] < to_held[:, 0], train_places, 150 + held_places)
        intervals.append(dcr_share(to_train[:, 0], to_held[:, 0], winners, 300)[1])

    assert LEAST <= covered(intervals, 0.5) <= MOST


@pytest.mark.feature(255)
def test_intervals_of_a_share_cover_it() -> None:
    rng = np.random.default_rng(9)

    intervals = [wilson(float((rng.random(500) < 0.03).mean()), 500) for _ in range(RESAMPLES)]

    assert LEAST <= covered(intervals, 0.03) <= MOST


def test_neighbours_are_those_of_scikit_learn() -> None:
    neighbors = pytest.importorskip("sklearn.neighbors", reason="comes with the extra 'reports'")
    rng = np.random.default_rng(6)
    reference, queries = (rng.random((rows, 12)).astype(np.float32) for rows in (1200, 500))
    search = neighbors.NearestNeighbors(n_neighbors=2, algorithm="brute").fit(reference.astype(np.float64))
    distances, places = search.kneighbors(queries.astype(np.float64))

    found, nearest = nearest_places(reference, queries, 2)

    assert np.abs(found - distances).max() < 1e-6
    assert (nearest == places[:, 0]).all()
