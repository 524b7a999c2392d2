"""The ledger: budgets of all jobs on a source add up, or compose; beyond the limit is refused (P12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from semblant.spec.model import Selected, Spec
from semblant.store.ledger import LedgerError, source_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.store.database import Store

SOURCE = "files /data/people.csv"


def _account(epsilon: float, delta: float = 1e-6) -> dict[str, Any]:
    return {"spent": epsilon, "delta": delta, "charged": [{"what": "all", "event": {}, "delta": 0.0}]}


@pytest.mark.feature(243)
def test_jobs_on_a_source_add_up_and_others_do_not(store: Store) -> None:
    for job, source in (("a", SOURCE), ("b", SOURCE), ("c", "files /data/other.csv")):
        store.ledger.reserve(source, job, 1.0)
        store.ledger.settle(source, job, _account(0.9))
    first, second = sorted(store.ledger.list(), key=lambda total: len(total.entries))
    assert (first.source, first.epsilon, first.delta) == ("files /data/other.csv", 0.9, 1e-6)
    assert (second.epsilon, second.delta, second.composed) == (1.8, 2e-6, None)
    assert [entry.job for entry in second.entries] == ["a", "b"]


@pytest.mark.feature(243)
def test_beyond_what_all_jobs_may_spend_is_refused_before_the_first_step(store: Store) -> None:
    store.ledger.reserve(SOURCE, "a", 1.0, most=1.5)
    with pytest.raises(LedgerError, match="have spent epsilon 1 of 1.5") as caught:
        store.ledger.reserve(SOURCE, "b", 1.0, most=1.5)
    assert "semblant privacy" in str(caught.value)
    store.ledger.reserve(SOURCE, "b", 0.5, most=1.5)
    assert [entry.job for entry in store.ledger.list()[0].entries] == ["a", "b"]


@pytest.mark.feature(243)
def test_a_job_that_is_resumed_pays_once_and_one_that_failed_keeps_its_reservation(store: Store) -> None:
    store.ledger.reserve(SOURCE, "a", 1.0, most=1.0)
    store.ledger.reserve(SOURCE, "a", 1.0, most=1.0)
    (total,) = store.ledger.list()
    assert [(entry.state, entry.epsilon) for entry in total.entries] == [("reserved", 1.0)]
    with pytest.raises(LedgerError):
        store.ledger.reserve(SOURCE, "b", 0.1, most=1.0)


@pytest.mark.feature(243)
def test_settled_jobs_are_composed_where_that_is_less(store: Store) -> None:
    asked: list[float] = []

    def together(charged: Sequence[Any], delta: float) -> float:
        asked.append(delta)
        return 1.2 * len(charged) / 2

    for job in ("a", "b"):
        store.ledger.reserve(SOURCE, job, 1.0)
        store.ledger.settle(SOURCE, job, _account(0.9))
    (total,) = store.ledger.list(together)
    assert (total.epsilon, total.composed, total.summed) == (1.2, 1.2, 1.8)
    assert asked == [2e-6]
    store.ledger.reserve(SOURCE, "c", 0.8, most=2.0, together=together)
    assert store.ledger.list(together)[0].composed is None, "what is only reserved has no events yet"


def test_a_source_is_named_without_a_secret() -> None:
    spec = Spec(source=Selected(type="postgresql", settings={"host": "db", "database": "shop", "password": "env:P"}))
    assert source_of(spec) == "postgresql db shop"
