"""A delivery to a DuckDB file: gathered in a file beside it, put in place by one rename or one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.errors import DestinationError
from semblant_databases.duckdb import catalog, types
from semblant_databases.duckdb.connection import NAMES, literal, opened, quoted, rows, speaking
from semblant_databases.ledger import LEDGER
from semblant_databases.writing.target import Action, Present

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pyarrow as pa

    from semblant.schema import Column, Schema
    from semblant_databases.filebased.place import FilePlace
    from semblant_databases.writing.target import Loaded, Step, Target

_MAIN = "main"


class DuckdbWriter:
    """The file itself is open for the last moment only: DuckDB lets nobody read while somebody writes."""

    flush_rows = 131_072

    def __init__(self, place: FilePlace, schema: str, timeout_seconds: float) -> None:
        """Nothing is opened yet."""
        self._place = place
        self._schema = schema
        self._timeout = timeout_seconds
        self._stage: duckdb.DuckDBPyConnection | None = None

    def check_names(self, schema: Schema) -> None:
        """Refuse names that DuckDB takes for one."""
        NAMES.check(schema, "DuckDB")

    def begin(self) -> None:
        """Lock out other deliveries."""
        self._place.lock()
        if not self._place.exists() and self._schema != _MAIN:
            raise DestinationError(
                f"'{self._place.path}' has no schema '{self._schema}'", fix="check 'schema', or create it there"
            )

    def _reading(self) -> duckdb.DuckDBPyConnection:
        return opened(self._place.path, DestinationError, self._timeout, read_only=True)

    def prove(self) -> None:
        """Make, fill and undo a table; in a folder without the file, make a file."""
        self._place.prove()
        if not self._place.exists():
            return
        connection = opened(self._place.path, DestinationError, self._timeout, read_only=False)
        with connection, speaking(self._place.path, DestinationError):
            self._has_schema(connection)
            connection.execute("BEGIN")
            connection.execute(f"CREATE TABLE {self._named(LEDGER + '_check')} (id INTEGER)")
            connection.execute("ROLLBACK")

    def _has_schema(self, connection: duckdb.DuckDBPyConnection) -> None:
        if not catalog.has_schema(connection, self._schema):
            raise DestinationError(
                f"'{self._place.path}' has no schema '{self._schema}'", fix="check 'schema', or create it there"
            )

    def delivered(self, delivery: str) -> bool:
        """Look into the ledger."""
        if not self._place.exists():
            return False
        with self._reading() as connection, speaking(self._place.path, DestinationError):
            if not catalog.columns(connection, self._schema, LEDGER):
                return False
            return bool(rows(connection, f"SELECT 1 FROM {self._named(LEDGER)} WHERE id = ?", [delivery]))

    def present(self, name: str) -> Present | None:
        """Describe a table that is there."""
        if not self._place.exists():
            return None
        with self._reading() as connection, speaking(self._place.path, DestinationError):
            self._has_schema(connection)
            return self._present(connection, name)

    def _present(self, connection: duckdb.DuckDBPyConnection, name: str) -> Present | None:
        declared = catalog.columns(connection, self._schema, name)
        if not declared:
            return None
        return Present(
            columns=tuple((column.name, column.type) for column in declared),
            primary_key=catalog.primary_key(connection, self._schema, name),
            foreign_keys=catalog.foreign_keys(connection, self._schema, name),
            referrers=catalog.referrers(connection, self._schema, name),
        )

    def loaded(self, column: Column, *, key: bool) -> Loaded:
        """Say how a column is kept."""
        return types.loaded(column)

    def loaded_as(self, column: Column, sql: str) -> Loaded:
        """Say how a column is put into an existing one."""
        return types.loaded(column, sql)

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make all tables in the private file; keys to tables that stay outside wait until all is put in place."""
        self._stage = opened(self._place.stage, DestinationError, self._timeout, read_only=False)
        with speaking(self._place.stage, DestinationError):
            for place, step in enumerate(steps):
                earlier = {before.target.name for before in steps[:place]}
                self._stage.execute(_create(quoted(step.target.name), step.target, earlier))

    def load(self, step: Step, rows: pa.Table) -> None:
        """Insert rows into the private file."""
        assert self._stage is not None
        names = _listed([column.name for column in step.target.columns])
        with speaking(self._place.path, DestinationError):
            self._stage.register("semblant_rows", rows)
            self._stage.execute(f"INSERT INTO {quoted(step.target.name)} ({names}) SELECT {names} FROM semblant_rows")
            self._stage.unregister("semblant_rows")

    def publish(self, steps: Sequence[Step], delivery: str) -> None:
        """Put all tables in place."""
        assert self._stage is not None
        fresh = not self._place.exists()
        with speaking(self._place.path, DestinationError):
            if fresh:
                for step in steps:
                    self._comment(self._stage, step.target)
                self._note(self._stage, delivery)
            self._stage.execute("CHECKPOINT")
            self._stage.close()
            self._stage = None
        if fresh:
            self._place.appear()
            return
        connection = opened(self._place.path, DestinationError, self._timeout, read_only=False)
        with connection, speaking(self._place.path, DestinationError):
            connection.execute(f"ATTACH {literal(str(self._place.stage))} AS semblant_stage (READ_ONLY)")
            connection.execute("BEGIN")
            self._put(connection, steps)
            self._note(connection, delivery)
            connection.execute("COMMIT")
            connection.execute("DETACH semblant_stage")

    def _put(self, connection: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> None:
        for step in steps:
            if self._present(connection, step.target.name) != step.present:
                raise DestinationError(
                    f"the table '{step.target.name}' in '{self._place.path}' was changed while the data were written",
                    fix="deliver again",
                )
        # a row that others refer to cannot be removed and come back within one transaction: the table goes as a whole
        refills = [step for step in steps if step.action is Action.REFILL]
        anew = any(step.present and step.present.referrers for step in refills) or any(
            step.action is Action.REDEFINE for step in steps
        )
        made: dict[str, list[str]] = {}
        for step in reversed(steps):
            name = step.target.name
            if step.action is Action.REDEFINE or (step.action is Action.REFILL and anew):
                made[name] = catalog.definitions(connection, self._schema, name) if step.action is Action.REFILL else []
                connection.execute(f"DROP TABLE {self._named(name)}")
            elif step.action is Action.REFILL:
                connection.execute(f"DELETE FROM {self._named(name)}")
        for step in steps:
            name = step.target.name
            if made.get(name):
                for statement in made[name]:
                    connection.execute(statement)
            elif step.action is Action.CREATE or name in made:
                there = set(catalog.table_names(connection, self._schema, views=False))
                connection.execute(_create(self._named(name), step.target, there, self._schema))
            names = _listed([column.name for column in step.target.columns])
            connection.execute(
                f"INSERT INTO {self._named(name)} ({names}) SELECT {names} FROM semblant_stage.{_MAIN}.{quoted(name)}"
            )
            if step.action in {Action.CREATE, Action.REDEFINE}:
                self._comment(connection, step.target)

    def _comment(self, connection: duckdb.DuckDBPyConnection, target: Target) -> None:
        if target.comment:
            connection.execute(f"COMMENT ON TABLE {self._named(target.name)} IS {literal(target.comment)}")
        for column in target.columns:
            if column.comment:
                place = f"{self._named(target.name)}.{quoted(column.name)}"
                connection.execute(f"COMMENT ON COLUMN {place} IS {literal(column.comment)}")

    def _note(self, connection: duckdb.DuckDBPyConnection, delivery: str) -> None:
        if delivery:
            ledger = self._named(LEDGER)
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {ledger} "
                "(id VARCHAR PRIMARY KEY, delivered TIMESTAMP DEFAULT now()::TIMESTAMP)"
            )
            connection.execute(f"INSERT INTO {ledger} (id) VALUES (?)", [delivery])

    def _named(self, name: str) -> str:
        return f"{quoted(self._schema)}.{quoted(name)}"

    def abandon(self) -> None:
        """Throw the private file away."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None

    def close(self) -> None:
        """Let other deliveries in."""
        self._place.release()


def _create(name: str, target: Target, there: set[str], schema: str = _MAIN) -> str:
    """Write CREATE TABLE; DuckDB takes keys to tables that are there, and fills none that refers to itself."""
    parts = [f"{quoted(c.name)} {c.sql}{'' if c.nullable else ' NOT NULL'}" for c in target.columns]
    if target.primary_key:
        parts.append(f"PRIMARY KEY ({_listed(target.primary_key)})")
    parts += [f"UNIQUE ({_listed(columns)})" for columns in target.unique]
    parts += [
        f"FOREIGN KEY ({_listed(key.columns)}) REFERENCES {quoted(schema)}.{quoted(key.references)} "
        f"({_listed(key.referenced_columns)})"
        for key in target.foreign_keys
        if key.references in there
    ]
    return f"CREATE TABLE {name} ({', '.join(parts)})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
