"""One writer at a time per prefix: an object with a lease, because no storage lets go of a dead writer's lock."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from semblant.errors import DestinationError
from semblant.holder import has_died, holder
from semblant.remote.manifest import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.remote.filesystem import Bucket

LEASE_SECONDS: Final = 600.0
"""After this long without a sign of life a writer of another machine counts as dead."""


class PrefixLock:
    """An exclusive lock on a prefix, taken when made.

    It is written with *create only* where the storage knows that, and read back in any case. Whoever
    lost it, because his machine stood still for longer than the lease, is told by :meth:`confirm`.
    """

    def __init__(
        self, bucket: Bucket, *, clock: Callable[[], float] = time.time, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        """Take the lock.

        :raises DestinationError: when another writer has it, or when the prefix cannot be written.
        """
        self._bucket = bucket
        self._clock = clock
        self._lease = lease_seconds
        self._token = secrets.token_hex(16)
        self._until = 0.0
        self._released = False
        self._take()

    def _take(self) -> None:
        other = self._holder()
        if other is not None:
            if not self._dead(other):
                raise self._taken(other)
            self._bucket.remove(LOCK)
        with contextlib.suppress(FileExistsError):  # somebody was quicker; what is read back tells
            self._write(new=True)
        holder = self._holder()
        if holder is None or holder.get("token") != self._token:
            self._released = True
            raise self._taken(holder or {})

    def _write(self, *, new: bool) -> None:
        until = self._clock() + self._lease
        content = {"token": self._token, "until": until, **holder()}
        self._bucket.put(LOCK, json.dumps(content).encode(), new=new)
        self._until = until

    def _holder(self) -> dict[str, Any] | None:
        """Give what the lock says; an unreadable one is held by somebody unknown until it is removed by hand."""
        text = self._bucket.get(LOCK)
        if text is None:
            return None
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {"until": float("inf")}

    def _dead(self, other: dict[str, Any]) -> bool:
        died = has_died(other)
        if died is not None:
            return died
        until = other.get("until")
        return isinstance(until, int | float) and until < self._clock()

    def _taken(self, other: dict[str, Any]) -> DestinationError:
        host = other.get("host")
        by = f" by process {other.get('process')} on '{host}'" if host else ""
        msg = f"another delivery to '{self._bucket.shown}' is under way{by}"
        return DestinationError(
            msg,
            fix="wait until it has finished, or write to another prefix; "
            f"if it died, its lock '{LOCK}' is taken over after {self._lease / 60:g} minutes",
        )

    def keep(self) -> None:
        """Give a sign of life when a third of the lease is over; cheap to call between any two steps.

        :raises DestinationError: when somebody else has taken the lock over.
        """
        if self._clock() > self._until - self._lease * 2 / 3:
            self.confirm()

    def confirm(self) -> None:
        """Make sure that the lock is ours, for another lease.

        :raises DestinationError: when it is not.
        """
        holder = self._holder()
        if holder is None or holder.get("token") != self._token:
            self._released = True
            msg = f"another delivery took '{self._bucket.shown}' over, because this one stood still for too long"
            raise DestinationError(msg, fix="nothing of this delivery is visible; deliver again")
        self._write(new=False)

    def release(self) -> None:
        """Let go; calling it twice is allowed. A lock that cannot be removed now ends with its lease."""
        if self._released:
            return
        self._released = True
        with contextlib.suppress(DestinationError):
            holder = self._holder()
            if holder is not None and holder.get("token") == self._token:
                self._bucket.remove(LOCK)
