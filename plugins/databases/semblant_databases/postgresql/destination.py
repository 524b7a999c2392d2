"""The destination ``postgresql``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.postgresql.connection import PORT
from semblant_databases.postgresql.writer import PostgresqlWriter
from semblant_databases.writing.destination import ServerDestination

if TYPE_CHECKING:
    from semblant_databases.settings import PostgresqlDestination as Settings


class PostgresqlDestination(ServerDestination):
    """Writes into a schema of a PostgreSQL database, in one transaction."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        super().__init__(settings, PORT)

    def writer(self) -> PostgresqlWriter:
        """Give a writer."""
        return PostgresqlWriter(self._server)
