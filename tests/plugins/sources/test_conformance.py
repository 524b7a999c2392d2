"""Our sources pass the kit that strangers' sources pass."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.parquet as pq

import semblant_sources
from semblant.testing import SourceConformance
from semblant_sources.settings import FilesSettings, SqliteSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.schema import Schema, Table

FOUND = {component.name: component for component in semblant_sources.semblant_sources()}
FILES, SQLITE = FOUND["files"], FOUND["sqlite"]


class Files(SourceConformance):
    component = FILES
    ending: ClassVar[Literal["parquet", "arrow", "csv", "jsonl"]]

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> FilesSettings:
        place = folder / "tables"
        place.mkdir()
        for name, table in tables.items():
            self.write(table, place / f"{name}.{self.ending}")
        return FilesSettings(path=(str(place),), format=self.ending)

    def write(self, table: pa.Table, path: Path) -> None:
        raise AssertionError(path)

    def nowhere(self, folder: Path) -> FilesSettings:
        return FilesSettings(path=(str(folder / "missing"),))


class TestParquet(Files):
    ending = "parquet"

    def write(self, table: pa.Table, path: Path) -> None:
        pq.write_table(table, path, row_group_size=20_000)


class TestArrow(Files):
    ending = "arrow"

    def write(self, table: pa.Table, path: Path) -> None:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=20_000)


TEXT_FILE = "a text file holds no types"
NOT_IN_TEXT = {
    "types.uint64": "whole numbers beyond 64 signed bits are kept as text, so that no digit is lost",
    "types.decimal": "decimals of more digits than a float holds are kept as text",
    "types.binary": "a text file holds no bytes",
    "types.time": "times of day are kept as text",
    "types.duration": "durations are kept as text",
    "types.list": "lists are kept as text",
    "types.struct": "nested values are kept as text",
    "types.nan": "the word NaN among numbers is read as missing, with a note",
}


class TestCsv(Files):
    ending = "csv"
    keeps_types = TEXT_FILE
    keeps_empty_strings = "the empty cell is the missing value, quoted or not"
    keeps_null_columns = "a column without values has no type and is text"
    not_kept: ClassVar[Mapping[str, str]] = NOT_IN_TEXT

    def write(self, table: pa.Table, path: Path) -> None:
        from semblant_destinations.delimited import Delimited

        text = Delimited(table.schema, guard=False)
        path.write_bytes(text.header() + b"".join(text.render(batch) for batch in table.to_batches()))


class TestJsonLines(Files):
    ending = "jsonl"
    keeps_types = TEXT_FILE
    keeps_empty_tables = "without a line there are no names"
    not_kept: ClassVar[Mapping[str, str]] = {**NOT_IN_TEXT, "types.infinity": "JSON has no numbers that are not finite"}

    def write(self, table: pa.Table, path: Path) -> None:
        from semblant_destinations.delimited import Lines

        text = Lines(table.schema)
        path.write_bytes(b"".join(text.render(batch) for batch in table.to_batches()))


class TestSqlite(SourceConformance):
    component = SQLITE
    keeps_types = "SQLite stores five classes of values and knows dates and truth values by declaration only"
    declares_keys = True
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.uint64": "SQLite's whole numbers end at 2^63",
        "types.decimal": "SQLite has no decimals",
        "types.nan": "SQLite stores NaN as null",
        "types.time": "SQLite has no type for times of day",
        "types.duration": "SQLite has no type for durations",
        "types.list": "SQLite has no lists",
        "types.struct": "SQLite has no nested values",
    }

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> SqliteSettings:
        path = folder / "shop.db"
        with sqlite3.connect(path) as connection:
            for described in schema:
                self.create(connection, described)
                rows = _rows(tables[described.name])
                marks = ", ".join("?" * len(described.columns))
                connection.executemany(f"INSERT INTO {_quoted(described.name)} VALUES ({marks})", rows)
        connection.close()
        return SqliteSettings(path=str(path))

    def create(self, connection: sqlite3.Connection, table: Table) -> None:
        parts = [f"{_quoted(column.name)} {_declared(column.type)}" for column in table.columns]
        if table.primary_key:
            parts.append(f"PRIMARY KEY ({', '.join(map(_quoted, table.primary_key))})")
        for key in table.foreign_keys:
            own, theirs = (", ".join(map(_quoted, names)) for names in (key.columns, key.referenced_columns))
            parts.append(f"FOREIGN KEY ({own}) REFERENCES {_quoted(key.references)} ({theirs})")
        connection.execute(f"CREATE TABLE {_quoted(table.name)} ({', '.join(parts)})")

    def nowhere(self, folder: Path) -> SqliteSettings:
        return SqliteSettings(path=str(folder / "missing.db"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _declared(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind):
        return "INTEGER"
    if pa.types.is_floating(kind):
        return "REAL"
    if pa.types.is_date(kind):
        return "DATE"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP"
    return "BLOB" if pa.types.is_binary(kind) else "TEXT"


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    columns = [(_iso(one) if pa.types.is_temporal(one.type) else one).to_pylist() for one in table.columns]
    return list(zip(*columns, strict=True))


def _iso(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = column.cast(pa.string())
    return pa.chunked_array(
        [[None if text is None else text.replace("Z", "+00:00") for text in texts.to_pylist()]], pa.string()
    )
