"""The destination ``sqlserver``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.access import AccessStep
from semblant_databases.contact import probe_server
from semblant_databases.server import server_of
from semblant_databases.sqlserver.connection import PORT
from semblant_databases.sqlserver.writer import SqlserverWriter
from semblant_databases.writing.destination import DatabaseDestination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.access import Probe
    from semblant_databases.settings import SqlserverDestination as Settings


class SqlserverDestination(DatabaseDestination):
    """Writes into a schema of a SQL Server database."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._server = server_of(settings, settings.schemes[0], PORT)
        super().__init__(str(self._server), settings.delivery)

    def writer(self) -> SqlserverWriter:
        """Give a writer."""
        return SqlserverWriter(self._server)

    def check(self) -> None:
        """Make, fill and remove a table."""
        writer = self.writer()
        try:
            writer.prove()
        finally:
            writer.close()

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe_server(self._server, self.check, AccessStep.WRITE)
