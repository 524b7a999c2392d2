"""Ctrl-C: the first one stops the job in good order, the second one stops it now."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant.cli.session import Session
    from semblant.engine import Engine

GRACE_SECONDS = 5.0
"""From the second Ctrl-C until the process ends, whatever it is doing."""

_INTERRUPTED = 130
_STOP = b"\0"


class _Watch:
    """Counts signals in a thread of its own.

    Python runs signal handlers only between two of its own instructions, and a compilation in JAX or a
    long query is one instruction. The byte that :func:`signal.set_wakeup_fd` writes comes at once.
    """

    def __init__(self, engine: Engine, session: Session) -> None:
        self.engine = engine
        self.session = session
        self.count = 0
        self.reader, self.writer = socket.socketpair()
        self.writer.setblocking(False)
        self.thread = threading.Thread(target=self._listen, name="semblant-interrupts", daemon=True)
        self.timer: threading.Timer | None = None

    def _listen(self) -> None:
        while received := self.reader.recv(1):
            if received == _STOP:
                return
            if received[0] in {signal.SIGINT, signal.SIGTERM}:
                self._signalled()

    def _signalled(self) -> None:
        self.count += 1
        if self.count == 1 and not self.session.job:
            return
        if self.count == 1:
            self.session.tell("stopping in good order; press Ctrl-C again to stop at once", style="yellow")
            self.engine.cancel()
        elif self.count == 2:
            self.session.hurried = True
            self.session.tell(f"stopping now; at the latest in {GRACE_SECONDS:.0f} s", style="yellow")
            self.timer = threading.Timer(GRACE_SECONDS, _end)
            self.timer.daemon = True
            self.timer.start()
        else:
            _end()

    def close(self) -> None:
        self.writer.send(_STOP)
        self.thread.join(timeout=1.0)
        if self.timer is not None:
            self.timer.cancel()
        self.reader.close()
        self.writer.close()


def _end() -> None:
    sys.stderr.write("\033[?25h\n" if sys.stderr.isatty() else "\n")  # the cursor that a progress bar hid
    sys.stderr.flush()
    os._exit(_INTERRUPTED)


@contextmanager
def cancelling(engine: Engine, session: Session) -> Iterator[None]:
    """While the block runs, Ctrl-C (and SIGTERM) cancels the engine's job instead of killing the process.

    The second one raises ``KeyboardInterrupt`` where the work is, so that it can clean up, and ends the
    process :data:`GRACE_SECONDS` later; the third ends it at once. Outside the main thread nothing is changed: there is
    nobody to press a key.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = _Watch(engine, session)

    presses = 0

    def handle(_number: int, _frame: Any) -> None:
        nonlocal presses
        presses += 1
        # before a job has begun there is nothing that could stop in good order
        if not session.job or max(presses, watch.count) > 1:
            raise KeyboardInterrupt

    watch.thread.start()
    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    previous_fd = signal.set_wakeup_fd(watch.writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous_fd)
        for number, handler in previous.items():
            signal.signal(number, handler)
        watch.close()


def resume_command(arguments: Sequence[str], job: str) -> str:
    """Give the command line that goes on with a job.

    >>> resume_command(["run", "my data.csv", "--resume", "old"], "calm-otter-7")
    "semblant run 'my data.csv' --resume calm-otter-7"
    """
    import shlex

    before = ["", *arguments]
    words = [
        word
        for word, left in zip(arguments, before, strict=False)
        if left != "--resume" and word != "--resume" and not word.startswith("--resume=")
    ]
    return shlex.join(["semblant", *words, "--resume", job])
