"""Deliveries that die at any statement of their publication: the next one finds the old set or the new one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from semblant.errors import DestinationError
from semblant.vocabulary import WriteMode
from tests.plugins.databases.places import DatabasePlace, place_of
from tests.plugins.databases.test_interruption import TABLES, deliver, is_whole, versions

ROWS = 20


class Killed(BaseException):
    """Stands for a kill: nothing that handles errors may catch it."""


class Dying:
    """Lets a writer's connection speak so many times once it publishes, then never again."""

    def __init__(self, place: DatabasePlace, monkeypatch: pytest.MonkeyPatch) -> None:
        from semblant_databases.oracle import connection as oracle
        from semblant_databases.oracle.writer import OracleWriter
        from semblant_databases.sqlserver import connection as sqlserver
        from semblant_databases.sqlserver.writer import SqlserverWriter

        self.left: int | None = None
        self.moment = 0
        self.open: list[Any] = []
        module, writer = (oracle, OracleWriter) if place.kind == "oracle" else (sqlserver, SqlserverWriter)
        connect, publish = module.connected, writer.publish

        def connected(*arguments: Any, **options: Any) -> Any:
            self.open.append(connect(*arguments, **options))
            return self.open[-1]

        def armed(*arguments: Any) -> None:
            self.left = self.moment
            publish(*arguments)

        def speaking(name: str) -> Any:
            said = getattr(module.Connection, name)

            def speak(connection: Any, *words: Any) -> Any:
                if self.left is not None:
                    if self.left <= 0:
                        raise Killed
                    self.left -= 1
                return said(connection, *words)

            return speak

        monkeypatch.setattr(module, "connected", connected)
        monkeypatch.setattr(writer, "publish", armed)
        for name in ("run", "rows", "commit"):
            if hasattr(module.Connection, name):
                monkeypatch.setattr(module.Connection, name, speaking(name))

    @contextlib.contextmanager
    def at(self, moment: int) -> Iterator[None]:
        """Die at that statement; the server lets go of the sessions of the dead."""
        self.moment = moment
        try:
            yield
        finally:
            self.left = None
            for connection in self.open:
                connection.pg.close()
            self.open.clear()


def _checked(imitated: DatabasePlace) -> None:
    """Check the place as a delivery does; a busy server needs a moment to notice that a session is dead."""
    end = time.monotonic() + 10
    while True:
        try:
            with contextlib.closing(imitated.writer()) as destination:
                destination.check()
        except DestinationError as exc:
            if "under way" not in str(exc) or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.mark.feature(61)
@pytest.mark.parametrize(
    "case",
    [
        "a first set",
        *(pytest.param(c, marks=pytest.mark.nightly) for c in ("rows that change", "tables of another shape", "once")),
    ],
)
def test_a_kill_at_any_statement_leaves_the_old_set_or_the_new_one(
    imitated: DatabasePlace, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying, seen = Dying(imitated, monkeypatch), []
    # of what is replaced, version 3 has a column more than version 1
    version, mode = {
        "a first set": (2, WriteMode.FAIL),
        "rows that change": (2, WriteMode.TRUNCATE),
        "tables of another shape": (3, WriteMode.REPLACE),
        "once": (2, WriteMode.APPEND),
    }[case]
    first = case not in {"a first set", "once"}
    options = {"delivery": "job-1"} if case == "once" else {}
    for moment in range(200):
        dying.moment = 10**6
        if first:
            deliver(imitated.writer(), 1, ROWS, WriteMode.REPLACE)
        try:
            with dying.at(moment):
                deliver(imitated.writer(**options), version, ROWS, mode)
            whole = True
        except Killed:
            whole = False
        dying.moment = 10**6
        _checked(imitated)
        there = imitated.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'semblant_deliveries'"
        )[0]
        assert len(there) in ({0, 5} if not first else {5}), there
        found = versions(imitated) if there else []
        assert not found or is_whole(found, ROWS), (moment, found)
        seen.append(found[0][0] if found else None)
        if case == "once":
            deliver(imitated.writer(**options), version, ROWS, mode)
            assert is_whole(versions(imitated), ROWS), "the same delivery is not written twice"
        if whole:
            break
        if case in {"a first set", "once"}:
            imitated.rows(
                *(f"DROP TABLE IF EXISTS {name} CASCADE" for name in (*TABLES, "semblant_deliveries")),
            )

    assert whole
    assert set(seen) == {1 if first else None, version}
    assert seen == sorted(seen, key=lambda found: found == version), "once final, a set stays final"


def test_what_somebody_else_put_in_the_place_of_a_dead_delivery_is_left_alone(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place_of("oracle", request, tmp_path) as place:
        dying = Dying(place, monkeypatch)
        for moment in range(200):
            with contextlib.suppress(Killed), dying.at(moment):
                deliver(place.writer(), 1, ROWS, WriteMode.FAIL)
            if place.rows("SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'c'")[0]:
                break
        dying.moment = 10**6
        place.rows("DROP TABLE a CASCADE", "CREATE TABLE a (mine int)", "INSERT INTO a VALUES (7)")
        with contextlib.closing(place.writer()) as destination:
            destination.check()
        assert place.rows("SELECT * FROM a") == [[(7,)]]
        assert place.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()") == [[("a",)]]
