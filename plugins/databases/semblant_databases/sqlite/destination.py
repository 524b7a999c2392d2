"""The destination ``sqlite``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.filebased.place import FilePlace
from semblant_databases.sqlite.writer import SqliteWriter
from semblant_databases.writing.destination import DatabaseDestination

if TYPE_CHECKING:
    from semblant_databases.settings import SqliteDestination as Settings


class SqliteDestination(DatabaseDestination):
    """Writes into an SQLite file, which is made when it is not there."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        super().__init__(str(FilePlace(settings.path).path), settings.delivery)

    def writer(self) -> SqliteWriter:
        """Give a writer."""
        return SqliteWriter(FilePlace(self._settings.path), self._settings.timeout_seconds)
