"""One consistent view over one connection that streams one result at a time."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from semblant_databases.reading.single import OneAtATime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from semblant_databases.reading.relation import ReadColumn, Relation


@frozen(kw_only=True)
class Probe:
    """A question to all rows that decides a column's type: aggregates, and what follows from their values."""

    aggregates: tuple[str, ...]
    decide: Callable[[ReadColumn, Sequence[Any]], ReadColumn]


def noted(column: ReadColumn, note: str) -> ReadColumn:
    """Give a column with a remark for the user."""
    return evolve(column, notes=(*column.notes, f"'{column.name}' {note}"))


class SerialReader:
    """What readers of one connection share: statements take turns, and a waiting result is set aside."""

    def __init__(self) -> None:
        """Nothing streams yet."""
        self._one = OneAtATime()

    @abstractmethod
    def names(self, *, views: bool) -> list[str]:
        """Name the tables, and views where wanted."""

    @abstractmethod
    def described(self, name: str) -> Relation:
        """Describe a table or view."""

    @abstractmethod
    def yielded(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT yields."""

    @abstractmethod
    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a query and give all its rows."""

    @abstractmethod
    def batches(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Run a SELECT and give its raw values."""

    def tables(self, *, views: bool) -> list[str]:
        """Name tables and views."""
        with self._one.lock:
            self._one.settle()
            return sorted(self.names(views=views))

    def describe(self, name: str) -> Relation:
        """Describe a table or view."""
        with self._one.lock:
            self._one.settle()
            return self.described(name)

    def query(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT statement yields."""
        with self._one.lock:
            self._one.settle()
            return self.yielded(name, statement)

    def count(self, source: str, condition: str) -> int:
        """Count rows."""
        with self._one.lock:
            self._one.settle()
            return int(self.rows(f"SELECT COUNT(*) FROM {source}{condition}")[0][0])

    def stream(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Stream a SELECT, at most ``batch_rows`` rows at a time."""
        return self._one.stream(lambda: self.batches(statement, columns, batch_rows))

    def decided(self, columns: Sequence[tuple[ReadColumn, Probe | None]], source: str) -> tuple[ReadColumn, ...]:
        """Ask all probes in one query, and give the columns as they are to be read."""
        asked = [aggregate for _, probe in columns if probe is not None for aggregate in probe.aggregates]
        answers = list(self.rows(f"SELECT {', '.join(asked)} FROM {source}")[0]) if asked else []
        made = []
        for column, probe in columns:
            if probe is None:
                made.append(column)
                continue
            mine, answers = answers[: len(probe.aggregates)], answers[len(probe.aggregates) :]
            made.append(probe.decide(column, mine))
        return tuple(made)
