"""How a connector is tried out: step by step, so that the user knows which setting to change.

A source or destination *may* have a method ``probe()`` beside those of its protocol
(:class:`Probing`); ``semblant connectors test NAME`` shows what it yields. Without one, :func:`examine`
falls back to ``check()``, which every source and destination has. A database would write::

    def probe(self) -> Iterator[Probe]:
        yield host_probe(self.host, setting="host")
        yield port_probe(self.host, self.port, setting="port")
        if self.tls:
            yield tls_probe(self.host, self.port, setting="tls")
        try:
            connection = self._connect()
        except DriverError as exc:
            yield failed(AccessStep.CREDENTIALS, "the server refuses user 'ann'", setting="password", fix="…")
            return
        yield passed(AccessStep.CREDENTIALS, "signed in as 'ann'")
        …

It is a generator: nothing behind a failed step is tried, because :func:`examine` stops there.
"""

from __future__ import annotations

import socket
import ssl
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from attrs import frozen

from semblant.errors import SemblantError

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_SECONDS: Final = 5.0
"""How long a name server, a port or a handshake is waited for."""


class AccessStep(StrEnum):
    """The steps, in the order in which they are tried; a connector leaves out those that it does not have."""

    HOST = "host"
    """The name of the server is known."""
    PORT = "port"
    """Something listens there."""
    TLS = "TLS"
    """It speaks TLS, and its certificate is valid for that name."""
    CREDENTIALS = "credentials"
    """User and password, or keys, are accepted."""
    DATABASE = "database"
    """The database, bucket or container exists and may be entered."""
    SCHEMA = "schema"
    """The schema, prefix or folder exists or can be made."""
    READ = "read access"
    """Its tables can be listed and read."""
    WRITE = "write access"
    """A temporary object was written and removed again."""


@frozen(kw_only=True)
class Probe:
    """What one step showed.

    >>> passed(AccessStep.PORT, "db.example:5432 answers").passed
    True
    """

    step: AccessStep
    passed: bool
    message: str
    """One line for a person; no secret in it."""
    setting: str = ""
    """The setting to change when it failed: ``port``, ``password``."""
    fix: str = ""
    """What to do when it failed."""

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        found = {"step": self.step.value, "passed": self.passed, "message": self.message}
        return found if self.passed else found | {"setting": self.setting, "fix": self.fix}


@runtime_checkable
class Probing(Protocol):
    """A source or destination that can say step by step how far it gets."""

    def probe(self) -> Iterator[Probe]:
        """Try one step after the other; end after the first that failed. Leaves nothing behind."""


def passed(step: AccessStep, message: str) -> Probe:
    """Give a step that went well."""
    return Probe(step=step, passed=True, message=message)


def failed(step: AccessStep, message: str, *, setting: str, fix: str) -> Probe:
    """Give a step that did not, with the setting to change."""
    return Probe(step=step, passed=False, message=message, setting=setting, fix=fix)


def examine(connected: Any, *, last: AccessStep) -> Iterator[Probe]:
    """Try out a source or destination; the last result is the first that failed, or ``last``.

    :param connected: with ``probe()``, or at least with ``check()``.
    :param last: ``READ`` for a source, ``WRITE`` for a destination: what ``check()`` proves.

    Errors that a plugin raises on purpose become a failed step; others pass.
    """
    ended = False
    if isinstance(connected, Probing):
        steps = list(AccessStep)
        at = steps[0]
        try:
            for found in connected.probe():
                at = steps[min(steps.index(found.step) + 1, len(steps) - 1)]
                ended = found.step is last or not found.passed
                yield found
                if not found.passed:
                    return
        except SemblantError as exc:
            yield _raised(at, exc)
            return
    if ended:
        return
    try:
        connected.check()
    except SemblantError as exc:
        yield _raised(last, exc)
        return
    yield passed(last, "it can be read" if last is AccessStep.READ else "a temporary object was written and removed")


def _raised(step: AccessStep, exc: SemblantError) -> Probe:
    return failed(step, exc.message, setting="", fix=exc.fix or "see the message")


def host_probe(host: str, *, setting: str = "host") -> Probe:
    """Look a server's name up.

    >>> host_probe("127.0.0.1").passed
    True
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return failed(
            AccessStep.HOST,
            f"the name '{host}' is not known",
            setting=setting,
            fix="correct the name, or check the network's name server",
        )
    return passed(AccessStep.HOST, f"'{host}' is {found[0][4][0]}")


def port_probe(host: str, port: int, *, setting: str = "port", timeout_seconds: float = TIMEOUT_SECONDS) -> Probe:
    """Open a connection to a port, and close it."""
    try:
        socket.create_connection((host, port), timeout_seconds).close()
    except TimeoutError:
        return failed(
            AccessStep.PORT,
            f"{host}:{port} does not answer within {timeout_seconds:g} seconds",
            setting=setting,
            fix="check the port, and whether a firewall keeps you out",
        )
    except OSError as exc:
        return failed(
            AccessStep.PORT,
            f"{host}:{port} cannot be reached: {exc.strerror or exc}",
            setting=setting,
            fix="check the port, and that the server is running",
        )
    return passed(AccessStep.PORT, f"{host}:{port} answers")


def tls_probe(
    host: str,
    port: int,
    *,
    setting: str = "tls",
    context: ssl.SSLContext | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Probe:
    """Do a TLS handshake with a server that begins with one (HTTPS; not PostgreSQL, which asks first)."""
    context = context or ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout_seconds) as plain,
            context.wrap_socket(plain, server_hostname=host) as safe,
        ):
            version = safe.version() or "TLS"
    except ssl.SSLCertVerificationError as exc:
        return failed(
            AccessStep.TLS,
            f"the certificate of {host}:{port} is not accepted: {exc.verify_message}",
            setting=setting,
            fix="use the name that stands in the certificate, or make its authority known to this machine",
        )
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "reason", None) or getattr(exc, "strerror", None) or exc
        return failed(
            AccessStep.TLS,
            f"{host}:{port} does not speak TLS: {reason}",
            setting=setting,
            fix="use the port for TLS, or switch TLS off if the network is trusted",
        )
    return passed(AccessStep.TLS, f"{version}, the certificate is valid for '{host}'")
