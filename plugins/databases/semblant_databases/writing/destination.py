"""A database as a destination."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from semblant.access import AccessStep
from semblant.errors import DestinationError
from semblant_databases.contact import PATIENCE, probe_server
from semblant_databases.server import server_of
from semblant_databases.writing.delivery import DatabaseDelivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.access import Probe
    from semblant.schema import Schema
    from semblant.vocabulary import WriteMode
    from semblant_databases.settings import ServerDestination as ServerSettings
    from semblant_databases.writing.writer import Writer


class DatabaseDestination:
    """Writes a set of tables into a database, all of them visible at once or none."""

    def __init__(self, where: str, delivery: str) -> None:
        """Nothing is opened yet."""
        self._where = where
        self._delivery = delivery
        self._deliveries: list[DatabaseDelivery] = []

    @abstractmethod
    def writer(self) -> Writer:
        """Give a writer that has not begun."""

    def check(self) -> None:
        """Prove with a temporary table that tables can be made, filled and removed.

        :raises DestinationError: with the step that failed and the setting to look at.
        """
        writer = self.writer()
        try:
            writer.prove()
        finally:
            writer.close()

    def open(self, schema: Schema, mode: WriteMode) -> DatabaseDelivery:
        """Begin a delivery of all tables of ``schema``.

        :raises DestinationError: when a table is there already and ``mode`` is ``fail``, when another
            delivery is under way, or when the database refuses.
        """
        if not schema.tables:
            raise DestinationError("there is no table to deliver", fix="include at least one table")
        delivery = PATIENCE(
            lambda: DatabaseDelivery(self.writer(), schema, mode, self._delivery, self._where),
            f"opening a delivery to {self._where}",
        )
        self._deliveries.append(delivery)
        return delivery

    def location(self) -> str:
        """Give the database's place, without the password."""
        return self._where

    def close(self) -> None:
        """Abort what was opened and never committed."""
        for delivery in self._deliveries:
            delivery.abort()
        self._deliveries.clear()


class ServerDestination(DatabaseDestination):
    """Writes into a database that is reached over the network."""

    def __init__(self, settings: ServerSettings, port: int) -> None:
        """Nothing is opened yet; ``port`` is the usual one."""
        self._server = server_of(settings, settings.schemes[0], port)
        super().__init__(str(self._server), settings.delivery)

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe_server(self._server, self.check, AccessStep.WRITE)
