"""The destination ``sqlserver``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.sqlserver.connection import PORT
from semblant_databases.sqlserver.writer import SqlserverWriter
from semblant_databases.writing.destination import ServerDestination

if TYPE_CHECKING:
    from semblant_databases.settings import SqlserverDestination as Settings


class SqlserverDestination(ServerDestination):
    """Writes into a schema of a SQL Server database."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        super().__init__(settings, PORT)

    def writer(self) -> SqlserverWriter:
        """Give a writer."""
        return SqlserverWriter(self._server)
