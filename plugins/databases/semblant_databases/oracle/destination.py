"""The destination ``oracle``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.access import AccessStep
from semblant_databases.contact import probe_server
from semblant_databases.oracle.connection import PORT
from semblant_databases.oracle.writer import OracleWriter
from semblant_databases.server import server_of
from semblant_databases.writing.destination import DatabaseDestination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.access import Probe
    from semblant_databases.settings import OracleDestination as Settings


class OracleDestination(DatabaseDestination):
    """Writes into a schema of an Oracle database."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._server = server_of(settings, "oracle", PORT)
        self._empty_texts = settings.empty_texts
        super().__init__(str(self._server), settings.delivery)

    def writer(self) -> OracleWriter:
        """Give a writer."""
        return OracleWriter(self._server, self._empty_texts)

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
