"""Inference against exact joint distributions that are small enough to be written out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant_models.marginal.graph import ChordalGraph, Clique
from semblant_models.marginal.inference import Measurement, Tree, fit

SIZES = (3, 2, 4, 2, 3)
LOOP: list[Clique] = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]


def joint(seed: int = 0) -> np.ndarray:
    """Give a random distribution over all combinations of codes."""
    made: np.ndarray = np.random.default_rng(seed).dirichlet(np.full(int(np.prod(SIZES)), 0.5)).reshape(SIZES)
    return made


def margin(table: np.ndarray, clique: Clique) -> np.ndarray:
    """Sum a joint table over all other columns."""
    return table.sum(axis=tuple(v for v in range(table.ndim) if v not in clique))


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] < e[1]), max_size=15))
@settings(max_examples=100, deadline=None)
def test_what_a_column_is_given_lies_together_in_an_earlier_table(edges: set[tuple[int, int]]) -> None:
    graph = ChordalGraph.of((2, 3, 4, 2, 3, 2, 5), sorted(edges))
    for v in range(7):
        if graph.given[v]:
            last = graph.given[v][-1]
            assert set(graph.given[v][:-1]) <= set(graph.given[last])
    for edge in edges:
        assert set(edge) <= set(graph.axes(graph.home(edge)))


@pytest.mark.parametrize("cliques", [LOOP, [(0, 1, 2), (2, 3), (1, 4)], [(0, 1), (3, 4)]])
def test_marginals_of_factors_are_those_of_the_joint_written_out(cliques: list[Clique]) -> None:
    rng = np.random.default_rng(1)
    factors = {c: rng.normal(size=[SIZES[v] for v in c]) for c in cliques}
    table = np.zeros(SIZES)
    for clique, factor in factors.items():
        table += factor.reshape([SIZES[v] if v in clique else 1 for v in range(len(SIZES))])
    exact = np.exp(table)
    tree = Tree(ChordalGraph.of(SIZES, cliques), factors)
    assert tree.log_normaliser == pytest.approx(np.log(exact.sum()))
    for clique in cliques:
        assert np.allclose(tree.marginal(clique), margin(exact / exact.sum(), clique), atol=1e-12)


@pytest.mark.parametrize("cliques", [LOOP, [(0, 1, 2), (2, 3), (1, 4)]])
def test_exact_marginals_are_met(cliques: list[Clique]) -> None:
    table = joint()
    found = fit(SIZES, [Measurement(c, 1000 * margin(table, c), 1.0) for c in cliques], 1000, steps=3000)
    for clique in cliques:
        assert np.allclose(found.tree().marginal(clique), margin(table, clique), atol=1e-5)


def test_what_was_not_measured_has_the_greatest_entropy() -> None:
    # a chain 0 - 1 - 2: given 1, the ends are independent
    table, cliques = joint(), [(0, 1), (1, 2)]
    found = fit(SIZES, [Measurement(c, 1000 * margin(table, c), 1.0) for c in cliques], 1000, steps=3000)
    whole = fit(SIZES, [Measurement((0, 1, 2), 1000 * margin(table, (0, 1, 2)), 1.0)], 1000, steps=3000)
    middle = margin(table, (1,))
    chain = margin(table, (0, 1))[:, :, None] * margin(table, (1, 2))[None] / middle[None, :, None]
    tree = found.tree()
    made = np.einsum("ab,bc,b->abc", tree.marginal((0, 1)), tree.marginal((1, 2)), 1 / tree.marginal((1,)))
    assert np.allclose(made, chain, atol=1e-5)
    assert not np.allclose(whole.tree().marginal((0, 1, 2)), chain, atol=1e-3), "the two differ in these data"


def test_measurements_weigh_by_their_noise() -> None:
    one, other = np.array([600.0, 400.0]), np.array([400.0, 600.0])
    found = fit((2,), [Measurement((0,), one, 1.0), Measurement((0,), other, 3.0)], 1000, steps=500)
    assert found.tree().marginal((0,))[0] == pytest.approx((9 * 0.6 + 0.4) / 10, abs=1e-4)


def test_noisy_fits_come_nearer_to_the_truth_than_the_measurements() -> None:
    table, rng = joint(3), np.random.default_rng(0)
    pairs = list(combinations(range(len(SIZES)), 2))
    noisy = {c: 1000 * margin(table, c) + rng.normal(0, 20, [SIZES[v] for v in c]) for c in pairs}
    found = fit(SIZES, [Measurement(c, t, 20.0) for c, t in noisy.items()], 1000, steps=1000).tree()
    fitted = np.mean([np.abs(found.marginal(c) - margin(table, c)).sum() for c in pairs])
    measured = np.mean([np.abs(noisy[c] / 1000 - margin(table, c)).sum() for c in pairs])
    assert fitted < 0.8 * measured


def test_a_fit_can_be_ended_by_who_hears_of_it() -> None:
    def told(step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(SIZES, [Measurement((0, 1), 1000 * margin(joint(), (0, 1)), 1.0)], 1000, steps=100, told=told)
