"""Deliveries to BigQuery that are killed: nothing is mixed, and the next one need not wait for the lease."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from semblant.vocabulary import WriteMode
from tests.plugins.databases.emulated import client
from tests.plugins.databases.places import DatabasePlace
from tests.plugins.databases.test_interruption import TABLES, WRITER, deliver, is_whole, posix
from tests.servers import Server

pytestmark = [pytest.mark.feature(61, 65)]
ROWS = 20


class Killed(BaseException):
    """Stands for a kill: nothing that handles errors may catch it."""


def versions(server: Server, place: DatabasePlace) -> list[tuple[Any, ...]]:
    """Look at all tables in one query: the smallest and largest version and the rows of each."""
    name = place.source["dataset"]
    each = (f"SELECT '{t}' AS t, MIN(version) AS a, MAX(version) AS b, COUNT(*) AS c FROM {name}.{t}" for t in TABLES)
    return [tuple(row.values())[1:] for row in client(server).query(" UNION ALL ".join(each)).result()]


def there(server: Server, place: DatabasePlace) -> set[str]:
    found = {entry.table_id for entry in client(server).list_tables(place.source["dataset"])}
    return found - {"semblant_deliveries"}


@posix
@pytest.mark.nightly
def test_fifty_kills_leave_no_mixed_set(dataset: DatabasePlace, bigquery: Server) -> None:
    chance, seen, begun = random.Random(7), set(), time.monotonic()
    deliver(dataset.writer(), 0, 3_000, WriteMode.FAIL)
    longest = 2 + 2 * (time.monotonic() - begun)  # the writer loads its driver first
    command = [sys.executable, "-c", WRITER, "bigquery", json.dumps(dict(dataset.destination))]
    for number in range(50):
        words = [*command, str(1 + number * 1_000), "truncate"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            time.sleep(chance.random() * longest)
            process.send_signal(signal.SIGKILL)
            process.wait()
        found = versions(bigquery, dataset)
        assert is_whole(found), found
        seen.add(found[0][0])
    deliver(dataset.writer(), 999_999, 3_000, WriteMode.TRUNCATE)
    assert versions(bigquery, dataset) == [(999_999, 999_999, 3_000)] * 5
    assert len(seen) > 5, "some deliveries were final before the kill"
    assert there(bigquery, dataset) == set(TABLES)


@pytest.mark.parametrize("delivery", ["", pytest.param("job-1", marks=pytest.mark.nightly)])
def test_new_tables_of_a_delivery_that_died_between_two_of_them_are_removed_by_the_next(
    delivery: str,
    dataset: DatabasePlace,
    bigquery: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from semblant_databases.bigquery.connection import Connection

    ask, made = Connection.ask, 0

    def dying(connection: Connection, statement: str, **options: Any) -> Any:
        nonlocal made
        if " AS SELECT c0 AS" in statement:
            made += 1
            if made == 4:
                raise Killed
        return ask(connection, statement, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "ask", dying)
        # what is killed neither cleans up nor lets go
        patch.setattr("semblant_databases.bigquery.writer.BigqueryWriter.abandon", lambda writer: None)
        patch.setattr("semblant_databases.bigquery.lease.Lease.release", lambda lease: None)
        patch.setattr("semblant.holder._started", lambda process: 1.0)
        with pytest.raises(Killed):
            deliver(dataset.writer(delivery=delivery), 1, ROWS, WriteMode.FAIL)
    assert {"a", "b", "c"} < there(bigquery, dataset)
    if not delivery:  # somebody else's table in the place of one that was not made yet
        client(bigquery).query(f"CREATE TABLE {dataset.source['dataset']}.e AS SELECT 1 AS mine").result()

    with contextlib.closing(dataset.writer()) as writer:
        writer.check()
    assert there(bigquery, dataset) == (set() if delivery else {"e"})
    client(bigquery).delete_table(f"acme.{dataset.source['dataset']}.e", not_found_ok=True)
    deliver(dataset.writer(delivery=delivery), 1, ROWS, WriteMode.FAIL)
    assert is_whole(versions(bigquery, dataset), ROWS)
    if delivery:
        deliver(dataset.writer(delivery=delivery), 1, ROWS, WriteMode.FAIL)
        assert is_whole(versions(bigquery, dataset), ROWS)
