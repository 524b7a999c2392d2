"""A database as a destination."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from semblant.errors import DestinationError
from semblant_databases.contact import PATIENCE
from semblant_databases.writing.delivery import DatabaseDelivery

if TYPE_CHECKING:
    from semblant.schema import Schema
    from semblant.vocabulary import WriteMode
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

    @abstractmethod
    def check(self) -> None:
        """Prove with a temporary table that tables can be made, filled and removed.

        :raises DestinationError: with the step that failed and the setting to look at.
        """

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
