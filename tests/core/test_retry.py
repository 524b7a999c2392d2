"""Transient faults are tried again after 1, 4 and 16 seconds; terminal ones never (promise J6)."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from semblant.errors import Cancelled, DestinationError
from semblant.retry import Retry, is_transient, status_of
from semblant.run import Run


class AnswerError(Exception):
    """An HTTP client's error."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class BotocoreError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__("An error occurred")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


class ServerDisconnectedError(Exception):
    """By name: as aiohttp calls it."""


def caused(cause: BaseException) -> OSError:
    error = OSError("the driver failed")
    error.__cause__ = cause
    return error


TRANSIENT = [
    ConnectionResetError(),
    ConnectionRefusedError(),
    BrokenPipeError(),
    TimeoutError(),
    OSError(errno.EHOSTUNREACH, "no route to host"),
    socket.gaierror(socket.EAI_AGAIN, "try again"),
    AnswerError(429),
    AnswerError(503),
    BotocoreError(500),
    ServerDisconnectedError(),
    caused(ConnectionAbortedError()),
]
TERMINAL = [
    PermissionError(errno.EACCES, "denied"),
    FileNotFoundError(errno.ENOENT, "nothing there"),
    FileExistsError(),
    IsADirectoryError(),
    NotADirectoryError(),
    OSError(errno.ENOSPC, "disk full"),
    OSError(errno.EROFS, "read-only"),
    OSError(errno.EIO, "the disk is broken"),
    socket.gaierror(socket.EAI_NONAME, "no such host"),
    ssl.SSLCertVerificationError("certificate has expired"),
    AnswerError(400),
    AnswerError(401),
    AnswerError(403),
    AnswerError(404),
    AnswerError(409),
    BotocoreError(403),
    DestinationError("the table is there"),
    ValueError("a fault of ours"),
    KeyError("a fault of ours"),
    MemoryError(),
    caused(PermissionError()),
]


@pytest.mark.parametrize("fault", TRANSIENT, ids=repr)
def test_a_transient_fault_is_tried_three_more_times_with_growing_pauses(fault: Exception) -> None:
    pauses: list[float] = []
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        raise fault

    with pytest.raises(type(fault)) as caught:
        Retry(sleep=pauses.append)(work, "reaching the server")
    assert caught.value is fault
    assert pauses == [1.0, 4.0, 16.0]
    assert len(calls) == 4


@pytest.mark.parametrize("fault", TERMINAL, ids=repr)
def test_a_terminal_fault_is_told_at_once(fault: Exception) -> None:
    pauses: list[float] = []
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        raise fault

    with pytest.raises(type(fault)):
        Retry(sleep=pauses.append)(work, "reaching the server")
    assert pauses == []
    assert len(calls) == 1


def test_a_server_that_comes_back_costs_nothing_but_time() -> None:
    faults = iter([ConnectionRefusedError(), ConnectionRefusedError(), ConnectionRefusedError()])

    def work() -> str:
        for fault in faults:
            raise fault
        return "answer"

    assert Retry(sleep=lambda _: None)(work, "asking") == "answer"


def test_a_terminal_error_that_a_transient_one_caused_stays_terminal() -> None:
    refusal = PermissionError("your session ended")
    refusal.__cause__ = ConnectionResetError()
    assert not is_transient(refusal)


def test_a_connector_may_know_more_transient_faults() -> None:
    class DeadlockError(Exception):
        pass

    pauses: list[float] = []
    faults = iter([DeadlockError()])

    def work() -> int:
        for fault in faults:
            raise fault
        return 1

    retry = Retry(transient=lambda exc: is_transient(exc) or isinstance(exc, DeadlockError), sleep=pauses.append)
    assert retry(work, "committing") == 1
    assert pauses == [1.0]


def test_the_log_tells_of_attempts_and_not_what_the_driver_said(caplog: pytest.LogCaptureFixture) -> None:
    faults = iter([ConnectionResetError("password=hunter22 was sent")])

    def work() -> None:
        for fault in faults:
            raise fault

    with caplog.at_level(logging.WARNING, "semblant.retry"):
        Retry(sleep=lambda _: None)(work, "uploading 'orders'")
    assert "uploading 'orders' failed for now (attempt 1 of 4, ConnectionResetError)" in caplog.text
    assert "hunter22" not in caplog.text


def test_a_cancelled_job_does_not_wait_for_its_next_attempt() -> None:
    run = Run(job="j", seed=1, workspace=Path())
    threading.Timer(0.1, run.cancel.set).start()
    began = time.monotonic()

    def work() -> None:
        raise TimeoutError

    with pytest.raises(Cancelled):
        Retry(pauses=(30.0,)).within(run)(work, "waiting")
    assert time.monotonic() - began < 5


def test_statuses_are_found_wherever_a_driver_keeps_them() -> None:
    class GcsError(Exception):
        code = "503"

    class OddError(Exception):
        code = "NoSuchKey"

    assert [
        status_of(error) for error in (AnswerError(500), BotocoreError(429), GcsError(), OddError(), ValueError())
    ] == [
        500,
        429,
        503,
        None,
        None,
    ]
