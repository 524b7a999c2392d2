"""The destination ``bigquery``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.access import AccessStep
from semblant_databases.bigquery.connection import probe, where_of
from semblant_databases.bigquery.writer import BigqueryWriter
from semblant_databases.writing.destination import DatabaseDestination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.access import Probe
    from semblant_databases.settings import BigqueryDestination as Settings


class BigqueryDestination(DatabaseDestination):
    """Writes into a dataset of BigQuery."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        super().__init__(where_of(settings), settings.delivery)

    def writer(self) -> BigqueryWriter:
        """Give a writer."""
        return BigqueryWriter(self._settings)

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe(self._settings, self.check, AccessStep.WRITE)
