"""Drawing, conditioning and scoring against the joint distribution written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from semblant_models.marginal.graph import ChordalGraph
from semblant_models.marginal.inference import Tree
from semblant_models.marginal.network import Network

SIZES = (3, 2, 4, 3)
CLIQUES = [(0, 1), (1, 2), (0, 2), (2, 3)]
ALPHA = 1e-6


def _made(seed: int = 0) -> tuple[Network, np.ndarray]:
    rng = np.random.default_rng(seed)
    factors: dict[tuple[int, ...], np.ndarray] = {c: rng.normal(size=[SIZES[v] for v in c]) for c in CLIQUES}
    table = np.zeros(SIZES)
    for clique, factor in factors.items():
        table += factor.reshape([SIZES[v] if v in clique else 1 for v in range(len(SIZES))])
    exact = np.exp(table)
    return Network.of(Tree(ChordalGraph.of(SIZES, CLIQUES), factors)), exact / exact.sum()


def _fits(rows: np.ndarray, exact: np.ndarray) -> bool:
    """Tell whether rows may come from a joint distribution (chi-square)."""
    counts = np.bincount(np.ravel_multi_index(tuple(rows.T), SIZES), minlength=exact.size)
    expected = len(rows) * exact.reshape(-1)
    there = expected > 0
    if counts[~there].any():
        return False
    statistic = float(((counts - expected)[there] ** 2 / expected[there]).sum())
    return statistic < float(chi2.ppf(1 - ALPHA, max(int(there.sum()) - 1, 1)))


def test_drawn_rows_have_the_distribution_of_the_model() -> None:
    network, exact = _made()
    rows = network.draw(50_000, np.random.default_rng(1))
    assert _fits(rows, exact)
    assert not _fits(rows, 0.97 * exact + 0.03 * _made(1)[1]), "the test notices three per cent of something else"


def test_shares_are_met_more_exactly_than_by_chance() -> None:
    network, exact = _made()
    rows = network.draw(1000, np.random.default_rng(1))
    first = network.order[0]
    shares = np.bincount(rows[:, first], minlength=SIZES[first]) / 1000
    assert np.abs(shares - exact.sum(axis=tuple(v for v in range(4) if v != first))).max() < 0.0011


@pytest.mark.parametrize("known", [{3: 2}, {0: 1}, {0: 2, 3: 0}, {1: 1, 2: 3}, {0: 0, 1: 0, 2: 0, 3: 0}])
def test_known_columns_condition_exactly(known: dict[int, int]) -> None:
    network, exact = _made()
    rows = 40_000
    given, mask = np.zeros((rows, 4), np.int32), np.zeros((rows, 4), bool)
    for v, code in known.items():
        given[:, v], mask[:, v] = code, True
    made = network.draw(rows, np.random.default_rng(2), known=given, mask=mask)
    within = np.zeros(SIZES)
    at = tuple(known.get(v, slice(None)) for v in range(4))
    within[at] = exact[at]
    assert _fits(made, within / within.sum())


def test_rows_with_different_known_columns_are_drawn_side_by_side() -> None:
    network, exact = _made()
    rows = 60_000
    given, mask = np.zeros((rows, 4), np.int32), np.zeros((rows, 4), bool)
    given[::2, 3], mask[::2, 3] = 1, True
    made = network.draw(rows, np.random.default_rng(3), known=given, mask=mask)
    within = np.zeros(SIZES)
    within[..., 1] = exact[..., 1]
    assert _fits(made[::2], within / within.sum())
    assert _fits(made[1::2], exact)
    assert not _fits(made, exact)


def test_log_probabilities_are_those_of_the_joint() -> None:
    network, exact = _made()
    every = np.stack(np.unravel_index(np.arange(exact.size), SIZES), axis=1)
    assert np.allclose(np.exp(network.log_prob(every)), exact.reshape(-1), rtol=1e-4, atol=1e-9)


def test_cold_draws_prefer_what_is_probable_and_the_nucleus_cuts() -> None:
    network, _ = _made()
    for table, cold, cut in zip(
        network.tables, network.tempered([0.5] * 4, [1.0] * 4), network.tempered([1.0] * 4, [0.5] * 4), strict=True
    ):
        assert np.all(cold.max(-1) >= table.max(-1) - 1e-6)
        assert np.allclose(cold.sum(-1), 1)
        assert np.all((cut > 0).sum(-1) < table.shape[-1])
