"""Matched keys: planted dependence comes back, a match at random does not have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from semblant.run import Run
from semblant.training import ColumnPlan, Groups, MatchRequest, MatchTask, Split
from semblant.vocabulary import EncodingType
from semblant_models.tabular.context.assign import assign_within, depths_of
from semblant_models.tabular.context.match_training import fit_match
from semblant_models.tabular.context.matching import TwoTowers

if TYPE_CHECKING:
    from pathlib import Path


def information(a: np.ndarray, b: np.ndarray) -> float:
    """Give the mutual information of two columns of small whole numbers, in nats."""
    table = np.zeros((int(a.max()) + 1, int(b.max()) + 1))
    np.add.at(table, (a, b), 1)
    p = table / table.sum()
    expected = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    there = p > 0
    return float((p[there] * np.log(p[there] / expected[there])).sum())


def category(name: str) -> ColumnPlan:
    return ColumnPlan(name=name, type=pa.int64(), encoding=EncodingType.CATEGORICAL)


def links(rows: int, targets: int, seed: int) -> tuple[pa.Table, pa.Table, np.ndarray]:
    """Make rows of a kind that mostly refer to targets of the same tier; large targets are referred to more often."""
    rng = np.random.default_rng(seed)
    tier, large = rng.integers(0, 4, targets), rng.random(targets) < 0.2
    kind = rng.integers(0, 4, rows)
    odds = np.where(large, 8.0, 1.0)[None, :] * np.where(kind[:, None] == tier[None, :], 20.0, 1.0)
    odds /= odds.sum(axis=1, keepdims=True)
    numbers = (np.cumsum(odds, axis=1) < rng.random((rows, 1))).sum(axis=1)
    numbers[rng.random(rows) < 0.1] = -1
    noise = rng.integers(0, 5, rows)
    child = pa.table({"kind": kind, "noise": noise})
    return child, pa.table({"tier": tier, "large": large.astype(np.int64)}), numbers


@pytest.fixture(scope="module")
def match(tmp_path_factory: pytest.TempPathFactory) -> TwoTowers:
    folder = tmp_path_factory.mktemp("match")
    child, target, numbers = links(4000, 300, seed=1)
    task = MatchTask(
        table="links",
        key="k",
        child_plans=(category("kind"), category("noise")),
        child=child,
        target_plans=(category("tier"), category("large")),
        target=target,
        numbers=numbers,
        split=Split(seed=1, fraction=0.1),
        child_subjects=np.arange(4000, dtype=np.uint64),
        target_subjects=np.arange(300, dtype=np.uint64),
    )
    found = fit_match(task, Run(job="test", seed=1, workspace=folder), seed=1)
    found.save(folder)
    return TwoTowers.load(folder)


@pytest.mark.feature(201)
def test_a_planted_dependence_is_recovered_and_a_random_match_fails(match: TwoTowers, tmp_path: Path) -> None:
    run = Run(job="test", seed=1, workspace=tmp_path)
    child, target, real = links(4000, 300, seed=2)
    kind, tier = child["kind"].to_numpy(), target["tier"].to_numpy()
    numbers = match.assign(MatchRequest(child=child, target=target, seed=5), run)
    there = numbers >= 0
    wanted = information(kind[real >= 0], tier[real[real >= 0]])
    got = information(kind[there], tier[numbers[there]])
    assert abs(got - wanted) < 0.1 * wanted
    shuffled = np.random.default_rng(0).permutation(numbers[there])
    assert information(kind[there], tier[shuffled]) < 0.1 * wanted
    assert abs((numbers == -1).mean() - 0.1) < 0.02
    degree = np.bincount(numbers[there], minlength=300)
    expected = np.bincount(real[real >= 0], minlength=300)
    large = target["large"].to_numpy() == 1
    assert abs(degree[large].mean() / expected[large].mean() - 1) < 0.15
    assert abs(degree.std() / expected.std() - 1) < 0.35


def test_the_same_seed_gives_the_same_match(match: TwoTowers, tmp_path: Path) -> None:
    run = Run(job="test", seed=1, workspace=tmp_path)
    child, target, _ = links(500, 50, seed=3)
    once = match.assign(MatchRequest(child=child, target=target, seed=5), run)
    assert (once == match.assign(MatchRequest(child=child, target=target, seed=5), run)).all()
    assert (once != match.assign(MatchRequest(child=child, target=target, seed=6), run)).any()


def test_references_stay_within_their_group() -> None:
    rng = np.random.default_rng(0)
    groups = Groups(child=np.array([0, 1, 1, 5, -1]), target=np.array([1, 0, 1]), share=1.0)
    found = assign_within(np.zeros((5, 2)), np.zeros((3, 2)), np.ones(3), groups, rng)
    assert found[0] == 1
    assert set(found[1:3]) <= {0, 2}
    assert found[3:].tolist() == [-1, -1]


@pytest.mark.feature(202)
def test_employees_find_managers_one_level_up_and_no_ring_is_made(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    level = np.sort(np.minimum(rng.geometric(0.25, 3000) - 1, 3)) * 0 + np.repeat([0, 1, 2, 3], [20, 180, 800, 2000])
    branch = rng.integers(0, 3, 3000)
    numbers = np.full(3000, -1)
    for row in range(20, 3000):
        above = np.flatnonzero((level == level[row] - 1) & (branch == branch[row]))
        numbers[row] = rng.choice(above) if len(above) else 0
    staff = pa.table({"grade": level, "branch": branch})
    plans = (category("grade"), category("branch"))
    who = np.arange(3000, dtype=np.uint64)
    task = MatchTask(
        table="staff",
        key="boss",
        child_plans=plans,
        child=staff,
        target_plans=plans,
        target=staff,
        numbers=numbers,
        split=Split(seed=1, fraction=0.1),
        child_subjects=who,
        target_subjects=who,
        itself=True,
    )
    run = Run(job="test", seed=1, workspace=tmp_path)
    found = fit_match(task, run, seed=1).assign(MatchRequest(child=staff, target=staff, seed=1), run)
    steps, at = 0, found.copy()
    while (at >= 0).any():
        at = np.where(at >= 0, found[np.maximum(at, 0)], -1)
        steps += 1
        assert steps <= 4, "a ring"
    assert (depths_of(found) <= 3).all()
    there, real = found >= 0, numbers >= 0
    for values in (level, branch):
        wanted = information(values[real], values[numbers[real]])
        assert abs(information(values[there], values[found[there]]) - wanted) < 0.1 * wanted
