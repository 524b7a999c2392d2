"""Threads of the measurements: results in order, errors told, the process as it was afterwards."""

from __future__ import annotations

import threading
import warnings

import pytest

from semblant_reports.measure import threads
from semblant_reports.measure.threads import one_thread, quietly, side_by_side


def test_results_come_in_the_order_of_the_works_whichever_is_done_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 2)
    second_done = threading.Event()

    def first() -> str:
        assert second_done.wait(10)
        return "first"

    def second() -> str:
        second_done.set()
        return "second"

    assert side_by_side([first, second]) == ["first", "second"]


@pytest.mark.parametrize("cores", [1, 2])
def test_what_a_work_raises_is_raised(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(threads, "cores", lambda: cores)

    def wrong() -> None:
        msg = "no"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="no"):
        side_by_side([lambda: None, wrong])


def test_no_more_threads_than_cores_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 2)
    lock, at_once, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        threading.Event().wait(0.02)
        with lock:
            at_once -= 1

    side_by_side([work] * 6)

    assert most == 2


def test_warnings_of_any_thread_are_dropped_even_where_a_library_empties_the_filters() -> None:
    before = (list(warnings.filters), warnings.showwarning)

    def library() -> None:
        warnings.resetwarnings()
        warnings.warn("of no use to anybody", stacklevel=1)

    with warnings.catch_warnings(record=True) as heard, quietly():
        side_by_side([library, library])

    assert heard == []
    assert (list(warnings.filters), warnings.showwarning) == before


def test_a_library_is_kept_to_one_thread_and_let_go_again() -> None:
    info = pytest.importorskip("threadpoolctl", reason="comes with the extra 'reports'").threadpool_info

    def allowed() -> list[int]:
        return [pool["num_threads"] for pool in info() if pool["user_api"] == "blas"]

    before = allowed()
    with one_thread("blas"):
        assert set(allowed()) <= {1}
    assert allowed() == before
