"""The destination ``oracle``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.oracle.connection import PORT
from semblant_databases.oracle.writer import OracleWriter
from semblant_databases.writing.destination import ServerDestination

if TYPE_CHECKING:
    from semblant_databases.settings import OracleDestination as Settings


class OracleDestination(ServerDestination):
    """Writes into a schema of an Oracle database."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        super().__init__(settings, PORT)
        self._empty_texts = settings.empty_texts

    def writer(self) -> OracleWriter:
        """Give a writer."""
        return OracleWriter(self._server, self._empty_texts)
