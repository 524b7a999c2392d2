"""What keeps a second delivery out: a table that a session of its own holds locked, and that goes with the delivery."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from semblant.errors import DestinationError
from semblant_databases.ledger import STAGED
from semblant_databases.oracle import catalog
from semblant_databases.oracle.connection import Connection, quoted

if TYPE_CHECKING:
    from semblant_databases.server import Server

_NAME: Final = f"{STAGED}lock"


class Lock:
    """A session that holds the lock; the server ends it with the process, so that a writer that died holds nothing.

    DBMS_LOCK would do the same, but few users have the right to it.
    """

    def __init__(self, server: Server, connection: Connection) -> None:
        """Make the table where it is not there, and lock it.

        :raises DestinationError: when another session has it.
        """
        self.table = _NAME
        self._named = f"{quoted(connection.schema)}.{quoted(_NAME)}"
        if _NAME not in catalog.table_names(connection, views=False):
            connection.run(f"CREATE TABLE {self._named} (id NUMBER(1))")
        self._holder = Connection(server, DestinationError)
        try:
            self._holder.run(f"LOCK TABLE {self._named} IN EXCLUSIVE MODE NOWAIT")
        except DestinationError as exc:
            self._holder.close()
            raise DestinationError(
                f"{server}: another delivery to schema '{connection.schema}' is under way ({exc.message})",
                fix="wait until it has finished, or write to another schema",
            ) from None

    def release(self) -> None:
        """Remove the table; never raises."""
        with contextlib.suppress(DestinationError):
            self._holder.run(f"DROP TABLE {self._named} CASCADE CONSTRAINTS PURGE")
        self._holder.close()
