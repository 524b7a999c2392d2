"""How the checks of sources put and read tables: what an author supplies, and what the kit makes of it."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from semblant.errors import DataError, SourceError
from semblant.protocols import Source
from semblant.testing.conformance import ComponentConformance
from semblant.testing.material import assert_same, joined, people, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from semblant.schema import Schema
    from semblant.testing.capabilities import Capability

Faults = (SourceError, DataError)
"""What a source raises for a place, table or column that is not there."""


class SourceAccess(ComponentConformance):
    """Hooks and flags of :class:`~semblant.testing.SourceConformance`."""

    kind = "source"
    protocol = Source

    keeps_types: ClassVar[Capability] = True
    """Arrow types come back as they were put; values are compared in any case."""
    keeps_empty_strings: ClassVar[Capability] = True
    """An empty text differs from a null."""
    keeps_empty_tables: ClassVar[Capability] = True
    """A table may have no rows."""
    keeps_null_columns: ClassVar[Capability] = True
    """A column may hold nothing but nulls."""
    declares_keys: ClassVar[Capability] = False
    """Primary and foreign keys that were put are described."""
    several_tables: ClassVar[Capability] = True
    """One source holds several tables."""
    not_kept: ClassVar[Mapping[str, str]] = {}
    """Key of the material, such as ``types.decimal`` or ``columns.comma``, and why it is not kept."""

    @abstractmethod
    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> Any:
        """Put tables where the source can read them, below ``folder``; give the settings that read them.

        ``schema`` describes the tables with their keys, for stores that declare them.
        """

    @abstractmethod
    def nowhere(self, folder: Path) -> Any:
        """Give settings of a place that does not exist."""

    def settings(self, folder: Path) -> Any:
        """Give settings that read a small table."""
        return self.put(folder, {"people": people(5)}, schema_of({"people": people(5)}))

    @contextlib.contextmanager
    def holding(self, folder: Path, **tables: pa.Table) -> Iterator[Source]:
        """Open a source that holds these tables."""
        source = self.make(self.put(folder, tables, schema_of(tables)))
        try:
            yield source
        finally:
            source.close()

    def read(self, source: Source, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table whole and hold every batch against the description."""
        described = source.discover().table(table)
        if columns is not None:
            described = type(described)(name=table, columns=tuple(described.column(name) for name in columns))
        return joined(source.read(table, columns), described)

    def kept(self, what: str) -> None:
        """Skip the running check when the source says that it does not keep this."""
        if what in self.not_kept:
            pytest.skip(self.not_kept[what])

    def round_trip(self, folder: Path, table: pa.Table, name: str = "people") -> pa.Table:
        """Put a table, read it and compare."""
        with self.holding(folder, **{name: table}) as source:
            found = self.read(source, name)
        assert_same(found, table, types=self.keeps_types is True)
        return found
