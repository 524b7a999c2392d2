"""The true drivers of SQL Server and Oracle where no server is: what fails is named, at once, without the password."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest

import semblant_databases as databases
from semblant.access import AccessStep, examine
from semblant.errors import DestinationError, SemblantError, SourceError
from semblant.settings import Secret
from semblant_databases.contact import PATIENCE, is_passing
from semblant_databases.faults import STEPS
from tests import servers
from tests.plugins.databases import protocols

CANARY = "c4nary} p@ss;word'\"=x"
COMPONENTS = {f"{c.kind}-{c.name}": c for c in (*databases.semblant_sources(), *databases.semblant_destinations())}
THEIRS = [name for name in COMPONENTS if name.endswith(("sqlserver", "oracle"))]

pytestmark = [pytest.mark.feature(66, 67, 86)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("SEMBLANT_TEST_CANARY", CANARY)

    def make(name: str, **settings: Any) -> Any:
        component = COMPONENTS[name]
        given = {"host": "127.0.0.1", "user": "ann", "password": Secret("env:SEMBLANT_TEST_CANARY"), "database": "shop"}
        return component.create(component.settings(**{**given, "timeout_seconds": 3.0, **settings}))

    return make


def refusal(connected: Any) -> SemblantError:
    with contextlib.closing(connected), pytest.raises((SourceError, DestinationError)) as caught:
        connected.check()
    whole = f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r} {connected!r} {connected!s}"
    assert "c4nary" not in whole
    return caught.value


@pytest.mark.parametrize("name", THEIRS)
def test_a_host_that_is_not_known_and_a_port_that_is_closed_are_told_at_once(
    name: str, made: Callable[..., Any]
) -> None:
    begun = time.monotonic()
    for settings, step in (({"host": "no-such-host.invalid"}, "host"), ({"port": servers.free_port()}, "port")):
        found = refusal(made(name, **settings))
        assert STEPS[step][0] in found.message
        assert found.fix == STEPS[step][1]
    assert time.monotonic() - begun < 3.0


@pytest.mark.parametrize("name", THEIRS)
def test_a_server_that_hangs_up_may_be_tried_again(name: str, made: Callable[..., Any]) -> None:
    with protocols.server(protocols.hangs_up) as port:
        found = refusal(made(name, port=port))

    assert is_passing(found), found
    assert PATIENCE.transient(found)


@pytest.mark.parametrize("name", [name for name in THEIRS if "sqlserver" in name])
@pytest.mark.parametrize("tls", ["off", "prefer"])
def test_sql_server_refuses_user_or_password(name: str, tls: str, made: Callable[..., Any]) -> None:
    with protocols.server(protocols.refuses_login) as port:
        found = refusal(made(name, port=port, tls=tls))
        steps = list(examine(made(name, port=port, tls=tls), last=AccessStep.READ))

    assert found.message.endswith("the server refuses user or password (Login failed for user 'ann'.)")
    assert not PATIENCE.transient(found)
    assert [(step.step, step.passed) for step in steps] == [
        (AccessStep.HOST, True),
        (AccessStep.PORT, True),
        (AccessStep.CREDENTIALS, False),
    ]
    assert steps[-1].setting == "password"


@pytest.mark.parametrize("name", [name for name in THEIRS if "sqlserver" in name])
def test_sql_server_without_encryption_is_refused_where_it_is_asked_for(name: str, made: Callable[..., Any]) -> None:
    with protocols.server(protocols.refuses_login) as port:
        found = refusal(made(name, port=port, tls="require"))

    assert STEPS["tls"][0] in found.message


@pytest.mark.parametrize("name", [name for name in THEIRS if "oracle" in name])
def test_oracle_knows_no_such_service(name: str, made: Callable[..., Any]) -> None:
    with protocols.server(protocols.knows_no_service) as port:
        found = refusal(made(name, port=port))
        steps = list(examine(made(name, port=port), last=AccessStep.READ))

    assert STEPS["database"][0] in found.message
    assert (steps[-1].step, steps[-1].setting) == (AccessStep.DATABASE, "database")


@pytest.mark.parametrize("name", [name for name in THEIRS if "oracle" in name])
def test_oracle_without_tls_is_refused_where_it_is_asked_for(name: str, made: Callable[..., Any]) -> None:
    with protocols.server(lambda connection: connection.sendall(b"no TLS here, sorry\n")) as port:
        found = refusal(made(name, port=port, tls="verify"))

    assert STEPS["tls"][0] in found.message, found.message


@pytest.mark.parametrize("name", THEIRS)
def test_no_database_or_service_is_named(name: str, made: Callable[..., Any]) -> None:
    if "oracle" in name:
        assert "no service is named" in refusal(made(name, database=None)).message
