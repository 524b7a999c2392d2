"""Transient faults are tried again, with growing pauses; terminal ones are told at once.

A fault is transient when waiting may mend it: a connection that was refused or cut, a time-out, a
server that says *busy* or *restarting*. Wrong passwords, missing tables, full disks and faults of the
program never are. :func:`is_transient` knows sockets and HTTP; a connector adds what its driver says::

    work = Retry(transient=lambda exc: is_transient(exc) or sqlstate(exc) in RESTARTING)
    engine = work(lambda: connect(url), "connecting to 'db.example'")

What is handed over must be safe to do twice: a whole transaction, the upload of one object; never the
middle of either.
"""

from __future__ import annotations

import errno
import logging
import socket
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import field, frozen

from semblant.errors import SemblantError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from semblant.run import Run

T = TypeVar("T")

PAUSES: Final = (1.0, 4.0, 16.0)
"""Seconds before the second, third and fourth attempt."""

_ERRNOS: Final = frozenset(
    getattr(errno, name)
    for name in (
        "ECONNRESET ECONNREFUSED ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENETRESET "
        "EAGAIN EBUSY ESTALE"
    ).split()
    if hasattr(errno, name)
)
_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that ask to come again."""
_DRIVER_NAMES: Final = frozenset(
    "ConnectTimeoutError ReadTimeoutError EndpointConnectionError ConnectionClosedError IncompleteReadError "
    "ServerDisconnectedError ClientConnectorError ClientOSError ClientPayloadError ServerTimeoutError "
    "ServiceRequestError ServiceResponseError ServiceRequestTimeoutError ServiceResponseTimeoutError IncompleteRead "
    "RemoteDisconnected ConnectTimeout ReadTimeout FSTimeoutError ResponseStreamingError".split()
)
"""Names of the classes with which botocore, aiohttp, azure-core, urllib3 and fsspec say the same."""
_CHAIN_LIMIT: Final = 20

_logger = logging.getLogger("semblant.retry")


def is_transient(error: BaseException) -> bool:
    """Tell whether waiting may mend a fault of sockets or of HTTP; causes of the error count as well.

    >>> is_transient(ConnectionResetError()), is_transient(PermissionError(13, "denied"))
    (True, False)
    """
    return any(_is_transient(link) for link in chain(error))


def chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what caused it, at most twenty of them.

    An error in the chain that says by itself that it is terminal (see :func:`is_terminal`) ends it.
    """
    current: BaseException | None = error
    for _ in range(_CHAIN_LIMIT):
        if current is None or is_terminal(current):
            return
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def is_terminal(error: BaseException) -> bool:
    """Tell whether an error can never be mended by waiting: a refusal, a wrong name, a full disk, a bad certificate.

    >>> is_terminal(FileNotFoundError()), is_terminal(TimeoutError())
    (True, False)
    """
    import ssl

    if isinstance(error, SemblantError | KeyboardInterrupt | SystemExit | MemoryError):
        return True
    if isinstance(error, socket.gaierror):
        return error.errno != socket.EAI_AGAIN
    kinds = (PermissionError, FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)
    return isinstance(error, (*kinds, ssl.SSLCertVerificationError)) or getattr(error, "errno", None) in {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
    }


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
        return True
    if isinstance(error, OSError) and error.errno in _ERRNOS:
        return True
    return type(error).__name__ in _DRIVER_NAMES or status_of(error) in _STATUSES


def status_of(error: BaseException) -> int | None:
    """Give the HTTP status that an error of botocore, gcsfs, azure-core, aiohttp or urllib carries; None without one.

    >>> class Busy(Exception):
    ...     status = 503
    >>> status_of(Busy())
    503
    """
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        response = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return response if isinstance(response, int) else None
    for name in ("status", "status_code", "code"):
        found: Any = getattr(error, name, None)
        if isinstance(found, str) and found.isdecimal():
            found = int(found)
        if isinstance(found, int) and not isinstance(found, bool) and 100 <= found < 600:
            return found
    return None


def _pause(seconds: float) -> None:
    time.sleep(seconds)


@frozen(kw_only=True)
class Retry:
    """How a piece of work is repeated: three more times after 1, 4 and 16 seconds, transient faults only.

    :param pauses: seconds before each further attempt.
    :param transient: tells the faults that waiting may mend.
    :param sleep: waits; tests give their own clock, and jobs one that ends when the job is cancelled
        (:meth:`within`).

    >>> pauses, attempts = [], iter([ConnectionResetError(), TimeoutError(), None])
    >>> def work():
    ...     fault = next(attempts)
    ...     if fault: raise fault
    ...     return "done"
    >>> Retry(sleep=pauses.append)(work, "asking the server"), pauses
    ('done', [1.0, 4.0])
    """

    pauses: tuple[float, ...] = PAUSES
    transient: Callable[[BaseException], bool] = is_transient
    sleep: Callable[[float], None] = field(default=_pause)

    def __call__(self, work: Callable[[], T], what: str) -> T:
        """Do ``work`` until it ends well, fails for good, or has failed once more than there are pauses.

        :param what: what is tried, for the log: ``uploading 'orders'``; without secrets.
        :raises Exception: the last fault, unchanged.
        """
        for attempt, pause in enumerate(self.pauses, start=1):
            try:
                return work()
            except Exception as exc:
                if not self.transient(exc):
                    raise
                _logger.warning(
                    "%s failed for now (attempt %d of %d, %s), next attempt in %g s",
                    what,
                    attempt,
                    len(self.pauses) + 1,
                    type(exc).__name__,
                    pause,
                )
            self.sleep(pause)
        return work()

    def within(self, run: Run) -> Retry:
        """Give the same, but a cancelled job does not wait for its next attempt.

        :raises Cancelled: from the call, as soon as the job is cancelled.
        """
        from attrs import evolve

        def wait(seconds: float) -> None:
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                run.check()
                time.sleep(min(0.2, left))

        return evolve(self, sleep=wait)
