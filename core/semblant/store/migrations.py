"""What brings a store of any earlier version to the one that this code knows, statement by statement.

A migration that was released is never changed; a change of :mod:`.tables` comes with a new one. The
statements are understood by SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

from semblant.store.faults import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

VERSION_TABLE: Final = "semblant_store"
_LOCK: Final = 7_309_115_286_431
"""Key of PostgreSQL's advisory lock, so that two processes do not migrate at once."""

_CONTENTS: Final = (
    """CREATE TABLE connectors (
        id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, type TEXT NOT NULL,
        settings JSON NOT NULL, owner TEXT NOT NULL, created DOUBLE PRECISION NOT NULL,
        changed DOUBLE PRECISION NOT NULL)""",
    """CREATE TABLE catalogs (
        id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, spec TEXT NOT NULL, tables JSON NOT NULL,
        note TEXT NOT NULL, owner TEXT NOT NULL, created DOUBLE PRECISION NOT NULL,
        changed DOUBLE PRECISION NOT NULL)""",
    """CREATE TABLE jobs (
        id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, state TEXT NOT NULL,
        home TEXT NOT NULL, owner TEXT NOT NULL, catalog TEXT, generator TEXT, destination TEXT NOT NULL,
        follows TEXT, orders JSON NOT NULL, created DOUBLE PRECISION NOT NULL, started DOUBLE PRECISION,
        ended DOUBLE PRECISION, attempt INTEGER NOT NULL, crashes INTEGER NOT NULL, worker TEXT,
        process JSON, lease_until DOUBLE PRECISION,
        not_before DOUBLE PRECISION NOT NULL, cancel_asked INTEGER NOT NULL, stop_asked INTEGER NOT NULL,
        publishing INTEGER NOT NULL, delivered INTEGER NOT NULL, rows_reserved BIGINT NOT NULL,
        rows_made BIGINT NOT NULL, bytes BIGINT NOT NULL, processor_seconds DOUBLE PRECISION NOT NULL,
        share DOUBLE PRECISION NOT NULL, seconds_left DOUBLE PRECISION, fault JSON, result JSON,
        deleted INTEGER NOT NULL)""",
    "CREATE INDEX jobs_by_state ON jobs (state, created)",
    "CREATE INDEX jobs_by_name ON jobs (name, created)",
    """CREATE TABLE tasks (
        job TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL,
        table_name TEXT NOT NULL, state TEXT NOT NULL, started DOUBLE PRECISION, ended DOUBLE PRECISION,
        message TEXT NOT NULL, PRIMARY KEY (job, number),
        FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE)""",
    """CREATE TABLE steps (
        job TEXT NOT NULL, task INTEGER NOT NULL, step TEXT NOT NULL,
        state TEXT NOT NULL, attempt INTEGER NOT NULL, started DOUBLE PRECISION, ended DOUBLE PRECISION,
        seconds DOUBLE PRECISION, done DOUBLE PRECISION, total DOUBLE PRECISION, unit TEXT NOT NULL,
        seconds_left DOUBLE PRECISION, PRIMARY KEY (job, task, step),
        FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE)""",
    """CREATE TABLE metrics (
        job TEXT NOT NULL, task INTEGER NOT NULL,
        epoch DOUBLE PRECISION NOT NULL, figures JSON NOT NULL, PRIMARY KEY (job, task, epoch),
        FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE)""",
    """CREATE TABLE generators (
        name TEXT NOT NULL, home TEXT NOT NULL, job TEXT, state TEXT NOT NULL, path TEXT NOT NULL,
        owner TEXT NOT NULL, created DOUBLE PRECISION NOT NULL, bytes BIGINT NOT NULL, tables JSON NOT NULL,
        PRIMARY KEY (home, name))""",
    """CREATE TABLE datasets (
        job TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
        location TEXT NOT NULL, created DOUBLE PRECISION NOT NULL, files JSON NOT NULL, rows JSON NOT NULL,
        report JSON NOT NULL, scores JSON NOT NULL, report_fault TEXT NOT NULL,
        FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE)""",
    """CREATE TABLE ledger (
        id TEXT NOT NULL PRIMARY KEY, source TEXT NOT NULL, job TEXT NOT NULL, state TEXT NOT NULL,
        epsilon DOUBLE PRECISION NOT NULL, delta DOUBLE PRECISION NOT NULL, event JSON NOT NULL,
        created DOUBLE PRECISION NOT NULL, changed DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX ledger_by_source ON ledger (source)",
    """CREATE TABLE quotas (
        owner TEXT NOT NULL, resource TEXT NOT NULL, most DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (owner, resource))""",
)
_USED: Final = ("ALTER TABLE tasks ADD COLUMN used JSON",)

MIGRATIONS: Final[Sequence[Sequence[str]]] = (_CONTENTS, _USED)
"""The statements of each version, from 1 on."""


def migrate(connection: Connection) -> int:
    """Bring the store up to date inside the caller's writing transaction; give the version that it has now.

    :raises StoreError: the store was made by a newer version of Semblant.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    version = version_of(connection)
    if version > len(MIGRATIONS):
        msg = f"the store has version {version}, made by a newer Semblant; this one knows {len(MIGRATIONS)}"
        raise StoreError(msg, fix="upgrade: pip install --upgrade semblant")
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO semblant_store (version) VALUES (:number)"), {"number": number})
    return len(MIGRATIONS)


def version_of(connection: Connection) -> int:
    """Give the version of the store, 0 for an empty database; makes the table that holds it."""
    if not inspect(connection).has_table(VERSION_TABLE):
        connection.execute(text("CREATE TABLE semblant_store (version INTEGER NOT NULL PRIMARY KEY)"))
    found = connection.execute(text("SELECT max(version) FROM semblant_store")).scalar()
    return int(found or 0)
