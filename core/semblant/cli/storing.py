"""What commands about the store share: opening it, and times as people say them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from semblant.cli.progress import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.cli.session import Session
    from semblant.home import Home
    from semblant.store.database import Store
    from semblant.store.records import JobRecord


@contextmanager
def opened(session: Session) -> Iterator[tuple[Store, Home]]:
    """Open the store of the session's home."""
    from semblant.home import Home
    from semblant.store.database import Store

    home = Home(session.home)
    with Store.of(home) as store:
        yield store, home


def moment(seconds: float | None) -> str:
    """Give a time in the zone of the machine.

    >>> moment(None)
    ''
    """
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def elapsed(job: JobRecord) -> str:
    """Say how long a job took, or has been running."""
    if job.started is None:
        return ""
    return spoken((job.ended or time.time()) - job.started)


def iso(seconds: float | None) -> str | None:
    """Give a time as ISO 8601 in UTC."""
    from semblant.jobs.details import iso as written

    return written(seconds)
