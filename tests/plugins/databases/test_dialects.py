"""What we write for SQL Server and Oracle is what SQLAlchemy's dialects write: they were run against live servers."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, oracle

from semblant.testing.material import HOSTILE_NAMES
from semblant_databases.oracle import connection as oracle_names
from semblant_databases.oracle import write_types as oracle_types
from semblant_databases.sqlserver import connection as sqlserver_names
from semblant_databases.sqlserver import write_types as sqlserver_types

pytestmark = [pytest.mark.feature(66, 67)]

SQLSERVER: list[tuple[pa.DataType, Any]] = [
    (pa.bool_(), mssql.BIT()),
    (pa.uint8(), mssql.TINYINT()),
    (pa.int16(), sa.SMALLINT()),
    (pa.int32(), sa.INTEGER()),
    (pa.int64(), sa.BIGINT()),
    (pa.uint64(), sa.DECIMAL(20, 0)),
    (pa.float32(), mssql.REAL()),
    (pa.float64(), sa.FLOAT()),
    (pa.decimal128(28, 2), sa.DECIMAL(28, 2)),
    (pa.date32(), sa.DATE()),
    (pa.time64("us"), mssql.TIME(6)),
    (pa.timestamp("us"), mssql.DATETIME2(6)),
    (pa.timestamp("us", "UTC"), mssql.DATETIMEOFFSET(6)),
    (pa.string(), sa.NVARCHAR()),
    (pa.binary(), mssql.VARBINARY("max")),
]
ORACLE: list[tuple[pa.DataType, Any]] = [
    (pa.bool_(), oracle.NUMBER(1)),
    (pa.int32(), oracle.NUMBER(10)),
    (pa.int64(), oracle.NUMBER(19)),
    (pa.decimal128(28, 2), oracle.NUMBER(28, 2)),
    (pa.float32(), oracle.BINARY_FLOAT()),
    (pa.float64(), oracle.BINARY_DOUBLE()),
    (pa.date32(), oracle.DATE()),
    (pa.duration("us"), oracle.INTERVAL(day_precision=9, second_precision=6)),
    (pa.string(), oracle.CLOB()),
    (pa.binary(), oracle.BLOB()),
]


def named(value: Any) -> str:
    return str(value) if isinstance(value, pa.DataType) else type(value).__name__


_INTEGERS = {"INTEGER": "int"}


def spelled(dialect: Any, kind: Any) -> str:
    """Give a type as the dialect writes it, in one spelling."""
    written = str(dialect.type_compiler_instance.process(kind))
    return _INTEGERS.get(written, written).replace(", ", ",").lower()


@pytest.mark.parametrize(("kind", "theirs"), SQLSERVER, ids=named)
def test_types_of_sql_server_are_written_as_its_dialect_writes_them(kind: pa.DataType, theirs: Any) -> None:
    assert sqlserver_types.sql_of(kind) == spelled(mssql.dialect(), theirs)


@pytest.mark.parametrize(("kind", "theirs"), ORACLE, ids=named)
def test_types_of_oracle_are_written_as_its_dialect_writes_them(kind: pa.DataType, theirs: Any) -> None:
    assert oracle_types.sql_of(kind).lower() == spelled(oracle.dialect(), theirs)


@pytest.mark.parametrize("name", [name for name in HOSTILE_NAMES.values() if name])
def test_names_are_quoted_as_the_dialects_quote_them(name: str) -> None:
    assert sqlserver_names.quoted(name) == mssql.dialect().identifier_preparer.quote_identifier(name)
    if '"' not in name:
        assert oracle_names.quoted(name) == oracle.dialect().identifier_preparer.quote_identifier(name)


@pytest.mark.parametrize("text", ["it's", "''", "a\\b", "größe", "%s"])
def test_texts_are_written_as_the_dialects_write_them(text: str) -> None:
    def written(dialect: Any, kind: Any) -> str:
        found = kind.dialect_impl(dialect).literal_processor(dialect)(text)
        return str(found).replace("%%", "%")

    assert sqlserver_names.literal(text) == written(mssql.dialect(), sa.Unicode())
    assert oracle_names.literal(text) == written(oracle.dialect(), sa.String())
