"""A delivery to MySQL or MariaDB, where statements that make tables cannot be undone.

Two roads lead to one moment in which everything is seen. Where every table is there already and keeps
its shape, rows are changed in one transaction. Otherwise all tables are made and filled under other
names, and one RENAME TABLE, which is atomic for all tables it names, puts them in place.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from attrs import evolve

from semblant.errors import DestinationError
from semblant_databases.ledger import LEDGER, STAGED, staged_name
from semblant_databases.marks import parted
from semblant_databases.mysql import catalog, write_types
from semblant_databases.mysql.connection import NAMES, Connection, literal, quoted
from semblant_databases.mysql.loading import Loading
from semblant_databases.writing.target import Action, Present

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from semblant.schema import Column, ForeignKey, Schema
    from semblant_databases.server import Server
    from semblant_databases.writing.target import Loaded, Step, Target

_TRANSACTIONAL = frozenset({"innodb", "rocksdb", "ndbcluster"})


class MysqlWriter:
    """Takes one of the two roads."""

    flush_rows = 100_000

    def __init__(self, server: Server) -> None:
        """Nothing is opened yet."""
        self._server = server
        self._open: Connection | None = None
        self._loading: Loading | None = None
        self._engines: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._renames = False
        self._delivery = ""
        self._made: list[str] = []

    @property
    def connection(self) -> Connection:
        """Give the connection, which :meth:`begin` made."""
        assert self._open is not None
        return self._open

    def check_names(self, schema: Schema) -> None:
        """Refuse names that are too long, or the same for the server."""
        NAMES.check(schema, "MySQL")
        for table in schema:
            if any(sign in table.name for sign in "/\\") or table.name.endswith(" "):
                raise DestinationError(
                    f"the table name '{table.name}' holds a character that MySQL may not keep", fix="rename the table"
                )

    def begin(self) -> None:
        """Connect, lock out other deliveries to the database and clear what one that died left."""
        self._open = Connection(self._server, DestinationError)
        self._loading = Loading(self._open)
        lock = f"semblant:{self._open.database}"[:64]
        if str(self._open.rows("SELECT GET_LOCK(%s, 0)", [lock])[0][0]) != "1":
            raise DestinationError(
                f"{self._server}: another delivery to this database is under way",
                fix="wait until it has finished, or write to another database",
            )
        self._drop(name for name in catalog.table_names(self._open, views=False) if name.startswith(STAGED))

    def _drop(self, names: object) -> None:
        found = list(names)  # type: ignore[call-overload]
        if found:
            self.connection.run("SET foreign_key_checks = 0")
            self.connection.run(f"DROP TABLE IF EXISTS {', '.join(map(quoted, found))}")
            self.connection.run("SET foreign_key_checks = 1")

    def prove(self) -> None:
        """Make, fill and remove a table."""
        self.begin()
        name = quoted(staged_name(0, "check"))
        self.connection.run(f"CREATE TABLE {name} (id int)")
        try:
            self.connection.run(f"INSERT INTO {name} VALUES (1)")
        finally:
            self.connection.run(f"DROP TABLE {name}")

    def delivered(self, delivery: str) -> bool:
        """Look into the ledger."""
        self._delivery = delivery
        if catalog.identity(self.connection, LEDGER) is None:
            return False
        return bool(self.connection.rows(f"SELECT 1 FROM {LEDGER} WHERE id = %s", [delivery]))

    def present(self, name: str) -> Present | None:
        """Describe a table that is there."""
        found = catalog.identity(self.connection, name)
        if found is None:
            return None
        spelled, self._engines[name], _ = found
        maria, declared = self.connection.maria, catalog.columns(self.connection, name)
        return Present(
            columns=tuple((c.name, write_types.canonical(c.written, maria=maria)) for c in declared),
            marks={c.name: parted(c.comment)[1] for c in declared},
            primary_key=catalog.primary_key(self.connection, spelled),
            foreign_keys=catalog.foreign_keys(self.connection, spelled),
            referrers=catalog.referrers(self.connection, spelled),
        )

    def loaded(self, column: Column, *, key: bool) -> Loaded:
        """Say how a column is kept."""
        made = write_types.loaded(column, key=key)
        return evolve(made, sql=write_types.canonical(made.sql, maria=self.connection.maria))

    def loaded_as(self, column: Column, sql: str) -> Loaded:
        """Say how a column is put into an existing one."""
        return write_types.loaded(column, sql)

    def prepare(self, steps: Sequence[Step]) -> None:
        """Choose the road; make and empty tables."""
        kept = all(step.action in {Action.APPEND, Action.REFILL} for step in steps)
        self._renames = not kept or any(self._engines[step.target.name].lower() not in _TRANSACTIONAL for step in steps)
        self._names = {step.target.name: step.target.name for step in steps}
        if self._renames:
            self._prepare_renaming(steps)
        else:
            self._prepare_transaction(steps)

    def _prepare_transaction(self, steps: Sequence[Step]) -> None:
        if self._delivery:
            self._make_ledger(LEDGER)
        # checked by our own query before the commit: rows of parents go before those of children come
        self.connection.run("SET foreign_key_checks = 0")
        self.connection.run("START TRANSACTION")
        for step in reversed(steps):
            if step.action is Action.REFILL:
                self.connection.run(f"DELETE FROM {quoted(step.target.name)}")

    def _prepare_renaming(self, steps: Sequence[Step]) -> None:
        names = {NAMES.folded(step.target.name) for step in steps}
        for step in steps:
            others = [
                name for name in (step.present.referrers if step.present else ()) if NAMES.folded(name) not in names
            ]
            if others:
                raise DestinationError(
                    f"the table '{others[0]}' has a foreign key to '{step.target.name}', which is to be replaced",
                    fix=f"deliver '{others[0]}' as well, or keep the table's columns so that its rows can be changed",
                )
        for number, step in enumerate(steps):
            name = self._names[step.target.name] = staged_name(number)
            self._made.append(name)
            if step.action in {Action.APPEND, Action.REFILL}:
                self.connection.run(f"CREATE TABLE {quoted(name)} LIKE {quoted(step.target.name)}")
                if step.action is Action.APPEND:
                    self.connection.run(f"INSERT INTO {quoted(name)} SELECT * FROM {quoted(step.target.name)}")
            else:
                self.connection.run(self._create(name, step.target))

    def _create(self, name: str, target: Target) -> str:
        parts = []
        for column in target.columns:
            null = "NULL" if column.nullable else "NOT NULL"
            comment = f" COMMENT {literal(column.noted)}" if column.noted else ""
            parts.append(f"{quoted(column.name)} {column.sql} {null}{comment}")
        if target.primary_key:
            parts.append(f"PRIMARY KEY ({_listed(target.primary_key)})")
        parts += [f"UNIQUE KEY ({_listed(columns)})" for columns in target.unique]
        collation = "utf8mb4_nopad_bin" if self.connection.maria else "utf8mb4_0900_bin"
        comment = f" COMMENT = {literal(target.comment)}" if target.comment else ""
        return (
            f"CREATE TABLE {quoted(name)} ({', '.join(parts)}) "
            f"ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {collation}{comment}"
        )

    def load(self, step: Step, rows: pa.Table) -> None:
        """Write rows."""
        assert self._loading is not None
        self._loading.load(self._names[step.target.name], step.target.columns, rows)

    def publish(self, steps: Sequence[Step], delivery: str) -> None:
        """Go the last part of the road."""
        if self._renames:
            self._rename(steps, delivery)
            return
        for step in steps:
            self._refuse_orphans(step)
        if delivery:
            self.connection.run(f"INSERT INTO {LEDGER} (id) VALUES (%s)", [delivery])
        self.connection.run("COMMIT")
        self.connection.run("SET foreign_key_checks = 1")
        self._made.clear()

    def _refuse_orphans(self, step: Step) -> None:
        assert step.present is not None
        for key in step.present.foreign_keys:
            self._refuse_orphan(step.target.name, key)
        for child in step.present.referrers:
            for key in catalog.foreign_keys(self.connection, child):
                if key.references == step.target.name:
                    self._refuse_orphan(child, key)

    def _refuse_orphan(self, child: str, key: ForeignKey) -> None:
        pairs = list(zip(key.columns, key.referenced_columns, strict=True))
        meet = " AND ".join(f"c.{quoted(own)} = p.{quoted(theirs)}" for own, theirs in pairs)
        whole = " AND ".join(f"c.{quoted(own)} IS NOT NULL" for own, _ in pairs)
        parent = ".".join(map(quoted, key.references.split("."))) if "." in key.references else quoted(key.references)
        found = self.connection.rows(
            f"SELECT 1 FROM {quoted(child)} c LEFT JOIN {parent} p ON {meet} "
            f"WHERE {whole} AND p.{quoted(pairs[0][1])} IS NULL LIMIT 1"
        )
        if found:
            raise self.connection.refusal(
                1452, f"the foreign key {', '.join(key.columns)} of '{child}' leads to no row of '{key.references}'"
            )

    def _rename(self, steps: Sequence[Step], delivery: str) -> None:
        for step in steps:
            keys = step.present.foreign_keys if step.present and step.action is not Action.REDEFINE else ()
            for key in keys or step.target.foreign_keys:
                parent = self._names.get(key.references, key.references)
                self.connection.run(
                    f"ALTER TABLE {quoted(self._names[step.target.name])} ADD FOREIGN KEY ({_listed(key.columns)}) "
                    f"REFERENCES {quoted(parent)} ({_listed(key.referenced_columns)})"
                )
        moves = [(step.target.name, self._names[step.target.name], step.present is not None) for step in steps]
        if delivery:
            moves.append((LEDGER, *self._staged_ledger(len(steps), delivery)))
        gone = [staged_name(number, "old") for number in range(len(moves))]
        parts = []
        for (name, staged, there), old in zip(moves, gone, strict=True):
            parts += [f"{quoted(name)} TO {quoted(old)}"] if there else []
            parts.append(f"{quoted(staged)} TO {quoted(name)}")
        self.connection.run(f"RENAME TABLE {', '.join(parts)}")
        self._made.clear()
        # the delivery is complete: what is left is swept up by the next one
        with contextlib.suppress(DestinationError):
            self._drop(old for (_, _, there), old in zip(moves, gone, strict=True) if there)

    def _staged_ledger(self, number: int, delivery: str) -> tuple[str, bool]:
        name = staged_name(number, "ledger")
        self._made.append(name)
        self._make_ledger(name)
        there = catalog.identity(self.connection, LEDGER) is not None
        if there:
            self.connection.run(f"INSERT INTO {quoted(name)} SELECT * FROM {LEDGER}")
        self.connection.run(f"INSERT INTO {quoted(name)} (id) VALUES (%s)", [delivery])
        return name, there

    def _make_ledger(self, name: str) -> None:
        self.connection.run(
            f"CREATE TABLE IF NOT EXISTS {quoted(name)} (id varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin "
            "PRIMARY KEY, delivered timestamp NOT NULL DEFAULT current_timestamp) ENGINE = InnoDB"
        )

    def abandon(self) -> None:
        """Undo the transaction, remove what was made."""
        if self._open is not None:
            with contextlib.suppress(DestinationError):
                self._open.run("ROLLBACK")
                self._drop(self._made)

    def close(self) -> None:
        """Let go of the lock and disconnect."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
