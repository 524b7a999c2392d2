"""The destinations ``mysql`` and ``mariadb``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.mysql.connection import PORT
from semblant_databases.mysql.writer import MysqlWriter
from semblant_databases.writing.destination import ServerDestination

if TYPE_CHECKING:
    from semblant_databases.settings import MariadbDestination as MariadbSettings
    from semblant_databases.settings import MysqlDestination as MysqlSettings


class MysqlDestination(ServerDestination):
    """Writes into a database of a MySQL or MariaDB server."""

    def __init__(self, settings: MysqlSettings | MariadbSettings) -> None:
        """Nothing is opened yet."""
        super().__init__(settings, PORT)

    def writer(self) -> MysqlWriter:
        """Give a writer."""
        return MysqlWriter(self._server)
