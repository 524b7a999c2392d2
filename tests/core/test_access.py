"""A connector is tried out step by step; the first step that fails ends it and names the setting to change."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from semblant.access import (
    AccessStep,
    Probe,
    examine,
    failed,
    host_probe,
    passed,
    port_probe,
    tls_probe,
)
from semblant.errors import DestinationError


class Database:
    """One that answers as it is told."""

    def __init__(self, *steps: Probe | Exception, check: Exception | None = None) -> None:
        self.steps = steps
        self.fault = check
        self.asked: list[AccessStep] = []
        self.checked = 0

    def probe(self) -> Iterator[Probe]:
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            self.asked.append(step.step)
            yield step

    def check(self) -> None:
        self.checked += 1
        if self.fault:
            raise self.fault


class Plain:
    """A destination of somebody who never heard of probes."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault

    def check(self) -> None:
        if self.fault:
            raise self.fault


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_what_comes_after_a_failed_step_is_not_tried() -> None:
    wrong = failed(AccessStep.CREDENTIALS, "the password is wrong", setting="password", fix="correct it")
    database = Database(passed(AccessStep.HOST, "known"), wrong, passed(AccessStep.DATABASE, "there"))
    assert list(examine(database, last=AccessStep.WRITE))[-1] == wrong
    assert database.asked == [AccessStep.HOST, AccessStep.CREDENTIALS]
    assert database.checked == 0


def test_write_access_is_proven_by_check_when_the_probe_ends_before_it() -> None:
    database = Database(passed(AccessStep.HOST, "known"), check=DestinationError("read only", fix="ask for more"))
    found = list(examine(database, last=AccessStep.WRITE))
    assert [(probe.step, probe.passed) for probe in found] == [(AccessStep.HOST, True), (AccessStep.WRITE, False)]
    assert found[-1].fix == "ask for more"


def test_a_probe_that_proved_everything_is_not_followed_by_another_check() -> None:
    database = Database(passed(AccessStep.WRITE, "written"))
    assert len(list(examine(database, last=AccessStep.WRITE))) == 1
    assert database.checked == 0


def test_an_error_raised_in_a_probe_belongs_to_the_step_after_the_last_good_one() -> None:
    database = Database(passed(AccessStep.PORT, "open"), DestinationError("no TLS here"))
    assert list(examine(database, last=AccessStep.WRITE))[-1].step is AccessStep.TLS


@pytest.mark.parametrize("last", [AccessStep.READ, AccessStep.WRITE])
def test_a_connector_without_probes_is_tried_by_its_check(last: AccessStep) -> None:
    assert [(probe.step, probe.passed) for probe in examine(Plain(), last=last)] == [(last, True)]
    (refused,) = examine(Plain(DestinationError("no access", fix="change the key")), last=last)
    assert (refused.passed, refused.message, refused.fix) == (False, "no access", "change the key")


def test_faults_of_a_program_are_not_taken_for_answers() -> None:
    with pytest.raises(ZeroDivisionError):
        list(examine(Plain(ZeroDivisionError()), last=AccessStep.READ))


def test_an_unknown_host_is_told_with_its_setting() -> None:
    found = host_probe("no-such-host.invalid", setting="endpoint")
    assert (found.passed, found.setting) == (False, "endpoint")
    assert "no-such-host.invalid" in found.message


def test_a_port_answers_or_refuses(listening: int) -> None:
    assert port_probe("127.0.0.1", listening).passed
    refused = port_probe("127.0.0.1", refused_port())
    assert not refused.passed
    assert refused.setting == "port"
    assert "refused" in refused.message.lower()


def test_a_server_without_tls_is_told_apart_from_one_that_is_not_there(listening: int) -> None:
    with contextlib.closing(socket.create_connection(("127.0.0.1", listening))):
        found = tls_probe("127.0.0.1", listening, timeout_seconds=0.3)
    assert not found.passed
    assert (found.step, found.setting) == (AccessStep.TLS, "tls")
