"""Independent pieces of work at the same time: how many, which beside which, and what an error does to the others."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from semblant.errors import Cancelled, DataError
from semblant.pipeline.together import Piece, together
from semblant.run import Run
from tests.core.pipeline.waiting import until_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 20.0
"""Seconds after which a test that waits for another thread gives up."""


class Crowd:
    """Pieces that note who was at work beside whom."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside: set[str] = set()
        self.beside: dict[str, set[str]] = {}
        self.most = 0
        self.order: list[str] = []
        self.threads: dict[str, threading.Thread] = {}

    def piece(self, name: str, then: Callable[[Run], None] = lambda run: time.sleep(0.02), **more: int) -> Piece:
        def work(run: Run) -> None:
            with self.lock:
                self.inside.add(name)
                self.most = max(self.most, len(self.inside))
                self.order.append(name)
                self.threads[name] = threading.current_thread()
                for other in self.inside:
                    self.beside.setdefault(other, set()).update(self.inside - {other})
                    self.beside.setdefault(name, set()).update({other} - {name})
            try:
                then(run)
            finally:
                with self.lock:
                    self.inside.discard(name)

        return Piece(work=work, memory_bytes=more.get("memory", 0), alone=bool(more.get("alone")))


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(job="test", seed=1, workspace=tmp_path)


def meeting(parties: int) -> Callable[[Run], None]:
    """Give work that ends when so many are at it at once; it fails when they never are."""
    barrier = threading.Barrier(parties)

    def work(run: Run) -> None:
        del run
        barrier.wait(PATIENCE)

    return work


def test_as_many_are_at_work_as_may_be_and_no_more(crowd: Crowd, run: Run) -> None:
    meet = meeting(3)
    together([crowd.piece(str(n), meet) for n in range(6)], run, most=3, memory_bytes=2**30)
    assert sorted(crowd.order) == list("012345")
    assert crowd.most == 3


def test_one_at_a_time_is_in_order_in_the_calling_thread(crowd: Crowd, run: Run) -> None:
    together([crowd.piece(str(n)) for n in range(4)], run, most=1, memory_bytes=0)
    assert crowd.order == list("0123")
    assert set(crowd.threads.values()) == {threading.current_thread()}
    assert crowd.most == 1


def test_one_piece_is_done_in_the_calling_thread(crowd: Crowd, run: Run) -> None:
    together([crowd.piece("alone", alone=1), crowd.piece("a")], run, most=3, memory_bytes=2**30)
    assert set(crowd.threads.values()) == {threading.current_thread()}


def test_what_must_be_alone_has_nobody_beside_it_and_the_calling_thread(crowd: Crowd, run: Run) -> None:
    meet = meeting(2)
    pieces = [crowd.piece("a", meet), crowd.piece("alone", alone=1), crowd.piece("b", meet)]
    together(pieces, run, most=3, memory_bytes=2**30)
    assert crowd.beside["alone"] == set()
    assert crowd.threads["alone"] is threading.current_thread()
    assert crowd.beside["a"] == {"b"}


def test_the_memory_of_those_at_work_stays_below_the_limit(crowd: Crowd, run: Run) -> None:
    needs = {"large": 8, "half": 5, "other half": 5, "tiny": 1, "beyond": 99}
    meet = meeting(2)
    works = {"large": meet, "tiny": meet}
    plain = lambda run: time.sleep(0.02)  # noqa: E731
    pieces = [crowd.piece(name, works.get(name, plain), memory=need) for name, need in needs.items()]
    together(pieces, run, most=5, memory_bytes=10)
    for name, others in crowd.beside.items():
        for other in others:
            assert needs[name] + needs[other] <= 10, (name, other)
    assert crowd.beside["beyond"] == set()
    assert crowd.order[:2] == ["large", "tiny"], "what fits beside the first goes before what has to wait"
    assert sorted(crowd.order) == sorted(needs)


def test_the_first_error_is_told_and_ends_the_others(crowd: Crowd, run: Run) -> None:
    begun = threading.Event()

    def fail(run: Run) -> None:
        del run
        assert begun.wait(PATIENCE)
        msg = "the data are bad"
        raise DataError(msg)

    train = until_cancelled(begun, PATIENCE)
    pieces = [crowd.piece("good", train), crowd.piece("bad", fail), crowd.piece("later")]
    started = time.monotonic()
    with pytest.raises(DataError, match="the data are bad"):
        together(pieces, run, most=2, memory_bytes=2**30)
    assert time.monotonic() - started < PATIENCE / 2
    assert crowd.inside == set()
    assert "later" not in crowd.order
    assert not run.cancel.is_set(), "the job itself was not cancelled"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("semblant-table")]


def test_a_cancelled_job_ends_all_of_them(crowd: Crowd, run: Run) -> None:
    meet = threading.Barrier(3)

    def train(run: Run) -> None:
        meet.wait(PATIENCE)
        while True:
            run.check()
            time.sleep(0.005)

    def cancel() -> None:
        meet.wait(PATIENCE)
        run.cancel.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled, match="was cancelled"):
        together([crowd.piece("a", train), crowd.piece("b", train), crowd.piece("c")], run, most=2, memory_bytes=9)
    thread.join()
    assert sorted(crowd.order) == ["a", "b"]
    assert crowd.inside == set()


def test_an_interrupt_of_the_waiting_thread_leaves_nothing_running(
    crowd: Crowd, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet = threading.Barrier(3)

    def interrupted(*_: object, **__: object) -> None:
        meet.wait(PATIENCE)
        raise KeyboardInterrupt

    def train(run: Run) -> None:
        meet.wait(PATIENCE)
        while True:
            run.check()
            time.sleep(0.005)

    monkeypatch.setattr("semblant.pipeline.together.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        together([crowd.piece("a", train), crowd.piece("b", train)], run, most=2, memory_bytes=9)
    assert crowd.inside == set()


def test_stopping_the_training_reaches_all_of_them(crowd: Crowd, run: Run) -> None:
    stopped: list[bool] = []

    def train(run: Run) -> None:
        run.stop_training.set()
        stopped.append(run.stop_training.is_set())

    together([crowd.piece("a", train), crowd.piece("b", train)], run, most=2, memory_bytes=9)
    assert stopped == [True, True]
    assert run.stop_training.is_set()
