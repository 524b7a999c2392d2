"""Checks of executors: work done elsewhere comes back, and its errors too."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import operator
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pytest

from semblant.errors import SourceError
from semblant.protocols import Executor
from semblant.testing.capabilities import Capability, needs
from semblant.testing.conformance import ComponentConformance

if TYPE_CHECKING:
    from collections.abc import Iterator


def wait_and_give(seconds: float, value: Any) -> Any:
    """Wait, then give the value."""
    time.sleep(seconds)
    return value


def spell(seconds: float) -> tuple[float, float]:
    """Wait; give when that began and ended."""
    start = time.time()
    time.sleep(seconds)
    return start, time.time()


def fail_with_advice() -> None:
    """Raise one of Semblant's own errors."""
    raise SourceError("the place is closed", fix="come again tomorrow")


def fail_with(kind: type[Exception]) -> None:
    """Raise an error of a kind."""
    msg = "no luck"
    raise kind(msg)


def whose_process() -> int:
    """Give the number of the process that works."""
    return os.getpid()


def _tripled(executor: Executor, number: int) -> Any:
    return executor.submit(operator.mul, number, 3).result(timeout=60)


class ExecutorConformance(ComponentConformance):
    """Checks of an :class:`~semblant.protocols.Executor`. Supply :attr:`component`."""

    kind = "executor"
    protocol = Executor

    own_process: ClassVar[Capability] = True
    """Work runs in another process or on another machine."""
    parallel: ClassVar[Capability] = True
    """Several pieces of work run at once."""

    @contextlib.contextmanager
    def working(self, folder: Path) -> Iterator[Executor]:
        """Make the executor and close it behind."""
        executor = self.make(self.settings(folder))
        try:
            yield executor
        finally:
            executor.close()

    def test_the_result_comes_back(self, tmp_path: Path) -> None:
        """As a future of ``concurrent.futures``."""
        with self.working(tmp_path) as executor:
            future = executor.submit(operator.add, 2, 3)
            assert isinstance(future, concurrent.futures.Future)
            assert future.result(timeout=60) == 5

    @pytest.mark.parametrize(
        "value",
        [None, "🙂", {"a": [1, 2.5]}, b"\x00" * 1_000_000, pa.table({"a": [1, None]}), Path("a/b")],
        ids=["none", "text", "plain", "large", "table", "path"],
    )
    def test_values_go_and_come_as_they_are(self, value: Any, tmp_path: Path) -> None:
        """Arguments and results."""
        with self.working(tmp_path) as executor:
            assert executor.submit(wait_and_give, 0.0, value).result(timeout=60) == value

    def test_many_results_come_back_each_for_its_own(self, tmp_path: Path) -> None:
        """Whatever the order of the work."""
        with self.working(tmp_path) as executor:
            futures = [executor.submit(operator.mul, n, n) for n in range(50)]
            assert [future.result(timeout=60) for future in futures] == [n * n for n in range(50)]

    def test_an_error_comes_back_with_its_advice(self, tmp_path: Path) -> None:
        """Its type, message and fix."""
        with self.working(tmp_path) as executor, pytest.raises(SourceError, match="the place is closed") as caught:
            executor.submit(fail_with_advice).result(timeout=60)
        assert caught.value.fix == "come again tomorrow"

    @pytest.mark.parametrize("error", [ValueError, KeyError, OSError, AssertionError], ids=lambda kind: kind.__name__)
    def test_an_error_of_any_kind_comes_back_as_itself(self, error: type[Exception], tmp_path: Path) -> None:
        """Type and words, so that the engine can tell what may be tried again."""
        with self.working(tmp_path) as executor, pytest.raises(error, match="no luck"):
            executor.submit(fail_with, error).result(timeout=60)

    def test_a_future_is_not_done_before_its_work_is(self, tmp_path: Path) -> None:
        """Waiting gives up after the time that was given, and the work goes on."""
        with self.working(tmp_path) as executor:
            future = executor.submit(wait_and_give, 0.5, "late")
            with pytest.raises(concurrent.futures.TimeoutError):
                future.result(timeout=0.01)
            assert future.result(timeout=60) == "late"

    def test_several_futures_can_be_waited_for(self, tmp_path: Path) -> None:
        """By the functions of ``concurrent.futures``."""
        with self.working(tmp_path) as executor:
            futures = [executor.submit(operator.add, n, n) for n in range(4)]
            assert sorted(done.result() for done in concurrent.futures.as_completed(futures, 60)) == [0, 2, 4, 6]

    def test_a_callback_is_called_when_work_is_done(self, tmp_path: Path) -> None:
        """Once, with the future."""
        called: list[Any] = []
        with self.working(tmp_path) as executor:
            future = executor.submit(operator.add, 1, 1)
            future.add_done_callback(called.append)
            future.result(timeout=60)
            executor.close()
        assert called == [future]

    def test_work_may_be_submitted_from_several_threads(self, tmp_path: Path) -> None:
        """Each gets the results of its own."""
        with self.working(tmp_path) as executor, concurrent.futures.ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(_tripled, executor, n) for n in range(8)]
            assert [one.result(timeout=60) for one in asked] == [3 * n for n in range(8)]

    def test_an_error_does_not_end_the_executor(self, tmp_path: Path) -> None:
        """The next work is done."""
        with self.working(tmp_path) as executor:
            with pytest.raises(ZeroDivisionError):
                executor.submit(operator.truediv, 1, 0).result(timeout=60)
            assert executor.submit(operator.add, 1, 1).result(timeout=60) == 2

    @needs("own_process")
    def test_work_runs_elsewhere(self, tmp_path: Path) -> None:
        """Not in the process that asks."""
        with self.working(tmp_path) as executor:
            assert executor.submit(whose_process).result(timeout=60) != os.getpid()

    @needs("parallel")
    def test_work_runs_at_once(self, tmp_path: Path) -> None:
        """Two spells of work overlap, once the workers have started."""
        with self.working(tmp_path) as executor:
            for _ in range(60):
                futures = [executor.submit(spell, 0.3) for _ in range(4)]
                spells = sorted(future.result(timeout=60) for future in futures)
                if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(spells)):
                    return
        pytest.fail("240 pieces of work ran one after the other")

    def test_closing_waits_for_what_runs(self, tmp_path: Path) -> None:
        """No work is lost."""
        with self.working(tmp_path) as executor:
            future = executor.submit(wait_and_give, 0.3, "done")
            executor.close()
            assert future.done()
            assert future.result() == "done"

    def test_closing_twice_is_allowed(self, tmp_path: Path) -> None:
        """Also without any work."""
        with self.working(tmp_path) as executor:
            executor.close()
            executor.close()

    def test_nothing_can_be_submitted_after_closing(self, tmp_path: Path) -> None:
        """An error, not a future that never ends."""
        with self.working(tmp_path) as executor:
            executor.close()
            with pytest.raises(Exception):  # noqa: B017, PT011 - which error is the executor's choice
                executor.submit(operator.add, 1, 1)

    def test_two_executors_work_beside_each_other(self, tmp_path: Path) -> None:
        """Closing one leaves the other."""
        with self.working(tmp_path) as other:
            with self.working(tmp_path) as one:
                assert one.submit(operator.add, 1, 1).result(timeout=60) == 2
            assert other.submit(operator.add, 1, 1).result(timeout=60) == 2
