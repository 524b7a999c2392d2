"""A table whose rows lie in several files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.errors import DataError
from semblant.schema import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from semblant_sources.files.place import Place
    from semblant_sources.files.source import FileTable


class PartedTable:
    """Parts with the same columns and types, read one after the other."""

    def __init__(self, name: str, places: list[Place], parts: list[FileTable]) -> None:
        """Nothing is opened yet."""
        self.name = name
        self._places = places
        self._parts = parts
        self._described: Table | None = None

    def describe(self) -> Table:
        """Give the columns that all parts share.

        :raises DataError: when a part has other columns or types than the first.
        """
        if self._described is None:
            tables = [part.describe() for part in self._parts]
            first = {column.name: column.type for column in tables[0].columns}
            for place, table in zip(self._places[1:], tables[1:], strict=True):
                self._compare(first, {column.name: column.type for column in table.columns}, place)
            counts = [table.rows for table in tables]
            rows = None if None in counts else sum(count for count in counts if count is not None)
            notes = [f"read from {len(tables)} files"]
            notes.extend(
                f"'{place}': {note}" for place, table in zip(self._places, tables, strict=True) for note in table.notes
            )
            self._described = Table(name=self.name, columns=tables[0].columns, rows=rows, notes=tuple(notes))
        return self._described

    def _compare(self, first: dict[str, pa.DataType], other: dict[str, pa.DataType], place: Place) -> None:
        for name in [*first, *other]:
            if name not in other or name not in first:
                where = place if name not in other else self._places[0]
                msg = f"the parts of table '{self.name}' differ: '{where}' has no column '{name}'"
                raise DataError(msg, fix="give all parts the same columns, or read them as tables of their own")
            if first[name] != other[name]:
                msg = (
                    f"the parts of table '{self.name}' differ: column '{name}' is {first[name]} in '{self._places[0]}' "
                    f"and {other[name]} in '{place}'"
                )
                raise DataError(msg, fix=f"set types: {{{name}: …}} for text files, or write the parts with one type")

    def read(self, columns: Sequence[str] | None, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Stream the parts in the order of their names."""
        names = list(columns) if columns is not None else list(self.describe().column_names)
        for part in self._parts:
            yield from part.read(names, batch_rows)

    def count(self) -> int | None:
        """Rows of all parts."""
        counts = [part.count() for part in self._parts]
        return None if None in counts else sum(count for count in counts if count is not None)
