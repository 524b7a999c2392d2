"""What keeps a second delivery out: a table that is there for ten minutes, and longer while it is renewed."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import time
from typing import TYPE_CHECKING, Final

from google.api_core import exceptions as refusals
from google.cloud import bigquery

from semblant.errors import DestinationError, SemblantError
from semblant.holder import has_died, holder
from semblant_databases.ledger import STAGED

if TYPE_CHECKING:
    from semblant_databases.bigquery.connection import Connection

NAME: Final = f"{STAGED}lock"
_MINUTES: Final = 10
_RENEWED_SECONDS: Final = 120.0


class Lease:
    """BigQuery has no locks; that a table is there can be found out and changed in one step, though."""

    def __init__(self, connection: Connection) -> None:
        """Make the table.

        :raises DestinationError: when it is there, and not yet beyond its time.
        """
        self._connection = connection
        self._table = bigquery.Table(connection.dataset.table(NAME), schema=[bigquery.SchemaField("id", "INT64")])
        self._table.description = json.dumps(holder())
        self._renewed = time.monotonic()
        if not self._made() and not (self._outlived() and self._made()):
            raise DestinationError(
                f"{connection.where}: another delivery to this dataset is under way",
                fix=f"wait until it has finished; one that died on another machine is over after {_MINUTES} minutes",
            )

    def _made(self) -> bool:
        self._table.expires = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=_MINUTES)
        with self._connection.speaking():
            try:
                self._connection.client.create_table(self._table)
            except refusals.Conflict:
                return False
            return True

    def _outlived(self) -> bool:
        """Remove a table that is beyond its time, as the service does in the end, or whose maker died here."""
        found = self._connection.table(NAME)
        if found is None:
            return True
        late = found.expires is not None and found.expires < dt.datetime.now(dt.UTC)
        if late or _maker_died(found.description):
            self.release()
            return True
        return False

    def renew(self) -> None:
        """Keep it for ten minutes from now; cheap to call."""
        if time.monotonic() - self._renewed < _RENEWED_SECONDS:
            return
        self._table.expires = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=_MINUTES)
        with self._connection.speaking():
            self._connection.client.update_table(self._table, ["expires"])
        self._renewed = time.monotonic()

    def release(self) -> None:
        """Remove the table; never raises."""
        with contextlib.suppress(SemblantError), self._connection.speaking():
            self._connection.client.delete_table(self._table, not_found_ok=True)


def _maker_died(description: str | None) -> bool:
    try:
        return has_died(json.loads(description or "{}")) is True
    except (ValueError, AttributeError):
        return False
