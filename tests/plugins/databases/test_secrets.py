"""Passwords are in no error, no text and no URL; each way to fail says which setting to look at."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from attrs import evolve

import semblant_databases as databases
from semblant.access import AccessStep, examine
from semblant.errors import ConfigError, DestinationError, SemblantError, SourceError
from semblant.settings import Secret
from semblant.settings.structure import structure
from semblant.testing.material import people, schema_of
from semblant.vocabulary import WriteMode
from semblant_databases.contact import PATIENCE
from semblant_databases.faults import STEPS
from tests.plugins.databases.places import DatabasePlace

CANARY = "c4nary p@ss/word:?#%"
COMPONENTS = [*databases.semblant_sources(), *databases.semblant_destinations()]
WITH_SERVERS = [component for component in COMPONENTS if hasattr(component.settings, "schemes")]


def named(component: Any) -> str:
    return f"{component.kind}-{component.name}"


@pytest.mark.parametrize("component", WITH_SERVERS, ids=named)
def test_a_password_in_a_url_is_refused_without_repeating_it(component: Any) -> None:
    url = f"{component.schemes[0]}://ann:hunter22secret@db.example/shop"

    made, found = structure(component.settings, {"url": url}, "source")
    with pytest.raises(ConfigError) as caught:
        databases.from_url(url)

    assert made is None
    assert "env:NAME" in found[0].fix
    assert "hunter22secret" not in f"{found} {caught.value}"


@pytest.mark.parametrize(
    "rest",
    ["db:notaport/x", "db/x?password=plain", "db/x?colour=red", "db/x?tls=maybe", "[::1/x", "db/x?timeout_seconds=x"],
)
@pytest.mark.parametrize("component", WITH_SERVERS, ids=named)
def test_a_url_that_cannot_be_used_is_refused_in_words(component: Any, rest: str) -> None:
    made, found = structure(component.settings, {"url": f"{component.schemes[0]}://ann:env:PW@{rest}"})

    assert made is None
    assert found[0].fix


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({"host": "no-such-host.invalid"}, "host"),
        ({"port": 1}, "port"),
        ({"user": "nobody_here"}, "credentials"),
        ({"database": "missing"}, "database"),
        ({"tls": "require"}, "tls"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_step_that_fails_says_which_setting_to_change(
    server: DatabasePlace, changed: dict[str, Any], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMBLANT_TEST_CANARY", CANARY)
    place = server.with_user(password=Secret("env:SEMBLANT_TEST_CANARY"), **changed)
    if server.kind == "mariadb" and step in {"database", "tls"}:
        place = server.with_user(**changed)

    for make, kind in ((place.reader, SourceError), (place.writer, DestinationError)):
        with contextlib.closing(make()) as connected, pytest.raises(kind) as caught:
            connected.check()
        assert STEPS[step][0] in caught.value.message
        assert caught.value.fix == STEPS[step][1]
        whole = f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r} {connected!r} {connected!s}"
        assert CANARY not in whole
        assert "c4nary" not in whole


def test_a_user_without_rights_is_told_before_any_work(server: DatabasePlace) -> None:
    if server.kind == "postgresql":
        server.rows("DROP ROLE IF EXISTS reader_only", "CREATE ROLE reader_only LOGIN")
    else:
        server.rows(
            "CREATE OR REPLACE USER 'reader_only'@'%' IDENTIFIED BY ''",
            f"GRANT SELECT ON {server.destination['database']}.* TO 'reader_only'@'%'",
        )

    writer = server.with_user(user="reader_only").writer()
    with contextlib.closing(writer), pytest.raises(DestinationError) as caught:
        writer.check()

    assert caught.value.fix == STEPS["access"][1]


def test_a_schema_that_is_not_there_is_named(request: pytest.FixtureRequest) -> None:
    from tests.plugins.databases.places import _postgresql

    place = _postgresql(request).with_user(schema="nowhere")
    for made in (place.reader(), place.writer()):
        with contextlib.closing(made), pytest.raises(SemblantError, match="no such schema.*nowhere"):
            made.check()


def test_a_connector_is_tried_out_step_by_step(server: DatabasePlace) -> None:
    for make, last in ((server.reader, AccessStep.READ), (server.writer, AccessStep.WRITE)):
        if last is AccessStep.READ:
            server.deliver(schema_of({"people": people(1)}), {"people": people(1)})
        with contextlib.closing(make()) as connected:
            found = list(examine(connected, last=last))
        assert [probe.step for probe in found] == [
            AccessStep.HOST,
            AccessStep.PORT,
            AccessStep.CREDENTIALS,
            AccessStep.DATABASE,
            last,
        ]
        assert all(probe.passed for probe in found)
    with contextlib.closing(server.with_user(user="nobody_here").writer()) as connected:
        *_, refused = examine(connected, last=AccessStep.WRITE)
    assert (refused.step, refused.setting, refused.passed) == (AccessStep.CREDENTIALS, "password", False)
    with contextlib.closing(server.with_user(port=1).writer()) as connected:
        *_, refused = examine(connected, last=AccessStep.WRITE)
    assert (refused.step, refused.setting) == (AccessStep.PORT, "port")


def test_a_server_that_comes_back_costs_nothing(server: DatabasePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("semblant_databases.writing.destination.PATIENCE", evolve(PATIENCE, sleep=waited.append))

    with contextlib.closing(server.with_user(port=1).writer()) as writer, pytest.raises(DestinationError) as caught:
        writer.open(schema_of({"people": people(1)}), WriteMode.FAIL)
    assert waited == [1.0, 4.0, 16.0]
    assert caught.value.fix == STEPS["port"][1]
    waited.clear()
    with (
        contextlib.closing(server.with_user(user="nobody_here").writer()) as writer,
        pytest.raises(DestinationError, match="refuses user or password"),
    ):
        writer.open(schema_of({"people": people(1)}), WriteMode.FAIL)
    assert waited == []
