"""Audits: what is right is never caught, what is wrong always (P6)."""

from __future__ import annotations

import pytest

from tests.plugins.models.privacy.auditing import audit
from tests.plugins.models.privacy.planted import BUGS

RUNS = 10
SOME = ("half of the noise", "the batch is clipped, not the examples", "shuffled batches accounted as Poisson ones")
"""Checked at each commit; all of them nightly, and by ``tox -e audit``."""


@pytest.mark.feature(241)
def test_what_is_done_never_costs_more_than_is_reported() -> None:
    found = audit(3.0)
    assert found.faults == ()
    assert 0.8 * found.reported < found.lower <= found.reported


@pytest.mark.parametrize("bug", SOME)
def test_a_planted_bug_is_caught(bug: str) -> None:
    assert BUGS[bug](3.0).caught


@pytest.mark.nightly
@pytest.mark.parametrize("epsilon", [1.0, 3.0, 8.0])
def test_twenty_audits_of_what_is_right_catch_nothing(epsilon: float) -> None:
    assert [number for number in range(20) if audit(epsilon).caught] == []


@pytest.mark.nightly
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught_each_time(bug: str) -> None:
    assert all(BUGS[bug](3.0).caught for _ in range(RUNS))
