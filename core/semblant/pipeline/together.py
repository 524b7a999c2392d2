"""Independent pieces of work, several at the same time: in threads, within a limit of memory."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from semblant.run import Token

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from semblant.run import Run


@frozen(kw_only=True, eq=False)
class Piece:
    """Some work that waits for no other piece; it gets a run that is cancelled when another piece fails."""

    work: Callable[[Run], None]
    memory_bytes: int = 0
    """What it will hold at most."""
    alone: bool = False
    """Whether nothing may run beside it: it is done in the calling thread, before all others."""


def together(pieces: Sequence[Piece], run: Run, *, most: int, memory_bytes: int) -> None:
    """Do all pieces, in their order as far as there is room, at most ``most`` at the same time.

    The first error ends the others at their next :meth:`~semblant.run.Run.check`, and is the one that is raised;
    whatever is raised, nothing is left running.

    :param memory_bytes: what the pieces may hold together; one that needs more is done when nothing else is.

    >>> from pathlib import Path
    >>> from semblant.run import Run
    >>> done = []
    >>> works = [Piece(work=lambda run, number=number: done.append(number)) for number in range(3)]
    >>> together(works, Run(job="demo", seed=1, workspace=Path(".")), most=2, memory_bytes=2**30)
    >>> sorted(done)
    [0, 1, 2]
    """
    shared = [piece for piece in pieces if most > 1 and not piece.alone]
    if len(shared) == 1:  # there is nothing to be beside
        shared = []
    for piece in pieces:
        if piece not in shared:
            piece.work(run)
    if shared:
        _Crowd(run).do(shared, most, memory_bytes)


class _Crowd:
    """Pieces at work in threads."""

    def __init__(self, run: Run) -> None:
        """Prepare the run that they get."""
        self.run = evolve(run, cancel=Token(above=run.cancel))
        self.failures: list[BaseException] = []
        """In the order of time."""

    def do(self, pieces: Sequence[Piece], most: int, memory_bytes: int) -> None:
        """Do all of them, or end at the first error."""
        waiting, running = list(pieces), dict[Future[None], Piece]()
        pool = ThreadPoolExecutor(most, thread_name_prefix="semblant-table")
        try:
            while running or (waiting and not self.failures):
                while (found := self._next(waiting, running.values(), most, memory_bytes)) is not None:
                    waiting.remove(found)
                    running[pool.submit(self._work, found)] = found
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    del running[future]
        finally:  # an interrupt finds some at work
            self.run.cancel.set()
            pool.shutdown()
        if self.failures:
            raise self.failures[0]

    def _next(self, waiting: Sequence[Piece], running: Collection[Piece], most: int, memory_bytes: int) -> Piece | None:
        """Give the next piece that there is room for; a smaller one may overtake one that has to wait."""
        if self.failures or len(running) >= most:
            return None
        free = memory_bytes - sum(piece.memory_bytes for piece in running)
        return next((piece for piece in waiting if not running or piece.memory_bytes <= free), None)

    def _work(self, piece: Piece) -> None:
        try:
            if not self.failures:
                piece.work(self.run)
        except BaseException as exc:  # noqa: BLE001 - the thread that waits raises it
            self.failures.append(exc)
            self.run.cancel.set()
