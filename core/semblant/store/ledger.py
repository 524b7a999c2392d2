"""The privacy ledger: what private jobs have spent on each source, over time, put together.

A job reserves its epsilon before its first step, and settles what it really spent at its end. A job that failed keeps
its reservation, because something may have been released; the same job, resumed, does not pay twice.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from sqlalchemy import delete, insert, select, update

from semblant.errors import PrivacyError
from semblant.logs import redact
from semblant.store.tables import LEDGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from semblant.spec.model import Spec
    from semblant.store.database import Store

RESERVED: Final = "reserved"
SPENT: Final = "spent"
_PLACES: Final = ("path", "url", "host", "connector", "database", "schema", "bucket")
_ROUNDING: Final = 1e-9

Charged = list[dict[str, Any]]
"""What an account lists as charged; empty while it is only reserved."""


class LedgerError(PrivacyError):
    """A job would spend more on a source than all jobs together may."""

    code = "privacy-ledger"


@frozen(kw_only=True)
class Entry:
    """What one job spent, or has reserved, on a source."""

    source: str
    job: str
    state: str
    epsilon: float
    delta: float
    charged: Charged
    created: float


@frozen(kw_only=True)
class Total:
    """What all jobs on a source spent together."""

    source: str
    entries: tuple[Entry, ...]
    epsilon: float
    """The smaller of the two below."""
    summed: float
    """By basic composition: epsilons add up, and deltas do (Dwork et al. 2006)."""
    composed: float | None
    """By composing all events, where every job is settled and its events are known; at the sum of the deltas."""
    delta: float


class Ledger:
    """The ledger of a store."""

    def __init__(self, store: Store) -> None:
        """Work on the store's ledger."""
        self._store = store

    def reserve(
        self,
        source: str,
        job: str,
        epsilon: float,
        *,
        most: float | None = None,
        together: Callable[[Sequence[Charged], float], float | None] = lambda *_: None,
    ) -> None:
        """Set epsilon aside for a job before its first step; a job that is resumed has done so already.

        :param most: what all jobs on the source may spend together.
        :param together: composes the events of other jobs.
        :raises LedgerError: it would be more.
        """
        with self._store.writing() as connection:
            others = [entry for entry in _entries(connection, source) if entry.job != job]
            before = total(source, others, together)
            if most is not None and before.epsilon + epsilon > most * (1 + _ROUNDING):
                msg = (
                    f"private jobs on '{source}' have spent epsilon {before.epsilon:.4g} of {most:g} together; "
                    f"epsilon {epsilon:g} more would be too much"
                )
                raise LedgerError(
                    msg, fix="lower 'privacy.epsilon', or raise 'privacy.total_epsilon'; see 'semblant privacy'"
                )
            now = time.time()
            connection.execute(delete(LEDGER).where(LEDGER.c.source == source, LEDGER.c.job == job))
            row = {"state": RESERVED, "epsilon": epsilon, "delta": 0.0, "event": [], "created": now, "changed": now}
            connection.execute(insert(LEDGER).values(id=uuid.uuid4().hex, source=source, job=job, **row))

    def settle(self, source: str, job: str, account: Mapping[str, Any]) -> None:
        """Note what a job's account says that it has really spent."""
        with self._store.writing() as connection:
            spent = {"epsilon": float(account["spent"]), "delta": float(account["delta"]), "event": account["charged"]}
            connection.execute(
                update(LEDGER)
                .where(LEDGER.c.source == source, LEDGER.c.job == job)
                .values(state=SPENT, changed=time.time(), **spent)
            )

    def list(self, together: Callable[[Sequence[Charged], float], float | None] = lambda *_: None) -> list[Total]:
        """Give every source with its jobs, the oldest first, and what they spent together."""
        with self._store.reading() as connection:
            found = _entries(connection, None)
        sources = sorted({entry.source for entry in found})
        return [total(source, [e for e in found if e.source == source], together) for source in sources]


def total(
    source: str,
    entries: Sequence[Entry],
    together: Callable[[Sequence[Charged], float], float | None] = lambda *_: None,
) -> Total:
    """Put the entries of a source together.

    >>> made = [Entry(source="a", job=job, state=SPENT, epsilon=1.0, delta=1e-6, charged=[], created=0) for job in "xy"]
    >>> total("a", made).epsilon
    2.0
    """
    delta, summed = sum(entry.delta for entry in entries), sum(entry.epsilon for entry in entries)
    settled = bool(entries) and all(entry.state == SPENT and entry.charged for entry in entries)
    composed = together([entry.charged for entry in entries], delta) if settled else None
    least = summed if composed is None else min(summed, composed)
    return Total(source=source, entries=tuple(entries), epsilon=least, summed=summed, composed=composed, delta=delta)


def source_of(spec: Spec) -> str:
    """Name a source by its type and place, without a secret: jobs on the same data share a budget.

    >>> from semblant.spec.model import Selected, Spec
    >>> source_of(Spec(source=Selected(type="files", settings={"path": "/data/people.csv"})))
    'files /data/people.csv'
    """
    places = [str(spec.source.settings[name]) for name in _PLACES if spec.source.settings.get(name)]
    return redact(" ".join([spec.source.type, *places]))


def _entries(connection: Connection, source: str | None) -> list[Entry]:
    found = select(LEDGER).order_by(LEDGER.c.created)
    rows = connection.execute(found if source is None else found.where(LEDGER.c.source == source))
    return [
        Entry(
            source=row.source,
            job=row.job,
            state=row.state,
            epsilon=row.epsilon,
            delta=row.delta,
            charged=list(row.event),
            created=row.created,
        )
        for row in rows
    ]
