"""Rows into a table: LOAD DATA from a file of this machine, or INSERT where the server forbids that."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semblant.errors import DestinationError
from semblant_databases.mysql.connection import NO_LOCAL_FILES, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant_databases.mysql.connection import Connection
    from semblant_databases.writing.target import Loaded

_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\0", "\\0"))
_WRAPPED = {"hex": "UNHEX({})", "bit": "CAST({} AS UNSIGNED)"}


def delimited(rows: pa.Table) -> bytes:
    r"""Write rows of texts as LOAD DATA reads them by default: tabs between, ``\N`` for null.

    >>> delimited(pa.table({"a": ["x\ty", None], "b": ["", "z"]}))
    b'x\\ty\t\n\\N\tz\n'
    """
    columns = []
    for column in rows.columns:
        values = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        values = values.cast(pa.large_string())
        for sign, written in _ESCAPES:
            values = pc.replace_substring(values, sign, written)
        columns.append(pc.fill_null(values, "\\N"))
    lines = pc.binary_join_element_wise(*columns, pa.scalar("\t", pa.large_string()))
    ended = pc.binary_join_element_wise(lines, pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string()))
    _, offsets, data = ended.buffers()
    if data is None or not len(ended):
        return b""
    places = np.frombuffer(offsets, np.int64)
    return memoryview(data)[places[ended.offset] : places[ended.offset + len(ended)]].tobytes()


class Loading:
    """Writes rows over one connection; every row arrives as it is, or an error says which one does not."""

    def __init__(self, connection: Connection) -> None:
        """Files are tried first."""
        self._connection = connection
        self._files = True

    def load(self, table: str, columns: Sequence[Loaded], rows: pa.Table) -> None:
        """Write rows of texts."""
        if self._files:
            try:
                self._load_file(table, columns, rows)
            except DestinationError as exc:
                if getattr(exc, "number", 0) not in NO_LOCAL_FILES:
                    raise
                self._files = False
            else:
                return
        self._insert(table, columns, rows)

    def _load_file(self, table: str, columns: Sequence[Loaded], rows: pa.Table) -> None:
        names, wraps = [], []
        for place, column in enumerate(columns):
            wrap = _WRAPPED.get(column.staged_as)
            names.append(f"@v{place}" if wrap else quoted(column.name))
            if wrap:
                wraps.append(f"{quoted(column.name)} = {wrap.format(f'@v{place}')}")
        handle, path = tempfile.mkstemp(prefix="semblant-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(delimited(rows))
            changed = self._connection.run(
                f"LOAD DATA LOCAL INFILE {literal(path)} INTO TABLE {quoted(table)} CHARACTER SET utf8mb4 "
                f"({', '.join(names)}){' SET ' + ', '.join(wraps) if wraps else ''}"
            )
        finally:
            Path(path).unlink()
        # LOCAL turns errors into warnings: whatever the server complains of is an error for us
        warned = self._connection.rows("SHOW WARNINGS LIMIT 1")
        if warned or changed != rows.num_rows:
            said = warned[0][2] if warned else f"{rows.num_rows - changed} rows were left out"
            raise self._connection.refusal(int(warned[0][1]) if warned else 0, str(said))

    def _insert(self, table: str, columns: Sequence[Loaded], rows: pa.Table) -> None:
        names = ", ".join(quoted(column.name) for column in columns).replace("%", "%%")
        marks = ", ".join(_WRAPPED.get(column.staged_as, "{}").format("%s") for column in columns)
        statement = f"INSERT INTO {quoted(table).replace('%', '%%')} ({names}) VALUES ({marks})"
        self._connection.many(statement, list(zip(*(column.to_pylist() for column in rows.columns), strict=True)))
