"""The source ``duckdb``: a file that nobody can change while it is open for reading."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import evolve

from semblant.errors import SourceError
from semblant_databases.duckdb import catalog
from semblant_databases.duckdb.connection import opened, quoted, rows, speaking
from semblant_databases.filebased.place import FilePlace
from semblant_databases.reading.relation import ReadColumn, Relation
from semblant_databases.reading.source import DatabaseSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant_databases.duckdb.catalog import Declared
    from semblant_databases.settings import DuckdbSource as Settings

_CAST = {"UUID", "BIT", "TIME WITH TIME ZONE", "JSON", "UHUGEINT", "BIGNUM", "VARINT", "GEOMETRY"}
_WIDEST = "9" * 38
_ENDLESS = np.array([2**63 - 1, -(2**63) + 1, 2**31 - 1, -(2**31) + 1], np.int64)


class View:
    """An open file."""

    def __init__(self, settings: Settings) -> None:
        """Open it; a file that is not there is never made."""
        self.path = FilePlace(settings.path).path
        self.schema = settings.schema
        if not self.path.is_file():
            raise SourceError(f"there is no file '{self.path}'", fix="check the path")
        self._connection = opened(self.path, SourceError, settings.timeout_seconds, read_only=True)
        self._lock = threading.Lock()
        if not catalog.has_schema(self._connection, self.schema):
            self._connection.close()
            raise SourceError(f"'{self.path}' has no schema '{self.schema}'", fix="check 'schema'")

    def tables(self, *, views: bool) -> list[str]:
        """Name tables and views."""
        with self._lock, speaking(self.path, SourceError):
            return catalog.table_names(self._connection, self.schema, views=views)

    def describe(self, name: str) -> Relation:
        """Describe a table or view."""
        with self._lock, speaking(self.path, SourceError):
            source = f"{quoted(self.schema)}.{quoted(name)}"
            declared = catalog.columns(self._connection, self.schema, name)
            return Relation(
                name=name,
                source=source,
                columns=self._columns(declared, source),
                primary_key=catalog.primary_key(self._connection, self.schema, name),
                foreign_keys=catalog.foreign_keys(self._connection, self.schema, name),
                comment=catalog.comment_of(self._connection, self.schema, name),
            )

    def query(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT statement yields."""
        source = f"({statement}) AS {quoted(name)}"
        with self._lock, speaking(self.path, SourceError):
            found = rows(self._connection, f"DESCRIBE SELECT * FROM {source}")
            declared = [catalog.Declared(name=row[0], type=row[1], nullable=True, comment="") for row in found]
            return Relation(name=name, source=source, columns=self._columns(declared, source))

    def _columns(self, declared: Sequence[Declared], source: str) -> tuple[ReadColumn, ...]:
        chosen = [self._column(column, source) for column in declared]
        if not chosen:
            return ()
        expressions = ", ".join(column.expression for column in chosen)
        types = self._connection.sql(f"SELECT {expressions} FROM {source} LIMIT 0").to_arrow_table().schema.types
        return tuple(
            evolve(column, type=column.type if column.type != pa.null() else _described(kind))
            for column, kind in zip(chosen, types, strict=True)
        )

    def _column(self, declared: Declared, source: str) -> ReadColumn:
        name = quoted(declared.name)
        made = ReadColumn(
            name=declared.name,
            type=pa.null(),
            expression=name,
            nullable=declared.nullable,
            comment=declared.comment,
            declared=f"duckdb:{declared.type}",
            finish=_finite if declared.type.startswith(("TIMESTAMP", "DATE")) else None,
        )
        if declared.type.startswith("ENUM("):
            labels = rows(self._connection, f"SELECT enum_range(NULL::{declared.type})")[0][0]
            return evolve(made, expression=f"{name}::VARCHAR", enum=tuple(labels))
        if declared.type == "HUGEINT":
            wide = f"SELECT bool_or({name} NOT BETWEEN -{_WIDEST}::HUGEINT AND {_WIDEST}::HUGEINT) FROM {source}"
            if not rows(self._connection, wide)[0][0]:
                return evolve(made, expression=f"{name}::DECIMAL(38, 0)")
            note = f"'{declared.name}' has more digits than Arrow's decimals and is kept as text"
            return evolve(made, expression=f"{name}::VARCHAR", notes=(note,))
        if declared.type == "INTERVAL":
            months = f"SELECT bool_or(datepart('year', {name}) <> 0 OR datepart('month', {name}) <> 0) FROM {source}"
            if not rows(self._connection, months)[0][0]:
                return evolve(made, expression=f"epoch_us({name})", type=pa.duration("us"))
            note = f"'{declared.name}' holds intervals of months, which have no fixed length, and is kept as text"
            return evolve(made, expression=f"{name}::VARCHAR", notes=(note,))
        if declared.type in _CAST:
            return evolve(made, expression=f"{name}::VARCHAR")
        if declared.type.startswith(("MAP(", "UNION(", "VARIANT")) or (
            "[" in declared.type and "STRUCT" in declared.type
        ):
            return evolve(made, expression=f"to_json({name})::VARCHAR")
        return made

    def count(self, source: str, condition: str) -> int:
        """Count rows."""
        with self._lock, speaking(self.path, SourceError):
            return int(rows(self._connection, f"SELECT count(*) FROM {source}{condition}")[0][0])

    def stream(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Stream a SELECT, at most ``batch_rows`` rows at a time."""
        with self._lock, speaking(self.path, SourceError):
            cursor = self._connection.cursor()
            cursor.execute("SET TimeZone = 'UTC'")
        try:
            with speaking(self.path, SourceError):
                for batch in cursor.sql(statement).to_arrow_reader(batch_rows):
                    for start in range(0, batch.num_rows, batch_rows):
                        yield batch.slice(start, batch_rows).columns
        finally:
            cursor.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _described(kind: pa.DataType) -> pa.DataType:
    """Give the type without DuckDB's own name of the zone."""
    return pa.timestamp(kind.unit, "UTC") if pa.types.is_timestamp(kind) and kind.tz else kind


def _finite(values: pa.Array) -> pa.Array:
    """Refuse DuckDB's endless dates, which Arrow has no value for."""
    number = pa.int32() if pa.types.is_date32(values.type) else pa.int64()
    found = values.cast(number).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    endless = _ENDLESS[2:] if number == pa.int32() else _ENDLESS[:2]
    if np.isin(found, endless).any():
        msg = "it holds 'infinity'"
        raise ValueError(msg)
    return values


class DuckdbSource(DatabaseSource):
    """Reads a schema of a DuckDB file."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        super().__init__(settings, f"'{settings.path}'")

    def connect(self) -> View:
        """Open the file."""
        return View(self._settings)
