"""A delivery to an SQLite file: gathered in a file beside it, put in place by one rename or one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from semblant.errors import DestinationError
from semblant.schema import ForeignKey
from semblant_databases.ledger import LEDGER
from semblant_databases.names import NameRules, doubled
from semblant_databases.sqlite import types
from semblant_databases.writing.target import Action, Present

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from semblant.schema import Column, Schema
    from semblant_databases.filebased.place import FilePlace
    from semblant_databases.writing.target import Loaded, Step, Target

quoted = doubled('"')
_NAMES = NameRules(longest=1000, unit="characters", folds=True)
_OWN = "sqlite_"


class SqliteWriter:
    """Rows go into a private file, so that readers wait only for the moment in which all of it is put in place."""

    flush_rows = 50_000

    def __init__(self, place: FilePlace, timeout_seconds: float) -> None:
        """Nothing is opened yet."""
        self._place = place
        self._timeout = timeout_seconds
        self._stage: sqlite3.Connection | None = None
        self._seen: dict[str, str | None] = {}

    def check_names(self, schema: Schema) -> None:
        """Refuse names that SQLite takes for one, or keeps for itself."""
        _NAMES.check(schema, "SQLite")
        for table in schema:
            if table.name.lower().startswith(_OWN):
                raise DestinationError(
                    f"the table name '{table.name}' begins with '{_OWN}', which SQLite keeps for itself",
                    fix="rename the table",
                )

    def begin(self) -> None:
        """Lock out other deliveries."""
        self._place.lock()

    def prove(self) -> None:
        """Make, fill and undo a table; in a folder without the file, make a file."""
        self._place.prove()
        if self._place.exists():
            with self._opened() as target, self._speaking():
                target.execute("BEGIN IMMEDIATE")
                target.execute(f"CREATE TABLE {quoted(LEDGER + '_check')} (id INTEGER)")
                target.execute("ROLLBACK")

    @contextlib.contextmanager
    def _opened(self, *, write: bool = True) -> Iterator[sqlite3.Connection]:
        mode = "rw" if write else "ro"
        uri = f"file:{quote(str(self._place.path))}?mode={mode}"
        with self._speaking():
            connection = sqlite3.connect(uri, uri=True, timeout=self._timeout, isolation_level=None)
            try:
                connection.execute("PRAGMA foreign_keys = OFF")
                yield connection
            finally:
                connection.close()

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            reason, where = str(exc), f"'{self._place.path}'"
            if "locked" in reason or "busy" in reason:
                raise DestinationError(
                    f"{where} is locked by another program", fix="try again, or raise timeout_seconds"
                ) from exc
            if "not a database" in reason:
                raise DestinationError(f"{where} is no SQLite database", fix="name another file") from exc
            if "readonly" in reason or "unable to open" in reason:
                raise DestinationError(f"{where} cannot be written: {reason}", fix="check its permissions") from exc
            if "full" in reason:
                raise DestinationError(f"the disk of {where} is full", fix="free space there") from exc
            raise DestinationError(f"{where} refuses the data: {reason}", fix="nothing was delivered") from exc

    def delivered(self, delivery: str) -> bool:
        """Look into the ledger."""
        if not self._place.exists():
            return False
        with self._opened(write=False) as target:
            if _definition(target, LEDGER) is None:
                return False
            return target.execute(f"SELECT 1 FROM {LEDGER} WHERE id = ?", [delivery]).fetchone() is not None

    def present(self, name: str) -> Present | None:
        """Describe a table that is there."""
        if not self._place.exists():
            return None
        with self._opened(write=False) as target:
            self._seen[name] = _definition(target, name)
            if self._seen[name] is None:
                return None
            return _present(target, name)

    def loaded(self, column: Column, *, key: bool) -> Loaded:
        """Say how a column is kept."""
        return types.loaded(column)

    def loaded_as(self, column: Column, sql: str) -> Loaded:
        """Say how a column is put into an existing one."""
        return types.loaded(column, sql)

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make all tables in the private file."""
        with self._speaking():
            self._stage = sqlite3.connect(self._place.stage, isolation_level=None, check_same_thread=False)
            # nobody else sees the file: a crash throws it away
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "locking_mode = EXCLUSIVE"):
                self._stage.execute(f"PRAGMA {pragma}")
            self._stage.execute("BEGIN")
            for step in steps:
                self._stage.execute(_create(step.target))

    def load(self, step: Step, rows: pa.Table) -> None:
        """Insert rows into the private file."""
        assert self._stage is not None
        names = ", ".join(quoted(column.name) for column in step.target.columns)
        marks = ", ".join("?" * len(step.target.columns))
        values = zip(*(column.to_pylist() for column in rows.columns), strict=True)
        with self._speaking():
            self._stage.executemany(f"INSERT INTO {quoted(step.target.name)} ({names}) VALUES ({marks})", values)

    def publish(self, steps: Sequence[Step], delivery: str) -> None:
        """Check the keys and put all tables in place."""
        assert self._stage is not None
        fresh = not self._place.exists()
        with self._speaking():
            if fresh:
                for step in steps:
                    _index(self._stage, step.target)
                _note(self._stage, delivery)
                self._refuse_orphans(self._stage)
            self._stage.execute("COMMIT")
            self._stage.close()
            self._stage = None
        if fresh:
            self._place.appear()
        else:
            self._put(steps, delivery)

    def _put(self, steps: Sequence[Step], delivery: str) -> None:
        with self._opened() as target:
            target.execute("ATTACH DATABASE ? AS semblant_stage", [str(self._place.stage)])
            target.execute("BEGIN IMMEDIATE")
            for name, definition in self._seen.items():
                if _definition(target, name) != definition:
                    raise DestinationError(
                        f"the table '{name}' in '{self._place.path}' was changed while the data were written",
                        fix="deliver again",
                    )
            for step in reversed(steps):
                if step.action is Action.REDEFINE:
                    target.execute(f"DROP TABLE main.{quoted(step.target.name)}")
                elif step.action is Action.REFILL:
                    target.execute(f"DELETE FROM main.{quoted(step.target.name)}")
            for step in steps:
                if step.action in {Action.CREATE, Action.REDEFINE}:
                    target.execute(_create(step.target))
                names = ", ".join(quoted(column.name) for column in step.target.columns)
                table = quoted(step.target.name)
                target.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM semblant_stage.{table}")
            for step in steps:
                if step.action in {Action.CREATE, Action.REDEFINE}:
                    _index(target, step.target)
            _note(target, delivery)
            self._refuse_orphans(target)
            target.execute("COMMIT")

    def _refuse_orphans(self, connection: sqlite3.Connection) -> None:
        # OperationalError: a table of somebody else's refers to one that has no key
        with contextlib.suppress(sqlite3.OperationalError):
            orphan = connection.execute("PRAGMA main.foreign_key_check").fetchone()
            if orphan is not None:
                raise DestinationError(
                    f"'{self._place.path}': a foreign key of table '{orphan[0]}' leads to no row of '{orphan[2]}'",
                    fix="deliver the tables that it points to as well, or leave the key out",
                )

    def abandon(self) -> None:
        """Throw the private file away."""
        if self._stage is not None:
            with contextlib.suppress(sqlite3.Error):
                self._stage.close()
            self._stage = None

    def close(self) -> None:
        """Let other deliveries in."""
        self._place.release()


def _definition(connection: sqlite3.Connection, name: str) -> str | None:
    found = connection.execute(
        "SELECT sql FROM sqlite_master WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE", [name]
    ).fetchone()
    return None if found is None else str(found[0])


def _present(connection: sqlite3.Connection, name: str) -> Present:
    info = connection.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
    keys: dict[int, list[Any]] = {}
    for row in connection.execute(f"PRAGMA foreign_key_list({quoted(name)})"):
        keys.setdefault(row[0], []).append(row)
    return Present(
        columns=tuple((row[1], row[2]) for row in info),
        primary_key=tuple(row[1] for row in sorted((row for row in info if row[5]), key=lambda row: row[5])),
        foreign_keys=tuple(
            ForeignKey(
                columns=tuple(row[3] for row in sorted(rows, key=lambda row: row[1])),
                references=rows[0][2],
                referenced_columns=tuple(row[4] or row[3] for row in sorted(rows, key=lambda row: row[1])),
            )
            for rows in keys.values()
        ),
    )


def _create(target: Target) -> str:
    parts = [f"{quoted(c.name)} {c.sql}{'' if c.nullable else ' NOT NULL'}" for c in target.columns]
    if target.primary_key:
        parts.append(f"PRIMARY KEY ({_listed(target.primary_key)})")
    parts += [f"UNIQUE ({_listed(columns)})" for columns in target.unique]
    parts += [
        f"FOREIGN KEY ({_listed(key.columns)}) REFERENCES {quoted(key.references)} ({_listed(key.referenced_columns)})"
        for key in target.foreign_keys
    ]
    return f"CREATE TABLE {quoted(target.name)} ({', '.join(parts)})"


def _index(connection: sqlite3.Connection, target: Target) -> None:
    for key in {key.columns for key in target.foreign_keys} - {target.primary_key}:
        name = f"{target.name}_{'_'.join(key)}"
        number = 1
        while _taken(connection, name if number == 1 else f"{name}_{number}"):
            number += 1
        name = name if number == 1 else f"{name}_{number}"
        connection.execute(f"CREATE INDEX {quoted(name)} ON {quoted(target.name)} ({_listed(key)})")


def _taken(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM main.sqlite_master WHERE name = ? COLLATE NOCASE", [name])
    return found.fetchone() is not None


def _note(connection: sqlite3.Connection, delivery: str) -> None:
    if delivery:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS main.{LEDGER} (id TEXT PRIMARY KEY, delivered TEXT DEFAULT CURRENT_TIMESTAMP)"
        )
        connection.execute(f"INSERT INTO main.{LEDGER} (id) VALUES (?)", [delivery])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
