"""The runner's side of a child process: started, talked to, ended with all it started, and its processor time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAIL = 2000


@define(eq=False)
class Child:
    """A process that waits for an order, or carries one out."""

    process: subprocess.Popen[bytes]
    events: int
    """File descriptor to read its messages from; does not block."""
    _errors: Any
    _rest: bytes = b""
    status: int | None = None
    """How it ended: its exit code, or minus the number of the signal; None while it lives."""
    processor_seconds: float = 0.0
    """Of it and what it started, once it has ended."""
    _lines: list[bytes] = field(factory=list)

    @classmethod
    def start(cls) -> Child:
        """Start a child; it begins to import what it will need."""
        reader, writer = os.pipe()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        try:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "semblant.jobs.child", str(writer)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=(writer,),
                start_new_session=True,  # Ctrl-C is for the runner, and a kill of the group is for all of the child
                bufsize=0,
            )
        except BaseException:
            os.close(reader)
            errors.close()
            raise
        finally:
            os.close(writer)
        os.set_blocking(reader, False)
        return cls(process, reader, errors)

    def send(self, **message: Any) -> None:
        """Send one message; a child that is gone hears nothing, which :meth:`reap` will tell."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):
            self.process.stdin.write((json.dumps(message) + "\n").encode())

    def beat(self) -> None:
        """Tell it that the lease was renewed just now."""
        self.send(beat=time.monotonic())

    def read(self) -> tuple[list[dict[str, Any]], bool]:
        """Give the messages that have come, and whether more may come."""
        try:
            part = os.read(self.events, 2**20)
        except BlockingIOError:
            return [], True
        *lines, self._rest = (self._rest + part).split(b"\n")
        return [json.loads(line) for line in lines], bool(part)

    def terminate(self) -> None:
        """Ask it to cancel in good order."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started, at once."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Wait until it has ended; give how."""
        if self.status is None:
            _, status, usage = os.wait4(self.process.pid, 0)
            self.status = self.process.returncode = os.waitstatus_to_exitcode(status)
            self.processor_seconds = usage.ru_utime + usage.ru_stime
        return self.status

    def running_seconds(self) -> float:
        """Give the processor time that it has taken so far."""
        import psutil

        if self.status is not None:
            return self.processor_seconds
        try:
            times = psutil.Process(self.process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system + times.children_user + times.children_system)

    def identity(self) -> dict[str, Any]:
        """Give what tells it from every other process: host, number and start."""
        return process_identity(self.process.pid)

    def complaint(self) -> str:
        """Give the end of what it wrote to standard error before it had an order."""
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _TAIL))
        return str(self._errors.read().decode(errors="replace"))

    def close(self) -> None:
        """Kill what still lives and let go of everything."""
        self.kill()
        self.reap()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        with contextlib.suppress(OSError):
            os.close(self.events)
        self._errors.close()


def host_identity() -> str:
    """Give what tells this machine, as it runs now, from every other one."""
    import platform

    import psutil

    return f"{platform.node()}@{round(psutil.boot_time())}"


def process_identity(number: int) -> dict[str, Any]:
    """Give host, number and start of a process of this machine."""
    import psutil

    try:
        started = psutil.Process(number).create_time()
    except psutil.Error:
        started = 0.0
    return {"host": host_identity(), "process": number, "started": started}


def kill_left_over(identity: Mapping[str, Any] | None) -> bool:
    """Kill the group of a child that an earlier runner left, if it is one of this machine and still there."""
    import psutil

    if not identity or identity.get("host") != host_identity():
        return False
    number = int(identity["process"])
    try:
        if abs(psutil.Process(number).create_time() - float(identity["started"])) > 0.1:
            return False
        os.killpg(number, signal.SIGKILL)
    except (psutil.Error, OSError):
        return False
    for _ in range(100):
        if not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    return True
