"""Measures by their definitions: against brute force, by hand and against known limits."""

from __future__ import annotations

import gc
import itertools
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant.errors import Cancelled
from semblant_reports.measure import measured as cache
from semblant_reports.measure.accuracy import combinations, compare
from semblant_reports.measure.binning import EMPTY, breaks_of, classes_of, code_matrix
from semblant_reports.measure.copying import dcr_share
from semblant_reports.measure.forms import ColumnForm, Form
from semblant_reports.measure.neighbours import nearest
from semblant_reports.measure.space import points_of
from semblant_reports.sections.headline import most_copied
from tests.plugins.reports.material import figures, inputs, people, run


def test_neighbours_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(0)
    reference, queries = (rng.normal(size=(rows, 7)).astype(np.float32) for rows in (900, 700))
    queries[:50] = reference[100:150]

    found = nearest(reference, queries, 3)

    gaps = queries.astype(float)[:, None, :] - reference.astype(float)[None, :, :]
    assert np.abs(found - np.sort(np.sqrt((gaps**2).sum(axis=2)), axis=1)[:, :3]).max() < 1e-9
    assert (found[:50, 0] == 0).all()


def test_single_precision_ranks_the_same_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    reference, queries = (rng.random((rows, 20)).astype(np.float32) for rows in (1500, 800))
    exact = nearest(reference, queries, 2)
    monkeypatch.setattr("semblant_reports.measure.neighbours.SMALL", 0)

    assert np.abs(nearest(reference, queries, 2) - exact).max() < 1e-6


def test_a_point_without_enough_neighbours_is_infinitely_far() -> None:
    one = np.zeros((1, 2), dtype=np.float32)

    assert nearest(one, one, 2).tolist() == [[0.0, np.inf]]
    assert nearest(one[:0], one, 1).tolist() == [[np.inf]]


def test_categories_are_one_apart_and_numbers_by_rank() -> None:
    columns = [
        ColumnForm(name="c", path=("c",), form=Form.CATEGORY),
        ColumnForm(name="n", path=("n",), form=Form.NUMBER),
    ]
    frame = pl.DataFrame({columns[0].key: ["a", "b", "a"], columns[1].key: [0.0, 0.0, 1000.0]})

    points = points_of(columns, frame, [frame])[0].astype(float)

    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1.0)
    assert np.linalg.norm(points[0] - points[2]) == pytest.approx(0.5)


def test_the_share_of_ties_is_halved_and_the_interval_holds_it() -> None:
    share, (low, high) = dcr_share(np.zeros(400), np.zeros(400))

    assert share == 0.5
    assert low == pytest.approx(0.451, abs=0.001)
    assert high == pytest.approx(0.549, abs=0.001)


def test_accuracy_of_two_and_three_columns_is_that_of_their_joint_distribution() -> None:
    rng = np.random.default_rng(2)
    first, second = (rng.integers(0, 3, (3, rows)).astype(np.int16) for rows in (500, 400))

    found = compare(first, [second], [3, 3, 3], seed=0)[0]

    assert found is not None
    for depth, name in ((1, "univariate"), (2, "bivariate"), (3, "trivariate")):
        by_hand = []
        for chosen in itertools.combinations(range(3), depth):
            shares = [
                {cell: np.mean((side[list(chosen)] == np.array(cell)[:, None]).all(axis=0)) for cell in _cells(depth)}
                for side in (first, second)
            ]
            by_hand.append(1 - sum(abs(shares[0][cell] - shares[1][cell]) for cell in _cells(depth)) / 2)
        assert found.measured.by_depth[name] == pytest.approx(np.mean(by_hand))
    assert found.measured.overall == pytest.approx(np.mean(list(found.measured.by_depth.values())))


def test_a_small_holdout_is_corrected_for_its_size() -> None:
    train, made, held = people(20_000, 1), people(20_000, 2), people(20_000, 3)

    whole, small = (inputs(train, made, part) for part in (held, held.slice(0, 2000)))
    table = cache.measured(small, run()).tables["people"]
    uncorrected = table._accuracies[1]
    ceilings = [cache.measured(item, run()).tables["people"].ceiling for item in (whole, small)]

    assert uncorrected is not None
    assert ceilings[0] is not None
    assert ceilings[1] is not None
    assert uncorrected.measured.overall < ceilings[0].overall - 0.03
    assert ceilings[1].overall == pytest.approx(ceilings[0].overall, abs=0.01)


def _cells(depth: int) -> list[tuple[int, ...]]:
    return list(itertools.product(range(3), repeat=depth))


@given(st.integers(3, 400), st.integers(2, 3))
def test_no_combination_comes_twice_and_none_beyond_the_limit(count: int, depth: int) -> None:
    found = combinations(count, depth, np.random.default_rng(0))

    assert len(set(found)) == len(found) <= 10_000
    assert all(len(set(chosen)) == depth and max(chosen) < count for chosen in found[:100])


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=300))
def test_every_number_has_a_class(numbers: list[float]) -> None:
    column = ColumnForm(name="n", path=("n",), form=Form.NUMBER)
    series = pl.Series(column.key, [*numbers, None], dtype=pl.Float64)

    classes = classes_of(column, series)
    codes = code_matrix([classes], pl.DataFrame([series]))[0]

    assert codes.min() >= 0
    assert codes.max() == classes.size - 1 == codes[-1]
    assert (np.diff(breaks_of(np.array(numbers))) > 0).all()


def test_empty_and_missing_texts_have_classes_of_their_own() -> None:
    column = ColumnForm(name="c", path=("c",), form=Form.CATEGORY)
    series = pl.Series(column.key, ["a"] * 20 + [""] * 20 + [None] * 20)

    classes = classes_of(column, series)

    assert classes.values == ("a",)
    assert EMPTY not in classes.values
    assert [int(code) for code in np.unique(classes.codes(series))] == [0, 1, 3]


def test_other_tools_texts_are_read_as_the_original_types() -> None:
    original = pa.table({"n": [1, 2, 3] * 20, "d": pa.array([0, 86_400_000, 172_800_000] * 20, pa.timestamp("ms"))})
    written = pa.table(
        {"n": ["1", "2", "3"] * 20, "d": ["1970-01-01", "1970-01-02 00:00:00", "1970-01-03T00:00:00"] * 20}
    )

    found = figures("univariate", inputs(original, written))

    assert [column["distance"] for column in found["tables"][0]["columns"]] == [0, 0]


def test_measurements_are_shared_by_sections_and_dropped_with_the_inputs() -> None:
    given_inputs = inputs(people(200), people(200, 1))
    first = cache.measured(given_inputs, run())

    assert cache.measured(given_inputs, run()) is first
    assert cache.measured(inputs(people(200), people(200, 1)), run()) is not first

    del given_inputs
    gc.collect()
    assert first not in [kept for _, kept in cache._kept.values()]


@pytest.mark.feature(125)
def test_the_holdout_as_synthetic_passes_and_copies_and_shuffled_columns_are_flagged() -> None:
    train, held, fresh = people(3000, 1), people(3000, 2), people(3000, 3)
    rng = np.random.default_rng(0)
    shuffled = pa.table({name: fresh.column(name).take(rng.permutation(3000)) for name in fresh.column_names})

    good = figures("summary", inputs(train, fresh, held))
    torn = figures("summary", inputs(train, shuffled, held))
    copied = figures("neighbours", inputs(train, train, held))

    gap = good["ceiling"]["overall"] - good["accuracy"]["overall"]
    assert abs(gap) < 0.01
    assert good["nearer_to_training"]["interval"][0] < 0.5 < good["nearer_to_training"]["interval"][1]
    assert torn["accuracy"]["univariate"] == pytest.approx(good["accuracy"]["univariate"], abs=1e-9)
    assert torn["accuracy"]["bivariate"] < good["accuracy"]["bivariate"] - 0.05
    assert copied["tables"][0]["dcr_share"] > 0.9
    assert copied["tables"][0]["identical"]["synthetic"] == 1.0


@pytest.mark.feature(125)
def test_one_copied_row_in_a_hundred_shows_as_identical_rows() -> None:
    train, held, fresh = people(4000, 1), people(4000, 2), people(4000, 3)
    leaking = pa.concat_tables([fresh.slice(0, 3960), train.slice(100, 40)])

    clean, found = (
        figures("neighbours", inputs(train, made, held))["tables"][0]["identical"] for made in (fresh, leaking)
    )

    assert found["synthetic"] - clean["synthetic"] == pytest.approx(0.01, abs=0.002)
    assert clean["synthetic"] == pytest.approx(clean["holdout"], abs=0.02)


def test_a_cancelled_job_stops_in_the_middle_of_measuring() -> None:
    given_inputs, job = inputs(people(3000, 1), people(3000, 2), people(3000, 3)), run()
    table = cache.measured(given_inputs, job).tables["people"]

    job.cancel.set()

    with pytest.raises(Cancelled):
        _ = table.copying


def test_identical_rows_are_those_of_a_table_in_which_they_say_something() -> None:
    def table(synthetic: float, holdout: float) -> dict[str, Any]:
        found = {"synthetic": synthetic, "holdout": holdout, "expected": None, "low": synthetic, "high": synthetic}
        return {"lookup": False, "copying": {"identical": found, "dcr_share": None}}

    few, wide = table(1.0, 0.99), table(0.002, 0.001)
    found = most_copied({"few combinations": few, "wide": wide})
    assert found is not None
    assert found["table"] == "wide"
    assert (most_copied({"few combinations": few}) or {})["table"] == "few combinations"
