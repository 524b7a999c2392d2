"""How detection reads a source: whole columns, or the first rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

from semblant.detection.profile import profile_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from semblant.detection.profile import TableProfile
    from semblant.schema import Table


class Read(Protocol):
    """``read(table, columns)`` streams a table from its first row, anew at each call."""

    def __call__(self, table: str, columns: Sequence[str] | None = None, /) -> Iterator[pa.RecordBatch]:
        """Give record batches; all columns when ``columns`` is None."""
        ...


def profile_head(table: Table, read: Read, max_rows: int) -> TableProfile:
    """Profile at most ``max_rows`` first rows; ``complete`` tells whether that was the whole table."""
    head = _Head(read(table.name, list(table.column_names)), max_rows)
    return attrs.evolve(profile_table(table, iter(head)), complete=not head.cut)


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
