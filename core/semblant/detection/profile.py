"""One streaming pass over a table: what its columns hold, in bounded memory.

A profile is private to its job: it holds real values and never enters an artefact or a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from semblant.detection.accumulators import ColumnAccumulator
from semblant.detection.hashing import NULL_HASH, combine, mix
from semblant.detection.sketch import DistinctSketch
from semblant.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from semblant.detection.nested import Inside
    from semblant.schema import Table

BATCH_ROWS = 65_536
_BATCH_BYTES = 16 * 2**20
_HASHES_IN_ALL = 2**21
_MOST_HASHES_IN_ALL = 2**22
"""Hashes held over all columns of a table: 64 MB with their counts, half of it where columns are few."""
_USUAL_HASHES = 2**17
_ROW_HASHES = 2**18
_VALUES_IN_ALL = 2**20


@frozen(kw_only=True)
class ColumnProfile:
    """What one column holds.

    ``distinct`` counts values other than null and NaN; it is exact when ``distinct_exact``, else
    an estimate. Lengths are in characters. Times in ``minimum`` and ``maximum`` are ISO strings.
    """

    name: str
    type: str
    rows: int
    nulls: int
    nans: int = 0
    distinct: int = 0
    distinct_exact: bool = True
    repeated: bool = False
    """Whether some value was seen twice; of a sample of the values where ``distinct_exact`` is False."""
    reused_share: float = 0.0
    """Share of the distinct values that occur more than once."""
    frequent_share: float = 0.0
    """Share of the rows with a value that occurs ten times or more."""
    numbers: Mapping[str, Any] = field(factory=dict)
    """``minimum, maximum, mean, deviation, zeros, negatives, infinities, decimals`` of numbers:
    ``decimals`` is the least number of decimal places that writes every value exactly, None above 12."""
    ascending: bool = False
    """Whether values never fall from one row to the next (nulls left out)."""
    strictly_ascending: bool = False
    strings: Mapping[str, Any] = field(factory=dict)
    """``shortest, longest, mean_length, mean_words, most_words, empty, multiline`` of strings."""
    times: Mapping[str, Any] = field(factory=dict)
    """``minimum, maximum, resolution, midnight_share, weekdays`` (Monday first) of dates and times."""
    lists: Mapping[str, Any] = field(factory=dict)
    """``shortest, longest, mean_length`` of lists."""
    inside: Inside | None = field(default=None, eq=False, repr=False)
    """What is inside lists, structs, maps and JSON texts; not part of :meth:`as_dict`."""
    shapes: tuple[tuple[str, int], ...] = ()
    """Character classes of the sampled values (``A`` upper, ``a`` lower, ``9`` digit) with counts."""
    kinds: Mapping[str, float] = field(factory=dict)
    """Share of the sampled values that read as ``email``, ``uuid``, ``number``, … (those above zero)."""
    top: tuple[tuple[Any, int], ...] = ()
    """The most frequent values and their counts."""
    top_exact: bool = True
    sample: tuple[Any, ...] = ()
    """A uniform sample of the distinct values, the same whatever the order of the rows."""
    sketch: DistinctSketch | None = field(default=None, eq=False, repr=False)
    """Hashes of the values, to compare columns; not part of :meth:`as_dict`."""

    @property
    def present(self) -> int:
        """Rows with a value: neither null nor NaN."""
        return self.rows - self.nulls - self.nans

    @property
    def unique(self) -> bool:
        """Whether every row has a value and none was seen twice."""
        return self.rows > 0 and self.present == self.rows and not self.repeated

    @property
    def reuse(self) -> float:
        """Rows per distinct value."""
        return self.present / self.distinct if self.distinct else 0.0

    @property
    def counted(self) -> str:
        """How many distinct values in how many rows, in words.

        >>> ColumnProfile(name="a", type="int64", rows=48_842, nulls=0, distinct=12).counted
        '12 distinct values in 48,842 rows'
        """
        about = "" if self.distinct_exact or not self.repeated else "about "
        values = "value" if self.distinct == 1 else "values"
        rows = "row" if self.present == 1 else "rows"
        return f"{about}{self.distinct:,} distinct {values} in {self.present:,} {rows}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        data = {name: getattr(self, name) for name in _PLAIN}
        data["top"] = [[value, count] for value, count in self.top]
        data["shapes"] = [[shape, count] for shape, count in self.shapes]
        data["sample"] = list(self.sample)
        for name in ("numbers", "strings", "times", "lists", "kinds"):
            data[name] = dict(getattr(self, name))
        return data


_PLAIN = (
    "name", "type", "rows", "nulls", "nans", "distinct", "distinct_exact", "repeated", "reused_share",
    "frequent_share", "ascending", "strictly_ascending", "top_exact",
)  # fmt: skip


@frozen(kw_only=True)
class TableProfile:
    """What one table holds."""

    name: str
    rows: int
    columns: Mapping[str, ColumnProfile]
    distinct_rows: int
    distinct_rows_exact: bool = True
    subjects: int | None = None
    """Distinct subjects, where they were given."""
    complete: bool = True
    """Whether the pass saw the whole table; set by whoever cut the stream."""

    @property
    def duplicate_rows(self) -> int:
        """Rows that repeat an earlier row in every column; an estimate beyond the capacity."""
        return max(self.rows - self.distinct_rows, 0)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "name": self.name,
            "rows": self.rows,
            "distinct_rows": self.distinct_rows,
            "distinct_rows_exact": self.distinct_rows_exact,
            "duplicate_rows": self.duplicate_rows,
            "subjects": self.subjects,
            "complete": self.complete,
            "columns": {name: column.as_dict() for name, column in self.columns.items()},
        }


def profile_table(
    table: Table,
    batches: Iterator[pa.RecordBatch],
    *,
    subjects: Iterator[np.ndarray] | None = None,
    complete: bool = True,
) -> TableProfile:
    """Profile a table in one pass.

    :param table: its columns, which ``batches`` must have, in any order.
    :param batches: record batches of any size; larger ones are taken apart.
    :param subjects: per batch one uint64 per row, the subject of the row.
    :param complete: False when ``batches`` is only the beginning of the table.
    :raises SourceError: when a batch lacks a column of the table.
    :returns: a :class:`TableProfile`; memory does not grow with the number of rows.

    >>> import pyarrow as pa
    >>> from semblant.schema import Column, Table
    >>> batch = pa.record_batch({"n": [1, 2, 2, None]})
    >>> profile = profile_table(Table(name="t", columns=(Column(name="n", type=pa.int64()),)), iter([batch]))
    >>> profile.columns["n"].distinct, profile.columns["n"].nulls
    (2, 1)
    """
    width = max(len(table.columns), 1)
    hashes = max(_HASHES_IN_ALL // width, min(_USUAL_HASHES, _MOST_HASHES_IN_ALL // width), 256)
    values = min(max(_VALUES_IN_ALL // width, 64), 512)
    accumulators = [ColumnAccumulator(column.type, hashes=hashes, values=values) for column in table.columns]
    row_sketch, subject_sketch = DistinctSketch(_ROW_HASHES), DistinctSketch(_ROW_HASHES)
    rows = 0
    for batch in batches:
        owners = None if subjects is None else next(subjects)
        rows += batch.num_rows
        for start, piece in _pieces(batch):
            if owners is not None:
                _count(subject_sketch, mix(np.asarray(owners[start : start + piece.num_rows], dtype=np.uint64)))
            row_hash = np.full(piece.num_rows, NULL_HASH)
            for column, accumulator in zip(table.columns, accumulators, strict=True):
                position = piece.schema.get_field_index(column.name)
                if position < 0:
                    msg = f"table '{table.name}' came without its column '{column.name}'"
                    raise SourceError(msg, fix="read the table again: the source changed while it was read")
                row_hash = combine(row_hash, accumulator.add(piece.column(position)))
            if accumulators:
                _count(row_sketch, row_hash)
    columns = {
        column.name: ColumnProfile(name=column.name, type=str(column.type), rows=rows, **accumulator.result())
        for column, accumulator in zip(table.columns, accumulators, strict=True)
    }
    return TableProfile(
        name=table.name,
        rows=rows,
        columns=columns,
        distinct_rows=rows - round(rows * row_sketch.repeated_mass()) if accumulators else 0,
        distinct_rows_exact=row_sketch.exact,
        subjects=None if subjects is None else subject_sketch.distinct,
        complete=complete,
    )


def _pieces(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Take a batch apart so that a piece has few rows and, as far as rows allow, few bytes."""
    per_row = max(batch.nbytes // max(batch.num_rows, 1), 1)
    step = max(min(BATCH_ROWS, _BATCH_BYTES // per_row), 1)
    for start in range(0, batch.num_rows, step):
        yield start, batch.slice(start, step)


def _count(sketch: DistinctSketch, hashes: np.ndarray) -> None:
    unique, counts = np.unique(hashes, return_counts=True)
    sketch.add(unique, counts)
