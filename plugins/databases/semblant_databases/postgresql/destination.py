"""The destination ``postgresql``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.access import AccessStep
from semblant_databases.contact import probe_server
from semblant_databases.postgresql.connection import PORT
from semblant_databases.postgresql.writer import PostgresqlWriter
from semblant_databases.server import server_of
from semblant_databases.writing.destination import DatabaseDestination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.access import Probe
    from semblant_databases.settings import PostgresqlDestination as Settings


class PostgresqlDestination(DatabaseDestination):
    """Writes into a schema of a PostgreSQL database, in one transaction."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._server = server_of(settings, "postgresql", PORT)
        super().__init__(str(self._server), settings.delivery)

    def writer(self) -> PostgresqlWriter:
        """Give a writer."""
        return PostgresqlWriter(self._server)

    def check(self) -> None:
        """Make, fill and undo a table."""
        writer = self.writer()
        try:
            writer.prove()
        finally:
            writer.close()

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe_server(self._server, self.check, AccessStep.WRITE)
