"""A delivery to PostgreSQL: one transaction, rows by binary COPY, keys and indexes at the end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from semblant.errors import DestinationError
from semblant_databases.faults import fault
from semblant_databases.ledger import LEDGER, staged_name
from semblant_databases.postgresql import catalog, write_types
from semblant_databases.postgresql.connection import NAMES, Connection, literal, quoted
from semblant_databases.writing.target import Action, Loaded, Present, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from semblant.schema import Column, Schema
    from semblant_databases.server import Server
    from semblant_databases.writing.target import Target


@frozen
class _Table:
    """Where the rows of a step go until all is published."""

    name: str
    stage: str = ""
    """Name of the temporary table that they pass through; empty when they need none."""
    columns: tuple[Loaded, ...] = field(factory=tuple)


class PostgresqlWriter:
    """Everything happens in one transaction, so that a writer that dies leaves nothing."""

    flush_rows = 131_072

    def __init__(self, server: Server) -> None:
        """Nothing is opened yet."""
        self._server = server
        self._open: Connection | None = None
        self._schema = ""
        self._tables: dict[str, _Table] = {}
        self._types: dict[str, bool] = {}

    @property
    def connection(self) -> Connection:
        """Give the connection, which :meth:`begin` made."""
        assert self._open is not None
        return self._open

    def check_names(self, schema: Schema) -> None:
        """Refuse what PostgreSQL would cut at 63 bytes."""
        NAMES.check(schema, "PostgreSQL")

    def begin(self) -> None:
        """Connect, begin the transaction and lock out other deliveries to the schema."""
        self._open = Connection(self._server, DestinationError)
        self.connection.run("BEGIN")
        schema = self._server.schema or catalog.current_schema(self.connection)
        if schema is None or not catalog.has_schema(self.connection, schema):
            named = f"'{schema}'" if schema else "the user has no default one"
            raise fault(DestinationError, "schema", self._server, named)
        self._schema = schema
        self.connection.run(f"SET LOCAL search_path TO {quoted(schema)}, public")
        key = literal(f"semblant:{schema}")
        if not self.connection.rows(f"SELECT pg_try_advisory_xact_lock(hashtextextended({key}, 0))")[0][0]:
            raise DestinationError(
                f"{self._server}: another delivery to schema '{schema}' is under way",
                fix="wait until it has finished, or write to another schema",
            )

    def prove(self) -> None:
        """Make, fill and undo a table."""
        self.begin()
        name = self._named(staged_name(0, "check"))
        self.connection.run(f"CREATE TABLE {name} (id integer)")
        self.connection.run(f"INSERT INTO {name} VALUES (1)")
        self.connection.run("ROLLBACK")

    def delivered(self, delivery: str) -> bool:
        """Look into the ledger."""
        if catalog.identity(self.connection, self._schema, LEDGER) is None:
            return False
        return bool(self.connection.rows(f"SELECT 1 FROM {self._named(LEDGER)} WHERE id = {literal(delivery)}"))

    def present(self, name: str) -> Present | None:
        """Describe a table that is there."""
        found = catalog.identity(self.connection, self._schema, name)
        if found is None:
            return None
        declared = catalog.columns(self.connection, found[0])
        self._types.update({column.written: bool(column.enum) for column in declared})
        return Present(
            columns=tuple((column.name, column.written) for column in declared),
            primary_key=catalog.primary_key(self.connection, found[0]),
            foreign_keys=catalog.foreign_keys(self.connection, found[0], self._schema),
            referrers=catalog.referrers(self.connection, found[0]),
        )

    def loaded(self, column: Column, *, key: bool) -> Loaded:
        """Say how a column is kept."""
        return evolve(write_types.loaded(column, known=self._is_type), enum=column.enum)

    def loaded_as(self, column: Column, sql: str) -> Loaded:
        """Say how a column is put into an existing one."""
        return write_types.loaded_as(column, sql, enum=self._types.get(sql, False))

    def _is_type(self, written: str) -> bool:
        """Tell whether there is a type of that name here that is no enum: those are made anew."""
        found = self.connection.rows(
            f"SELECT t.typtype::text FROM pg_type t WHERE t.oid = to_regtype({literal(written)})"
        )
        return bool(found) and found[0][0] in {"b", "r"}

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make new tables, empty those that are filled again; children go before their parents."""
        self.connection.run("SET CONSTRAINTS ALL DEFERRED")
        redefines = any(step.action is Action.REDEFINE for step in steps)
        for number, step in enumerate(steps):
            name = step.target.name
            if step.action is Action.REDEFINE or (redefines and step.action is Action.REFILL):
                name = staged_name(number)
            columns = step.target.columns
            if step.action is Action.CREATE or name != step.target.name:
                columns = tuple(self._with_enum(step.target.name, column) for column in columns)
                self._create(name, columns)
            self._tables[step.target.name] = _Table(name, self._stage(number, columns), columns)
        for step in reversed(steps):
            if step.action is Action.REFILL and self._tables[step.target.name].name == step.target.name:
                self.connection.run(f"DELETE FROM {self._named(step.target.name)}")

    def _create(self, name: str, columns: Sequence[Loaded]) -> None:
        parts = [f"{quoted(c.name)} {c.sql}{'' if c.nullable else ' NOT NULL'}" for c in columns]
        self.connection.run(f"CREATE TABLE {self._named(name)} ({', '.join(parts)})")

    def _with_enum(self, table: str, column: Loaded) -> Loaded:
        """Make the enum type of a column, or take the one that is there with the same labels."""
        if not column.enum or column.sql != "text":
            return column
        stem = f"{table}_{column.name}".encode()[:55].decode(errors="ignore")
        for number in range(1, 100):
            name = stem if number == 1 else f"{stem}_{number}"
            typed = f"{quoted(self._schema)}.{quoted(name)}"
            found = self.connection.rows(
                f"""SELECT (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
                WHERE e.enumtypid = t.oid), t.typtype::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                WHERE n.nspname = {literal(self._schema)} AND t.typname = {literal(name)}"""
            )
            if not found:
                self.connection.run(f"CREATE TYPE {typed} AS ENUM ({', '.join(map(literal, column.enum))})")
            elif found[0][1] != "e" or tuple(found[0][0] or ()) != column.enum:
                continue
            return evolve(column, sql=typed)
        return column

    def _stage(self, number: int, columns: Sequence[Loaded]) -> str:
        if not any(column.staged_as for column in columns):
            return ""
        name = staged_name(number, "stage")
        parts = [f"{quoted(column.name)} {column.staged_as or column.sql}" for column in columns]
        self.connection.run(f"CREATE TEMP TABLE {quoted(name)} ({', '.join(parts)}) ON COMMIT DROP")
        return name

    def load(self, step: Step, rows: pa.Table) -> None:
        """Copy rows, through a temporary table where a type needs a cast by the server."""
        table = self._tables[step.target.name]
        with self.connection.speaking(), self.connection.cursor() as cursor:
            if not table.stage:
                cursor.adbc_ingest(table.name, rows, mode="append", db_schema_name=self._schema)
                return
            cursor.adbc_ingest(table.stage, rows, mode="append", temporary=True)
        names = ", ".join(quoted(column.name) for column in table.columns)
        values = ", ".join(f"{quoted(c.name)}::{c.sql}" if c.staged_as else quoted(c.name) for c in table.columns)
        self.connection.run(
            f"INSERT INTO {self._named(table.name)} ({names}) SELECT {values} FROM {quoted(table.stage)}"
        )
        self.connection.run(f"TRUNCATE {quoted(table.stage)}")

    def publish(self, steps: Sequence[Step], delivery: str) -> None:
        """Put redefined tables in place, add keys and indexes, note the delivery, commit."""
        for step in reversed(steps):
            if self._tables[step.target.name].name != step.target.name:
                self.connection.run(f"DROP TABLE {self._named(step.target.name)}")
        made = []
        for step in steps:
            table = self._tables[step.target.name]
            if table.name != step.target.name:
                self.connection.run(f"ALTER TABLE {self._named(table.name)} RENAME TO {quoted(step.target.name)}")
            if step.action is Action.CREATE or table.name != step.target.name:
                made.append(step.target)
        for target in made:
            self._add_keys(target)
        for target in made:
            self._add_foreign_keys(target)
        if delivery:
            ledger = self._named(LEDGER)
            self.connection.run(
                f"CREATE TABLE IF NOT EXISTS {ledger} (id text PRIMARY KEY, "
                "delivered timestamptz NOT NULL DEFAULT now())"
            )
            self.connection.run(f"INSERT INTO {ledger} (id) VALUES ({literal(delivery)})")
        self.connection.run("COMMIT")

    def _add_keys(self, target: Target) -> None:
        table = self._named(target.name)
        if target.primary_key:
            self.connection.run(f"ALTER TABLE {table} ADD PRIMARY KEY ({_listed(target.primary_key)})")
        for columns in target.unique:
            self.connection.run(f"ALTER TABLE {table} ADD UNIQUE ({_listed(columns)})")
        if target.comment:
            self.connection.run(f"COMMENT ON TABLE {table} IS {literal(target.comment)}")
        for column in target.columns:
            if column.comment:
                self.connection.run(f"COMMENT ON COLUMN {table}.{quoted(column.name)} IS {literal(column.comment)}")

    def _add_foreign_keys(self, target: Target) -> None:
        table = self._named(target.name)
        indexed = {target.primary_key[: len(key.columns)] for key in target.foreign_keys}
        for key in target.foreign_keys:
            # deferrable, so that a later delivery may empty and fill tables that refer to each other
            self.connection.run(
                f"ALTER TABLE {table} ADD FOREIGN KEY ({_listed(key.columns)}) "
                f"REFERENCES {self._named(key.references)} ({_listed(key.referenced_columns)}) DEFERRABLE"
            )
            if key.columns not in indexed:
                indexed.add(key.columns)
                self.connection.run(f"CREATE INDEX ON {table} ({_listed(key.columns)})")

    def _named(self, name: str) -> str:
        return f"{quoted(self._schema)}.{quoted(name)}"

    def abandon(self) -> None:
        """Undo the transaction."""
        if self._open is not None:
            with contextlib.suppress(DestinationError):
                self._open.run("ROLLBACK")

    def close(self) -> None:
        """Disconnect."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
