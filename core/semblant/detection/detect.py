"""All of detection in one call: profile the first rows of every table, then propose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

from semblant.detection.columns import detect_columns
from semblant.detection.facts import table_findings
from semblant.detection.model import Detection, TableDetection
from semblant.detection.profile import profile_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from semblant.detection.profile import TableProfile
    from semblant.schema import Schema, Table

MAX_ROWS = 100_000


class Read(Protocol):
    """How detection reads: ``read(table, columns)`` streams a table from its first row."""

    def __call__(self, table: str, columns: Sequence[str] | None = None, /) -> Iterator[pa.RecordBatch]:
        """Give record batches; all columns when ``columns`` is None."""
        ...


def profile_head(table: Table, read: Read, max_rows: int) -> TableProfile:
    """Profile at most ``max_rows`` first rows of a table."""
    head = _Head(read(table.name, [column.name for column in table.columns]), max_rows)
    profile = profile_table(table, iter(head))
    return attrs.evolve(profile, complete=not head.cut)


class _Head:
    """The first rows of a stream, and whether there were more."""

    def __init__(self, batches: Iterator[pa.RecordBatch], rows: int) -> None:
        self._batches = batches
        self._left = rows
        self.cut = False

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            if batch.num_rows > self._left:
                self.cut = True
                if self._left:
                    yield batch.slice(0, self._left)
                break
            self._left -= batch.num_rows
            yield batch
        close = getattr(self._batches, "close", None)
        if close is not None:
            close()


def detect(schema: Schema, read: Read, max_rows: int = MAX_ROWS) -> Detection:
    """Propose encodings, personal columns and findings for every table of a source.

    :param schema: as the source describes it; what it declares is kept.
    :param read: streams a table; must start anew at each call.
    :param max_rows: rows of each table that are looked at, from the first.
    """
    tables: dict[str, TableDetection] = {}
    for table in schema:
        profile = profile_head(table, read, max_rows)
        columns = detect_columns(table, profile)
        tables[table.name] = TableDetection(
            columns=columns,
            rows_read=profile.rows,
            complete=profile.complete,
            findings=tuple(table_findings(table, profile, columns)),
        )
    findings = tuple(finding for table in tables.values() for finding in table.findings)
    return Detection(schema=schema, tables=tables, findings=findings)
