"""A table, view or query of a database: its columns with the SQL and the Arrow type that they are read by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
from attrs import evolve, field, frozen

from semblant.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from semblant.schema import ForeignKey


@frozen(kw_only=True)
class ReadColumn:
    """How one column is read.

    ``expression`` is the SQL that yields it; ``finish`` turns what the driver gives into ``type``.
    """

    name: str
    type: pa.DataType
    expression: str
    finish: Callable[[pa.Array], pa.Array] | None = field(default=None, eq=False)
    nullable: bool = True
    comment: str = ""
    enum: tuple[str, ...] = ()
    declared: str = ""
    notes: tuple[str, ...] = ()

    def through(self, *kinds: pa.DataType) -> ReadColumn:
        """Give the column as the last of ``kinds``, to which values are cast by way of the others."""
        return evolve(self, type=kinds[-1], finish=through(*kinds))

    def array(self, values: pa.Array, table: str) -> pa.Array:
        """Give the values in the column's type.

        :raises DataError: when one does not fit.
        """
        try:
            made = values if self.finish is None else self.finish(values)
            return made if made.type == self.type else made.cast(self.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError, OverflowError) as exc:
            raise DataError(
                f"table '{table}', column '{self.name}': a value is no {self.type}: {str(exc).splitlines()[0]}",
                fix="exclude the column, or read the table by a query that converts it",
            ) from exc


def through(*kinds: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    """Give a function that casts from kind to kind; only what loses nothing is cast.

    >>> through(pa.int64(), pa.duration("us"))(pa.array([5], pa.int8())).type
    DurationType(duration[us])
    """

    def finish(values: pa.Array) -> pa.Array:
        for kind in kinds:
            values = values if values.type == kind else values.cast(kind)
        return values

    return finish


@frozen(kw_only=True)
class Relation:
    """A table, view or query: ``source`` is what stands behind FROM."""

    name: str
    source: str
    columns: tuple[ReadColumn, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    """With the other table's name as :attr:`Reader.tables` gives it; empty when it lies elsewhere."""
    comment: str = ""
    order: str = ""
    """ORDER BY that keeps rows in place, where the store has no order of its own."""
    notes: tuple[str, ...] = ()


class Reader(Protocol):
    """One consistent view of a database: every statement sees the same state."""

    def tables(self, *, views: bool) -> list[str]:
        """Name the tables (and views) of the schema, in alphabetical order."""

    def describe(self, name: str) -> Relation:
        """Describe a table or view."""

    def query(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT statement yields."""

    def count(self, source: str, condition: str) -> int:
        """Count the rows of ``source`` that meet a condition."""

    def stream(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Run a SELECT of ``columns`` and give their raw values, at most ``batch_rows`` rows at a time."""

    def close(self) -> None:
        """End the view."""
