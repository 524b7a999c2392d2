"""Choosing and measuring: sensitivity of scores, dependence found, everything a function of the releases."""

from __future__ import annotations

import numpy as np
import pytest

from semblant_models.marginal import selection
from semblant_models.marginal.counting import counted, distance
from semblant_models.marginal.inference import Fit
from semblant_models.marginal.mechanism import Rounds, learned
from semblant_models.marginal.network import Network
from semblant_models.marginal.selection import Limits, chosen, pairs_of, scored, triples_of
from semblant_models.privacy.preprocessing.table import TableCodes
from tests.plugins.models.privacy.preprocessing.making import added, neighbours, people, preprocess
from tests.plugins.models.privacy.preprocessing.replaying import Recorded, Replayed, moved

ROUNDS = Rounds(rounds=(0.5, 0.5), limits=Limits(all_cells=8000))


def _learn(codes: TableCodes, rows: np.ndarray, releases: Recorded, rho: float = 0.5) -> Fit:
    return learned(rows, codes.columns, codes.rows, releases, rho, ROUNDS)[0]


@pytest.fixture(scope="module")
def codes() -> TableCodes:
    return preprocess(people(), Recorded(), rho=0.2)


@pytest.mark.parametrize("case", sorted(neighbours()))
def test_a_row_moves_no_score_and_no_marginal_further_than_is_claimed(case: str, codes: TableCodes) -> None:
    first = Recorded()
    one = _learn(codes, codes.encode(people()), first)
    again = Replayed(first)
    other = _learn(codes, codes.encode(added(people(), neighbours()[case])), again)
    found = moved(first, again)
    assert [entry for entry in found if entry[1] > entry[2] + 1e-9] == []
    assert sum(distance > 0 for _, distance, _ in found) >= 4
    tables = (Network.of(fit.tree()).tables for fit in (one, other))
    assert [a.tobytes() for a in next(tables)] == [a.tobytes() for a in next(tables)]


def test_a_score_that_moves_too_far_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    made, sizes = _dependent()
    even = selection.shares_of({v: np.full(sizes[v], 1 / sizes[v]) for v in range(5)}, 5000.0)

    def apart() -> float:
        first, other = Recorded(), Recorded()
        for releases, rows in ((first, made), (other, made[1:])):
            scored(pairs_of(sizes, Limits()), rows, sizes, even, releases, 0.1, "scores")
        _, moved_by, claimed = moved(first, other)[0]
        return moved_by / claimed

    assert 0 < apart() <= 1 + 1e-9
    monkeypatch.setattr(selection, "distance", lambda counts, expected: 3 * distance(counts, expected))
    assert apart() > 1 + 1e-9


def _dependent(rows: int = 5000) -> tuple[np.ndarray, tuple[int, ...]]:
    """Give codes of which 0 and 3 depend on each other, and 4 is the parity of 1 and 2."""
    rng = np.random.default_rng(0)
    made = rng.integers(0, 4, (rows, 5)).astype(np.int32)
    made[:, 3] = np.where(rng.random(rows) < 0.6, made[:, 0], made[:, 3])
    made[:, 4] = (made[:, 1] + made[:, 2]) % 2
    return made, (4, 4, 4, 4, 2)


def test_the_pair_that_depends_is_chosen_and_no_other() -> None:
    made, sizes = _dependent()
    releases = Recorded()
    even = {v: np.full(sizes[v], 1 / sizes[v]) for v in range(5)}
    found = scored(pairs_of(sizes, Limits()), made, sizes, selection.shares_of(even, 5000.0), releases, 0.05, "scores")
    picked, deviation = chosen(found, [], sizes, 0.05, Limits())
    assert [c.clique for c in picked] == [(0, 3)]
    assert deviation == pytest.approx(np.sqrt(1 / 0.1))
    assert releases.precision / 2 == pytest.approx(0.05)


def test_a_dependence_of_three_columns_with_a_narrow_one_is_seen() -> None:
    made, sizes = _dependent()
    triple = (1, 2, 4)
    assert triple in triples_of(sizes, Limits())
    even = {v: np.full(sizes[v], 1 / sizes[v]) for v in range(5)}
    expected = selection.shares_of(even, 5000.0)
    found = scored([triple, (0, 1, 4)], made, sizes, expected, Recorded(), 0.05, "scores")
    assert found[0].gap > 2000
    assert abs(found[1].gap) < 500
    assert np.abs(counted(made, sizes, triple) - expected(triple)).sum() == pytest.approx(5000, rel=0.1)


def test_what_would_grow_too_large_is_not_chosen() -> None:
    made, sizes = _dependent()
    even = {v: np.full(sizes[v], 1 / sizes[v]) for v in range(5)}
    found = scored(pairs_of(sizes, Limits()), made, sizes, selection.shares_of(even, 5000.0), Recorded(), 5.0, "scores")
    assert chosen(found, [], sizes, 5.0, Limits(table_cells=7))[0] == []
    assert pairs_of(sizes, Limits(clique_cells=9)) == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_the_whole_budget_is_spent_and_no_more(codes: TableCodes) -> None:
    releases = Recorded()
    _learn(codes, codes.encode(people()), releases, rho=0.3)
    assert 0.25 < releases.precision / 2 <= 0.3 * (1 + 1e-9)
