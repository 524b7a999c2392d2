"""Independent parts of a measurement in threads: matrix products and trees let go of the interpreter's lock."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
MOST = 4
"""Threads: each has matrices of its own, and memory is not ours alone."""


def cores() -> int:
    """Give how many threads are worth while on this machine."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST, there))


def side_by_side(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do the works, as many at once as there are cores, and give their results in order.

    What one of them raises is raised here, when those that had begun are done.

    >>> side_by_side([lambda: 1, lambda: 2])
    [1, 2]
    """
    if min(cores(), len(works)) < 2:
        return [work() for work in works]
    with ThreadPoolExecutor(min(cores(), len(works)), thread_name_prefix="report") as pool:
        begun = [pool.submit(work) for work in works]
        return [done.result() for done in begun]


@contextmanager
def quietly() -> Iterator[None]:
    """Say nothing of what libraries warn about, in this thread and in those that work for it.

    Filters of warnings belong to the whole process: a library that changes them in two threads at once may lose ours
    for a moment, so what would be shown is dropped as well. All is as before at the end.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.showwarning = lambda *_, **__: None
        yield


@contextmanager
def one_thread(library: str) -> Iterator[None]:
    """Keep a library to one thread: threads that wait for each other cost more than they give.

    :param library: ``blas``, for all threads of this process, or ``openmp``, for the one that asks.
    """
    if find_spec("threadpoolctl") is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api=library):
        yield
