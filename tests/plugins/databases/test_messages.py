"""What a newcomer gets wrong: each mistake is told with the step that failed and the setting to change."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest

from semblant.access import AccessStep, Probe, examine
from semblant.settings import Secret
from tests import servers
from tests.plugins.databases.places import DatabasePlace

pytestmark = [pytest.mark.feature(77, 86)]
_NAMES = itertools.count()


@pytest.fixture
def guarded(server: DatabasePlace, monkeypatch: pytest.MonkeyPatch) -> DatabasePlace:
    """Give a place with a user who may read alone; passwords are asked for by MariaDB only."""
    name = f"reader_{next(_NAMES)}"
    monkeypatch.setenv("SEMBLANT_TEST_PASSWORD", "right-password")
    monkeypatch.setenv("SEMBLANT_TEST_WRONG", "wrong-password")
    server.rows("CREATE TABLE people (id int PRIMARY KEY)")
    if server.kind == "postgresql":
        schema = server.source["schema"]
        server.rows(
            f"CREATE USER {name} PASSWORD 'right-password'",
            f"GRANT USAGE ON SCHEMA {schema} TO {name}",
            f"GRANT SELECT ON people TO {name}",
        )
    else:
        database = server.source["database"]
        server.rows(f"CREATE USER {name} IDENTIFIED BY 'right-password'", f"GRANT SELECT ON {database}.* TO {name}")
    return server.with_user(user=name, password=Secret("env:SEMBLANT_TEST_PASSWORD"))


def last(connected: Any, step: AccessStep) -> Probe:
    with contextlib.closing(connected):
        found: Probe = list(examine(connected, last=step))[-1]
    assert "right-password" not in found.message + found.fix
    assert "wrong-password" not in found.message + found.fix
    return found


def test_a_user_who_may_only_read_is_told_by_the_write_step(guarded: DatabasePlace) -> None:
    assert last(guarded.reader(), AccessStep.READ).passed
    refused = last(guarded.writer(), AccessStep.WRITE)

    assert (refused.step, refused.passed, refused.setting) == (AccessStep.WRITE, False, "user")
    assert "the user may not do that" in refused.message
    assert "LINE 1" not in refused.message
    assert "grant the user the right" in refused.fix


@pytest.mark.parametrize(
    ("settings", "step", "setting"),
    [
        ({"host": "no-such-host.invalid"}, AccessStep.HOST, "host"),
        ({"port": 0}, AccessStep.PORT, "port"),
        ({"password": Secret("env:SEMBLANT_TEST_NOT_SET")}, AccessStep.CREDENTIALS, "password"),
        ({"database": "nope"}, AccessStep.DATABASE, "database"),
        ({"tls": "require"}, AccessStep.TLS, "tls"),
    ],
)
def test_a_mistake_is_told_with_the_setting_to_change(
    settings: dict[str, Any], step: AccessStep, setting: str, guarded: DatabasePlace
) -> None:
    settings = {name: value or servers.free_port() for name, value in settings.items()}
    if "database" in settings and guarded.kind == "mariadb":
        settings["database"] = "nope"
    for connected, role in (
        (guarded.reader(**settings), AccessStep.READ),
        (guarded.writer(**settings), AccessStep.WRITE),
    ):
        found = last(connected, role)
        assert (found.step, found.passed, found.setting) == (step, False, setting), found
        assert found.fix


def test_a_wrong_password_and_a_wrong_schema_are_told(guarded: DatabasePlace) -> None:
    if guarded.kind == "mariadb":  # the test's PostgreSQL trusts everybody, and MariaDB has no schemas
        found = last(guarded.reader(password=Secret("env:SEMBLANT_TEST_WRONG")), AccessStep.READ)
        assert (found.step, found.setting) == (AccessStep.CREDENTIALS, "password")
    else:
        found = last(guarded.reader(schema="nope"), AccessStep.READ)
        assert (found.step, found.setting) == (AccessStep.SCHEMA, "schema")
