"""The destination ``duckdb``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.duckdb.writer import DuckdbWriter
from semblant_databases.filebased.place import FilePlace
from semblant_databases.writing.destination import DatabaseDestination

if TYPE_CHECKING:
    from semblant_databases.settings import DuckdbDestination as Settings


class DuckdbDestination(DatabaseDestination):
    """Writes into a DuckDB file, which is made when it is not there."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        super().__init__(str(FilePlace(settings.path).path), settings.delivery)

    def writer(self) -> DuckdbWriter:
        """Give a writer."""
        settings = self._settings
        return DuckdbWriter(FilePlace(settings.path), settings.schema, settings.timeout_seconds)
