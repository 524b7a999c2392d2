"""A delivery to SQL Server: tables are filled under other names, and one transaction puts all of them in place."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import polars as pl

from semblant.errors import DestinationError
from semblant_databases.ledger import LEDGER, STAGED, staged_name
from semblant_databases.marks import parted
from semblant_databases.sqlserver import catalog, write_types
from semblant_databases.sqlserver.connection import NAMES, Connection, literal, quoted
from semblant_databases.writing.staged import Plan, plan_of
from semblant_databases.writing.target import Present

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from semblant.schema import Column, Schema
    from semblant_databases.server import Server
    from semblant_databases.writing.target import Loaded, Step, Target

_BINARY = "COLLATE Latin1_General_100_BIN2"
"""Keys of text are told apart by every letter, as everywhere else."""


class SqlserverWriter:
    """Fills tables under names of its own until all are whole."""

    flush_rows = 20_000

    def __init__(self, server: Server) -> None:
        """Nothing is opened yet."""
        self._server = server
        self._open: Connection | None = None
        self._stages: dict[str, str] = {}
        self._counted: dict[str, bool] = {}
        self._plan = Plan()

    @property
    def connection(self) -> Connection:
        """Give the connection, which :meth:`begin` made."""
        assert self._open is not None
        return self._open

    def check_names(self, schema: Schema) -> None:
        """Refuse names that are too long, or the same for the server."""
        NAMES.check(schema, "SQL Server")

    def begin(self) -> None:
        """Connect, lock out other deliveries to the schema and clear what one that died left."""
        self._open = Connection(self._server, DestinationError)
        self._open.run("SET XACT_ABORT ON")
        key = literal(f"semblant:{self._open.schema}")
        found = self._open.rows(
            "DECLARE @got int; EXEC @got = sp_getapplock "
            f"@Resource = {key}, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; SELECT @got"
        )
        if int(found[0][0]) < 0:
            raise DestinationError(
                f"{self._server}: another delivery to schema '{self._open.schema}' is under way",
                fix="wait until it has finished, or write to another schema",
            )
        self._drop(name for name in catalog.table_names(self._open, views=False) if name.startswith(STAGED))

    def _drop(self, names: Iterable[str]) -> None:
        for name in names:
            self.connection.run(f"DROP TABLE {self._named(name)}")

    def _named(self, name: str) -> str:
        return f"{quoted(self.connection.schema)}.{quoted(name)}"

    def prove(self) -> None:
        """Make, fill and remove a table."""
        self.begin()
        name = self._named(staged_name(0, "check"))
        self.connection.run(f"CREATE TABLE {name} (id int)")
        try:
            self.connection.run(f"INSERT INTO {name} VALUES (1)")
        finally:
            self.connection.run(f"DROP TABLE {name}")

    def delivered(self, delivery: str) -> bool:
        """Look into the ledger."""
        if catalog.identity(self.connection, LEDGER) is None:
            return False
        return bool(self.connection.rows(f"SELECT 1 FROM {self._named(LEDGER)} WHERE id = ?", delivery))

    def present(self, name: str) -> Present | None:
        """Describe a table that is there."""
        found = catalog.identity(self.connection, name)
        if found is None:
            return None
        declared = catalog.columns(self.connection, found[0])
        self._counted[name] = any(column.counted for column in declared)
        return Present(
            columns=tuple((column.name, column.written) for column in declared),
            marks={column.name: parted(column.comment)[1] for column in declared},
            primary_key=catalog.primary_key(self.connection, found[0]),
            foreign_keys=catalog.foreign_keys(self.connection, found[0]),
            referrers=catalog.referrers(self.connection, found[0]),
        )

    def loaded(self, column: Column, *, key: bool) -> Loaded:
        """Say how a column is kept."""
        return write_types.loaded(column, key=key)

    def loaded_as(self, column: Column, sql: str) -> Loaded:
        """Say how a column is put into an existing one."""
        return write_types.loaded(column, sql)

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make the tables that rows are written to."""
        self._plan = plan_of(steps, NAMES.folded)
        for number, step in enumerate(steps):
            name = self._stages[step.target.name] = staged_name(number)
            keys = {*step.target.primary_key, *(c for columns in step.target.unique for c in columns)}
            keys |= {name for key in step.target.foreign_keys for name in key.columns}
            parts = [
                f"{quoted(c.name)} {c.sql}{_collated(c.sql, c.name in keys)} {'NULL' if c.nullable else 'NOT NULL'}"
                for c in step.target.columns
            ]
            self.connection.run(f"CREATE TABLE {self._named(name)} ({', '.join(parts)})")

    def load(self, step: Step, rows: pa.Table) -> None:
        """Send rows as one JSON text, which the server takes apart and casts."""
        columns = step.target.columns
        renamed = rows.rename_columns([f"c{place}" for place in range(len(columns))])
        frame = pl.from_arrow(renamed)
        assert isinstance(frame, pl.DataFrame)
        names = ", ".join(quoted(column.name) for column in columns)
        values = ", ".join(write_types.value_of(place, column.sql) for place, column in enumerate(columns))
        shape = ", ".join(f"c{place} nvarchar(max) '$.c{place}'" for place in range(len(columns)))
        self.connection.run(
            f"INSERT INTO {self._named(self._stages[step.target.name])} ({names}) "
            f"SELECT {values} FROM OPENJSON(?) WITH ({shape})",
            frame.write_json(),
        )

    def publish(self, steps: Sequence[Step], delivery: str) -> None:
        """Put all tables in place in one transaction."""
        self.connection.run("BEGIN TRANSACTION")
        waiting = self._keys_that_wait()
        for table, key in waiting:
            self.connection.run(f"ALTER TABLE {table} NOCHECK CONSTRAINT {key}")
        for name in self._plan.emptied:
            self.connection.run(f"DELETE FROM {self._named(name)}")
        self._drop(self._plan.gone)
        for step in self._plan.kept:
            self._move(step)
        for table, key in waiting:
            self.connection.run(f"ALTER TABLE {table} WITH CHECK CHECK CONSTRAINT {key}")
        for step in self._plan.anew:
            stage = f"{quoted(self.connection.schema)}.{quoted(self._stages[step.target.name])}"
            self.connection.run(f"EXEC sp_rename {literal(stage)}, {literal(step.target.name)}")
            self._add_keys(step.target)
        for step in self._plan.anew:
            self._add_foreign_keys(step.target)
        if delivery:
            self._note(delivery)
        self.connection.run("COMMIT TRANSACTION")
        self._stages.clear()

    def _keys_that_wait(self) -> list[tuple[str, str]]:
        """Name keys that hold only once all rows are in: of tables that are not delivered, and of rings of tables."""
        order = {NAMES.folded(step.target.name): place for place, step in enumerate(self._plan.kept)}
        emptied = {NAMES.folded(name) for name in self._plan.emptied}
        found = []
        for name, place in order.items():
            for table, key in catalog.keys_to(self.connection, self._plan.kept[place].target.name):
                own = order.get(NAMES.folded(table))
                if (own is None and name in emptied) or (own is not None and own < place):
                    found.append((self._named(table), quoted(key)))
        return found

    def _move(self, step: Step) -> None:
        """Put the rows of a staged table into the one that is there."""
        name, stage = (self._named(one) for one in (step.target.name, self._stages[step.target.name]))
        names = ", ".join(quoted(column.name) for column in step.target.columns)
        counted = self._counted.get(step.target.name)
        if counted:
            self.connection.run(f"SET IDENTITY_INSERT {name} ON")
        self.connection.run(f"INSERT INTO {name} ({names}) SELECT {names} FROM {stage}")
        if counted:
            self.connection.run(f"SET IDENTITY_INSERT {name} OFF")
        self.connection.run(f"DROP TABLE {stage}")

    def _add_keys(self, target: Target) -> None:
        table = self._named(target.name)
        if target.primary_key:
            self.connection.run(f"ALTER TABLE {table} ADD PRIMARY KEY ({_listed(target.primary_key)})")
        for columns in target.unique:
            self.connection.run(f"ALTER TABLE {table} ADD UNIQUE ({_listed(columns)})")
        self._comment(target.comment, target.name)
        for column in target.columns:
            self._comment(column.noted, target.name, column.name)

    def _comment(self, text: str, table: str, column: str = "") -> None:
        if not text:
            return
        levels: list[tuple[str, str]] = [("SCHEMA", self.connection.schema), ("TABLE", table)]
        levels += [("COLUMN", column)] if column else []
        words = ", ".join(
            f"@level{place}type = N'{kind}', @level{place}name = {literal(name)}"
            for place, (kind, name) in enumerate(levels)
        )
        self.connection.run(f"EXEC sp_addextendedproperty @name = N'MS_Description', @value = {literal(text)}, {words}")

    def _add_foreign_keys(self, target: Target) -> None:
        indexed = {target.primary_key[: len(key.columns)] for key in target.foreign_keys}
        for number, key in enumerate(target.foreign_keys):
            table = self._named(target.name)
            self.connection.run(
                f"ALTER TABLE {table} ADD FOREIGN KEY ({_listed(key.columns)}) "
                f"REFERENCES {self._named(key.references)} ({_listed(key.referenced_columns)})"
            )
            if key.columns not in indexed:
                indexed.add(key.columns)
                self.connection.run(f"CREATE INDEX {quoted(f'semblant_{number}')} ON {table} ({_listed(key.columns)})")

    def _note(self, delivery: str) -> None:
        ledger = self._named(LEDGER)
        if catalog.identity(self.connection, LEDGER) is None:
            self.connection.run(
                f"CREATE TABLE {ledger} (id nvarchar(255) {_BINARY} NOT NULL PRIMARY KEY, "
                "delivered datetime2(0) NOT NULL DEFAULT SYSUTCDATETIME())"
            )
        self.connection.run(f"INSERT INTO {ledger} (id) VALUES (?)", delivery)

    def abandon(self) -> None:
        """Undo the transaction, remove what was made."""
        if self._open is not None:
            with contextlib.suppress(DestinationError):
                self._open.run("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
            for name in self._stages.values():
                with contextlib.suppress(DestinationError):
                    self._drop([name])

    def close(self) -> None:
        """Let go of the lock and disconnect."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _collated(sql: str, key: bool) -> str:
    return f" {_BINARY}" if key and "char" in sql else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
