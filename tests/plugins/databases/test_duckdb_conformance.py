"""DuckDB passes the kit, put and read back by plain SQL."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, ClassVar

import duckdb
import pyarrow as pa
import pytest

from semblant.testing import DestinationConformance, SourceConformance
from semblant_databases import DUCKDB_DESTINATION, DUCKDB_SOURCE
from semblant_databases.settings import DuckdbDestination, DuckdbSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.schema import Schema, Table

pytestmark = pytest.mark.feature(61)

TYPES = (
    (pa.types.is_uint8, "UTINYINT"), (pa.types.is_uint64, "UBIGINT"), (pa.types.is_int8, "TINYINT"),
    (pa.types.is_int16, "SMALLINT"), (pa.types.is_int32, "INTEGER"), (pa.types.is_integer, "BIGINT"),
    (pa.types.is_boolean, "BOOLEAN"), (pa.types.is_float32, "FLOAT"), (pa.types.is_floating, "DOUBLE"),
    (pa.types.is_decimal, "DECIMAL(28,2)"), (pa.types.is_date, "DATE"), (pa.types.is_time, "TIME"),
    (pa.types.is_duration, "INTERVAL"), (lambda kind: kind == pa.timestamp("ns"), "TIMESTAMP_NS"),
    (lambda kind: kind == pa.timestamp("ms"), "TIMESTAMP_MS"),
    (lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None, "TIMESTAMPTZ"),
    (pa.types.is_timestamp, "TIMESTAMP"), (pa.types.is_binary, "BLOB"), (pa.types.is_list, "BIGINT[]"),
    (pa.types.is_struct, "STRUCT(x BIGINT, y VARCHAR)"),
)  # fmt: skip


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class TestDuckdbSource(SourceConformance):
    component = DUCKDB_SOURCE
    declares_keys = True
    keeps_types = "DuckDB names the entries of its lists otherwise, and has one kind of text"

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> DuckdbSource:
        path = folder / "shop.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            for described in schema:
                connection.execute(self.create(described))
                connection.register("put_rows", tables[described.name])
                connection.execute(f"INSERT INTO {quoted(described.name)} SELECT * FROM put_rows")
                connection.unregister("put_rows")
        return DuckdbSource(path=str(path))

    def create(self, table: Table) -> str:
        declared = [(c.name, next((sql for fits, sql in TYPES if fits(c.type)), "VARCHAR")) for c in table.columns]
        parts = [f"{quoted(name)} {sql}" for name, sql in declared]
        if table.primary_key:
            parts.append(f"PRIMARY KEY ({', '.join(map(quoted, table.primary_key))})")
        for key in table.foreign_keys:
            own, theirs = (", ".join(map(quoted, names)) for names in (key.columns, key.referenced_columns))
            parts.append(f"FOREIGN KEY ({own}) REFERENCES {quoted(key.references)} ({theirs})")
        return f"CREATE TABLE {quoted(table.name)} ({', '.join(parts)})"

    def nowhere(self, folder: Path) -> DuckdbSource:
        return DuckdbSource(path=str(folder / "missing.duckdb"))


class TestDuckdbDestination(DestinationConformance):
    component = DUCKDB_DESTINATION
    known_gaps: ClassVar[Mapping[str, str]] = {
        "test_replacing_leaves_other_tables": "DuckDB lets no row go that another table refers to, even when it comes "
        "back in the same transaction; the delivery is refused in words",
    }

    def settings(self, folder: Path) -> DuckdbDestination:
        return DuckdbDestination(path=str(folder / "shop.duckdb"))

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        path = folder / "shop.duckdb"
        if not path.exists():
            return None
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            if (table,) not in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                return None
            found = connection.sql(f"SELECT * FROM {quoted(table)}").to_arrow_table()
        kinds = [
            wanted.field(name).type if name in wanted.names else found.schema.field(name).type
            for name in found.column_names
        ]
        return pa.table(
            [self.as_written(c, k) for c, k in zip(found.columns, kinds, strict=True)], names=found.column_names
        )

    def as_written(self, values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if pa.types.is_duration(kind):
            spans = [
                None if v is None else (v.days * 86_400_000_000) + v.nanoseconds // 1000 for v in values.to_pylist()
            ]
            assert all(v is None or v.months == 0 for v in values.to_pylist())
            return pa.chunked_array([pa.array(spans, pa.int64()).cast(pa.duration("us"))])
        return values.cast(kind)

    def state(self, folder: Path) -> Mapping[str, str]:
        """Give every file, the database by what is in it."""
        found = {}
        for path in sorted(folder.rglob("*")):
            if path.name != "shop.duckdb":
                found[str(path.relative_to(folder))] = path.read_bytes().hex() if path.is_file() else "folder"
                continue
            with duckdb.connect(str(path), read_only=True) as connection:
                for name, sql in connection.execute("SELECT table_name, sql FROM duckdb_tables()").fetchall():
                    rows = connection.execute(f"SELECT * FROM {quoted(name)}").fetchall()
                    found[f"table {name}"] = hashlib.sha256(f"{sql}{rows!r}".encode()).hexdigest()
        return found


def test_whole_numbers_beyond_38_digits_are_read_as_text(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "wide.duckdb")) as connection:
        connection.execute("CREATE TABLE t (fits HUGEINT, wide HUGEINT)")
        connection.execute(f"INSERT INTO t VALUES ({'9' * 38}, {2**127 - 1}), (-{'9' * 38}, 1)")
    with contextlib.closing(DUCKDB_SOURCE.create(DuckdbSource(path=str(tmp_path / "wide.duckdb")))) as source:
        notes = source.discover().table("t").notes
        found = pa.Table.from_batches(source.read("t")).to_pydict()

    assert [int(value) for value in found["fits"]] == [int("9" * 38), -int("9" * 38)]
    assert found["wide"] == [str(2**127 - 1), "1"]
    assert "'wide' has more digits" in notes[0]
