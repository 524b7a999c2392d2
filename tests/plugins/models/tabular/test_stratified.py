"""Stratified uniform numbers: one in each stratum, without a pattern that ties tokens or rows to each other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from semblant_models.tabular.stratified import uniforms  # noqa: E402

TOKENS, ROWS = 120, 4096


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    key = jax.random.key(3)
    return np.stack([np.asarray(uniforms(jax.random.fold_in(key, token), ROWS)) for token in range(TOKENS)])


def test_each_stratum_holds_one_number(drawn: np.ndarray) -> None:
    assert (np.sort((drawn * ROWS).astype(int), axis=1) == np.arange(ROWS)).all()
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0


def test_tokens_and_neighbours_are_not_tied_to_each_other(drawn: np.ndarray) -> None:
    between = np.corrcoef(drawn)[np.triu_indices(TOKENS, 1)]
    assert abs(float(between.std()) * np.sqrt(ROWS) - 1.0) < 0.05, "as far from zero as those of independent numbers"
    beside = [float(np.corrcoef(row[1:], row[:-1])[0, 1]) for row in drawn]
    assert abs(float(np.mean(beside))) < 4 / np.sqrt(ROWS * TOKENS)


def test_pairs_of_tokens_fill_the_square_evenly(drawn: np.ndarray) -> None:
    found = []
    for one, other in pairwise(drawn):
        cells = np.histogram2d(one, other, bins=8, range=[[0, 1], [0, 1]])[0]
        found.append(((cells - ROWS / 64) ** 2 / (ROWS / 64)).sum())
    assert abs(float(np.mean(found)) - 49.0) < 4 * 9.9 / np.sqrt(TOKENS), "chi-square with 49 degrees of freedom"


def test_shares_come_out_nearer_than_by_independent_numbers() -> None:
    errors = []
    for seed in range(40):
        key = jax.random.key(seed)
        independent = np.asarray(jax.random.uniform(key, (ROWS,)))
        errors.append([abs((u < 0.3).mean() - 0.3) for u in (np.asarray(uniforms(key, ROWS)), independent)])
    stratified, plain = np.mean(errors, axis=0)
    assert stratified < plain / 20


@pytest.mark.parametrize("rows", [1, 2, 100, 4095])
def test_any_number_of_rows_gets_numbers(rows: int) -> None:
    found = np.asarray(uniforms(jax.random.key(0), rows))
    assert found.shape == (rows,)
    assert len(np.unique(found)) == rows
