"""How the checks of destinations write and read: what an author supplies, and what the kit makes of it."""

from __future__ import annotations

import contextlib
import hashlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from semblant.protocols import Destination
from semblant.testing.conformance import ComponentConformance
from semblant.testing.material import assert_same, schema_of
from semblant.vocabulary import WriteMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from semblant.protocols import Delivery
    from semblant.testing.capabilities import Capability

FAIL, REPLACE, APPEND, TRUNCATE = WriteMode.FAIL, WriteMode.REPLACE, WriteMode.APPEND, WriteMode.TRUNCATE


class DestinationAccess(ComponentConformance):
    """Hooks and flags of :class:`~semblant.testing.DestinationConformance`."""

    kind = "destination"
    protocol = Destination

    keeps_types: ClassVar[Capability] = True
    """Arrow types come back as they were written; values are compared in any case."""
    keeps_empty_strings: ClassVar[Capability] = True
    """An empty text differs from a null."""
    keeps_order: ClassVar[Capability] = True
    """Rows come back in the order in which they were written."""
    appends: ClassVar[Capability] = True
    """The mode ``append``."""
    truncates: ClassVar[Capability] = True
    """The mode ``truncate``."""
    replaces: ClassVar[Capability] = True
    """The mode ``replace``."""
    atomic: ClassVar[Capability] = True
    """No reader sees a table before ``commit``, and all of them after it."""
    not_kept: ClassVar[Mapping[str, str]] = {}
    """Key of the material, such as ``types.decimal`` or ``texts.emoji``, and why it is not kept."""

    @abstractmethod
    def settings(self, folder: Path) -> Any:
        """Give settings that write below ``folder``, the same ones for the same folder."""

    @abstractmethod
    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        """Read a table as any reader would; None when there is none.

        ``wanted`` is the schema that was written, for formats that hold no types.
        """

    def state(self, folder: Path) -> Mapping[str, str]:
        """Give all that the destination has left; by default a hash of every file below ``folder``."""
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            for path in sorted(folder.rglob("*"))
        }

    @contextlib.contextmanager
    def opened(self, folder: Path) -> Iterator[Destination]:
        """Make the destination and close it behind."""
        destination = self.make(self.settings(folder))
        try:
            yield destination
        finally:
            destination.close()

    def deliver(
        self, folder: Path, tables: Mapping[str, pa.Table], mode: WriteMode = FAIL, batch_rows: int = 1000
    ) -> None:
        """Deliver tables and commit."""
        with self.opened(folder) as destination:
            delivery = destination.open(schema_of(tables), mode)
            self.write(delivery, tables, batch_rows)
            delivery.commit()

    def write(self, delivery: Delivery, tables: Mapping[str, pa.Table], batch_rows: int = 1000) -> None:
        """Write tables in batches."""
        for name, table in tables.items():
            for batch in table.to_batches(batch_rows):
                delivery.write(name, batch)

    def check_there(self, folder: Path, tables: Mapping[str, pa.Table]) -> None:
        """Read tables back and compare."""
        for name, table in tables.items():
            found = self.read_back(folder, name, table.schema)
            assert found is not None, f"the table '{name}' did not arrive"
            if self.keeps_order is not True and "id" in table.column_names:
                found, table = found.sort_by("id"), table.sort_by("id")  # noqa: PLW2901 - a relation has no order
            assert_same(found, table, types=self.keeps_types is True)

    def round_trip(self, folder: Path, tables: Mapping[str, pa.Table]) -> None:
        """Deliver, read back and compare."""
        self.deliver(folder, tables)
        self.check_there(folder, tables)

    def kept(self, what: str) -> None:
        """Skip the running check when the destination says that it does not keep this."""
        if what in self.not_kept:
            pytest.skip(self.not_kept[what])
