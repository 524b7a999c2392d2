"""Reaching a server: patiently while a job runs, step by step when a connector is tried out."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from semblant.access import AccessStep, failed, host_probe, passed, port_probe
from semblant.errors import ConfigError, SemblantError
from semblant.retry import Retry
from semblant_databases.faults import STEPS, fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from semblant.access import Probe
    from semblant_databases.faults import Kind
    from semblant_databases.server import Server

_STEPS: Final = {
    "host": AccessStep.HOST,
    "port": AccessStep.PORT,
    "tls": AccessStep.TLS,
    "credentials": AccessStep.CREDENTIALS,
    "database": AccessStep.DATABASE,
    "entry": AccessStep.DATABASE,
    "schema": AccessStep.SCHEMA,
}
_SETTINGS: Final = {"credentials": "password", "entry": "database", "access": "user"}


def step_of(error: BaseException) -> str:
    """Name the step that an error of :func:`.faults.fault` is about; empty for others.

    >>> from semblant.errors import SourceError
    >>> from semblant_databases.faults import fault
    >>> step_of(fault(SourceError, "busy", "here", "")), step_of(ValueError())
    ('busy', '')
    """
    message = error.message if isinstance(error, SemblantError) else ""
    return next((step for step, (what, _) in STEPS.items() if f": {what}" in message), "")


def is_passing(error: BaseException) -> bool:
    """Tell whether waiting may mend it."""
    return isinstance(error, SemblantError) and error.passing


PATIENCE: Final = Retry(transient=is_passing)


def reach(server: Server, kind: Kind) -> None:
    """Open and close the port, for drivers that say only after a while, or in riddles, that nothing is there.

    :raises SemblantError: of that ``kind``, for an unknown host or a port where nothing answers.
    """
    try:
        socket.create_connection((server.host, server.port), server.timeout_seconds).close()
    except (socket.gaierror, UnicodeError) as exc:
        raise fault(kind, "host", server, getattr(exc, "strerror", None) or "no such name") from None
    except OSError as exc:
        raise fault(kind, "port", server, exc.strerror or str(exc)) from None


def probe_server(server: Server, check: Callable[[], None], last: AccessStep) -> Iterator[Probe]:
    """Try one step after the other: name, port, then what ``check`` says."""
    if not server.host.startswith("/"):
        for probe in (host_probe(server.host), port_probe(server.host, server.port)):
            yield probe
            if not probe.passed:
                return
    try:
        server.reveal()
    except ConfigError as exc:
        yield failed(AccessStep.CREDENTIALS, exc.message, setting="password", fix=exc.fix or "see the message")
        return
    try:
        check()
    except SemblantError as exc:
        step = step_of(exc)
        found = _STEPS.get(step, last)
        setting = _SETTINGS.get(step, step if step in _STEPS else "")
        yield failed(found, exc.message, setting=setting, fix=exc.fix or "see the message")
        return
    user = f" as '{server.user}'" if server.user else ""
    yield passed(AccessStep.CREDENTIALS, f"signed in{user}")
    yield passed(AccessStep.DATABASE, f"'{server.database or server.schema or 'the default one'}' is there")
    yield passed(last, "it can be read" if last is AccessStep.READ else "a table was made, filled and removed again")
