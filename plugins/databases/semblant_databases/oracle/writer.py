"""A delivery to Oracle, where every statement that makes or renames a table commits.

All tables are filled under other names. Where those that are there keep their shape, their rows are changed in one
transaction at the end. New tables, and such of another shape, are whole with their keys before they are renamed, one
right after the other, parents first; when the transaction behind them fails they are renamed back.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Final

from semblant.errors import DestinationError
from semblant_databases.ledger import LEDGER, STAGED, staged_name
from semblant_databases.marks import parted
from semblant_databases.oracle import catalog, write_types
from semblant_databases.oracle.connection import NAMES, Connection, literal, quoted
from semblant_databases.oracle.lock import Lock
from semblant_databases.writing.staged import Plan, plan_of
from semblant_databases.writing.target import Present

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from semblant.schema import Column, Schema
    from semblant_databases.server import Server
    from semblant_databases.writing.target import Loaded, Step, Target

_MOVES: Final = f"{STAGED}moves"
"""The table of names that are being changed."""


class OracleWriter:
    """Fills tables under names of its own until all are whole."""

    flush_rows = 50_000

    def __init__(self, server: Server, empty_texts: str) -> None:
        """Nothing is opened yet."""
        self._server = server
        self._empty = empty_texts
        self._open: Connection | None = None
        self._lock: Lock | None = None
        self._stages: dict[str, str] = {}
        self._kinds: dict[tuple[str, str], pa.DataType] = {}
        self._moved: list[tuple[str, str]] = []
        self._plan = Plan()

    @property
    def connection(self) -> Connection:
        """Give the connection, which :meth:`begin` made."""
        assert self._open is not None
        return self._open

    def check_names(self, schema: Schema) -> None:
        """Refuse names that are too long or hold a quotation mark."""
        NAMES.check(schema, "Oracle")
        for table in schema:
            for column in table.columns:
                self._kinds[table.name, column.name] = column.type

    def begin(self) -> None:
        """Connect, lock out other deliveries to the schema and clear what one that died left."""
        self._open = Connection(self._server, DestinationError)
        self._lock = Lock(self._server, self._open)
        self._undo_half()
        names = catalog.table_names(self._open, views=False)
        self._drop(name for name in names if name.startswith(STAGED) and name != self._lock.table)

    def _undo_half(self) -> None:
        """Rename back what a delivery renamed that died before all of it was in place."""
        if catalog.number_of(self.connection, _MOVES) is None:
            return
        moves = self.connection.rows(f"SELECT name, becomes, id FROM {self._named(_MOVES)} ORDER BY place DESC")
        for name, new, number in moves:
            # whatever else has that name by now is somebody else's
            if catalog.number_of(self.connection, new) == int(number):
                self.connection.run(f"ALTER TABLE {self._named(new)} RENAME TO {quoted(name)}")

    def _drop(self, names: Iterable[str]) -> None:
        for name in names:
            self.connection.run(f"DROP TABLE {self._named(name)} CASCADE CONSTRAINTS PURGE")

    def _named(self, name: str) -> str:
        return f"{quoted(self.connection.schema)}.{quoted(name)}"

    def prove(self) -> None:
        """Make, fill and remove a table."""
        self.begin()
        name = self._named(staged_name(0, "check"))
        self.connection.run(f"CREATE TABLE {name} (id NUMBER(1))")
        try:
            self.connection.run(f"INSERT INTO {name} VALUES (1)")
        finally:
            self.connection.run(f"DROP TABLE {name} CASCADE CONSTRAINTS PURGE")

    def delivered(self, delivery: str) -> bool:
        """Look into the ledger."""
        if LEDGER not in catalog.table_names(self.connection, views=False):
            return False
        return bool(self.connection.rows(f"SELECT 1 FROM {self._named(LEDGER)} WHERE {quoted('id')} = :1", delivery))

    def present(self, name: str) -> Present | None:
        """Describe a table that is there."""
        if catalog.comment_of(self.connection, name) is None:
            return None
        declared = catalog.columns(self.connection, name)
        return Present(
            columns=tuple((column.name, column.written) for column in declared),
            marks={column.name: parted(column.comment)[1] for column in declared},
            primary_key=catalog.primary_key(self.connection, name),
            foreign_keys=catalog.foreign_keys(self.connection, name),
            referrers=catalog.referrers(self.connection, name),
        )

    def loaded(self, column: Column, *, key: bool) -> Loaded:
        """Say how a column is kept."""
        return write_types.loaded(column, key=key, empty=self._empty)

    def loaded_as(self, column: Column, sql: str) -> Loaded:
        """Say how a column is put into an existing one."""
        return write_types.loaded(column, sql, empty=self._empty)

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make the tables that rows are written to."""
        self._plan = plan_of(steps, NAMES.folded)
        for number, step in enumerate(steps):
            name = self._stages[step.target.name] = staged_name(number)
            parts = [f"{quoted(c.name)} {c.sql}{'' if c.nullable else ' NOT NULL'}" for c in step.target.columns]
            self.connection.run(f"CREATE TABLE {self._named(name)} ({', '.join(parts)})")

    def load(self, step: Step, rows: pa.Table) -> None:
        """Send rows as Arrow, which the driver binds column by column."""
        target = step.target
        names = ", ".join(quoted(column.name) for column in target.columns)
        values = ", ".join(
            write_types.value_of(place, column.sql, self._kinds[target.name, column.name])
            for place, column in enumerate(target.columns, start=1)
        )
        self.connection.many(
            f"INSERT INTO {self._named(self._stages[target.name])} ({names}) VALUES ({values})", rows.combine_chunks()
        )
        self.connection.commit()

    def publish(self, steps: Sequence[Step], delivery: str) -> None:
        """Put all tables in place; what can fail fails before anything is seen, or is undone."""
        for step in self._plan.anew:
            self._complete(step.target)
        if delivery:
            self._make_ledger()
        old = self._rename_all()
        self._change_rows(delivery)
        old += [self._stages[step.target.name] for step in self._plan.kept]
        old += [_MOVES] if self._plan.anew else []
        self._stages.clear()
        # the delivery is complete: what is left is swept up by the next one
        with contextlib.suppress(DestinationError):
            for step in self._plan.anew:
                self._add_foreign_keys(step.target, step.target.name, among_kept=True)
            self._drop(old)

    def _complete(self, target: Target) -> None:
        """Give a filled table its keys and comments; keys to tables whose rows are yet to come wait."""
        table = self._named(self._stages[target.name])
        if target.primary_key:
            self.connection.run(f"ALTER TABLE {table} ADD PRIMARY KEY ({_listed(target.primary_key)})")
        for columns in target.unique:
            self.connection.run(f"ALTER TABLE {table} ADD UNIQUE ({_listed(columns)})")
        if target.comment:
            self.connection.run(f"COMMENT ON TABLE {table} IS {literal(target.comment)}")
        for column in target.columns:
            if column.noted:
                self.connection.run(f"COMMENT ON COLUMN {table}.{quoted(column.name)} IS {literal(column.noted)}")

    def _rename_all(self) -> list[str]:
        for step in self._plan.anew:
            self._add_foreign_keys(step.target, self._stages[step.target.name], among_kept=False)
        moves, old = list[tuple[str, str]](), list[str]()
        for number, step in enumerate(self._plan.anew):
            name = step.target.name
            if step.present is not None:
                old.append(staged_name(number, "old"))
                moves.append((name, old[-1]))
            moves.append((self._stages[name], name))
        self._announce(moves)
        for name, new in moves:
            self._rename(name, new)
        return old

    def _announce(self, moves: Sequence[tuple[str, str]]) -> None:
        if not moves:
            return
        self.connection.run(
            f"CREATE TABLE {self._named(_MOVES)} "
            "(place NUMBER(9), name VARCHAR2(128 CHAR), becomes VARCHAR2(128 CHAR), id NUMBER(19))"
        )
        for place, (name, new) in enumerate(moves):
            number = catalog.number_of(self.connection, name)
            self.connection.run(f"INSERT INTO {self._named(_MOVES)} VALUES (:1, :2, :3, :4)", place, name, new, number)
        self.connection.commit()

    def _rename(self, name: str, new: str) -> None:
        self.connection.run(f"ALTER TABLE {self._named(name)} RENAME TO {quoted(new)}")
        self._moved.append((name, new))

    def _add_foreign_keys(self, target: Target, table: str, *, among_kept: bool) -> None:
        kept = {step.target.name for step in self._plan.kept}
        indexed = {target.primary_key[: len(key.columns)] for key in target.foreign_keys}
        for key in target.foreign_keys:
            if (key.references in kept) is not among_kept:
                continue
            parent = key.references if among_kept else self._stages.get(key.references, key.references)
            # deferrable, so that a later delivery may empty and fill tables that refer to each other
            self.connection.run(
                f"ALTER TABLE {self._named(table)} ADD FOREIGN KEY ({_listed(key.columns)}) "
                f"REFERENCES {self._named(parent)} ({_listed(key.referenced_columns)}) DEFERRABLE"
            )
            if key.columns not in indexed:
                indexed.add(key.columns)
                index = f"{quoted(self.connection.schema)}.{quoted(f'SEMBLANT_{secrets.token_hex(8).upper()}')}"
                self.connection.run(f"CREATE INDEX {index} ON {self._named(table)} ({_listed(key.columns)})")

    def _change_rows(self, delivery: str) -> None:
        """Change the rows of tables that stay, in one transaction; keys are checked when it ends."""
        self.connection.commit()
        self.connection.run("SET CONSTRAINTS ALL DEFERRED")
        for name in self._plan.emptied:
            self.connection.run(f"DELETE FROM {self._named(name)}")
        for step in self._plan.kept:
            names = _listed([column.name for column in step.target.columns])
            stage = self._named(self._stages[step.target.name])
            self.connection.run(f"INSERT INTO {self._named(step.target.name)} ({names}) SELECT {names} FROM {stage}")
        self._refuse_orphans()
        if delivery:
            self.connection.run(f"INSERT INTO {self._named(LEDGER)} ({quoted('id')}) VALUES (:1)", delivery)
        if self._plan.anew:
            self.connection.run(f"DELETE FROM {self._named(_MOVES)}")
        self.connection.commit()
        self._moved.clear()

    def _refuse_orphans(self) -> None:
        """Check the keys of new tables to tables that stay, which are declared when all is over."""
        kept = {step.target.name for step in self._plan.kept}
        for step in self._plan.anew:
            for key in step.target.foreign_keys:
                pairs = list(zip(key.columns, key.referenced_columns, strict=True))
                meet = " AND ".join(f"c.{quoted(own)} = p.{quoted(theirs)}" for own, theirs in pairs)
                whole = " AND ".join(f"c.{quoted(own)} IS NOT NULL" for own, _ in pairs)
                if key.references in kept and self.connection.rows(
                    f"SELECT 1 FROM {self._named(step.target.name)} c WHERE {whole} AND NOT EXISTS "
                    f"(SELECT 1 FROM {self._named(key.references)} p WHERE {meet}) AND ROWNUM <= 1"
                ):
                    raise DestinationError(
                        f"{self._server} refuses the data: the foreign key {', '.join(key.columns)} of "
                        f"'{step.target.name}' leads to no row of '{key.references}'",
                        fix="deliver the rows that it points to as well, or leave the key out",
                    )

    def _make_ledger(self) -> None:
        if LEDGER not in catalog.table_names(self.connection, views=False):
            self.connection.run(
                f"CREATE TABLE {self._named(LEDGER)} ({quoted('id')} VARCHAR2(255 CHAR) PRIMARY KEY, "
                f"{quoted('delivered')} TIMESTAMP(0) DEFAULT SYSTIMESTAMP NOT NULL)"
            )

    def abandon(self) -> None:
        """Undo the transaction, rename back and remove what was made."""
        if self._open is None:
            return
        with contextlib.suppress(DestinationError):
            self._open.run("ROLLBACK")
            for name, new in reversed(self._moved):
                self._open.run(f"ALTER TABLE {self._named(new)} RENAME TO {quoted(name)}")
            self._moved.clear()
        there = set(catalog.table_names(self._open, views=False)) if self._stages else set()
        # the list of what was renamed stays while it is needed
        for name in (*self._stages.values(), *([] if self._moved else [_MOVES])):
            with contextlib.suppress(DestinationError):
                self._drop([name] if name in there else [])

    def close(self) -> None:
        """Let go of the lock and disconnect."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._open is not None:
            self._open.close()
            self._open = None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
