"""From what a driver says to an error that names the step that failed and the setting to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.errors import DataError, DestinationError, SourceError
from semblant.logs import redact
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.errors import SemblantError

Kind = type[SourceError] | type[DestinationError]

STEPS = {
    "host": ("the host is not known", "check 'host'"),
    "port": ("nothing answers there", "check 'host' and 'port', and that the server runs and takes connections"),
    "tls": ("no encrypted connection could be agreed on", "check 'tls' and the server's certificate"),
    "credentials": ("the server refuses user or password", "check 'user' and 'password'"),
    "database": ("there is no such database", "check 'database'"),
    "entry": ("there is no such database for this user", "check 'database', or grant the user the right to it"),
    "schema": ("there is no such schema", "check 'schema', or create it there"),
    "access": ("the user may not do that", "grant the user the right to it, or take another user"),
    "busy": ("somebody else holds a lock on it", "try again later, or raise 'timeout_seconds'"),
    "full": ("the server has no room left", "free some there; nothing was delivered"),
    "lost": ("the connection was lost", "nothing was changed; try again"),
}
"""The steps of reaching a database, in order: what to say, and which setting to look at."""

PASSING = frozenset({"port", "lost"})
"""Steps whose failure waiting may mend: a server that is started anew refuses, then answers."""
_LONGEST = 400


def fault(
    kind: Kind, step: str, where: object, reason: str, hidden: Sequence[str | None] = (), fix: str = ""
) -> SemblantError:
    """Make the error of a step; ``hidden`` are values that no message may hold, ``fix`` replaces the usual advice.

    >>> print(fault(SourceError, "port", "postgresql://db:1/shop", "Connection refused"))
    postgresql://db:1/shop: nothing answers there (Connection refused)
      fix: check 'host' and 'port', and that the server runs and takes connections
    """
    what, advice = STEPS[step]
    said = brief(reason, hidden)
    made = kind(f"{where}: {what}{f' ({said})' if said else ''}", fix=fix or advice)
    made.passing = step in PASSING
    return made


def unfit(kind: Kind, where: object, said: str, *, unusable: bool, advice: str | None = None) -> SemblantError:
    """Make the error of a server that does not take a statement, or the data.

    :param unusable: whether what was asked for makes no sense to it: the user's query or filter.
    :param advice: what to do about refused data, where the server's words tell it.

    >>> print(unfit(SourceError, "here", "no such column", unusable=True))
    here: the statement cannot be run: no such column
      fix: mend the query or filter
    """
    if kind is SourceError:
        source = DataError if unusable else SourceError
        return source(f"{where}: the statement cannot be run: {said}", fix="mend the query or filter")
    return DestinationError(
        f"{where} refuses the data: {said}", fix=advice or "nothing was delivered; mend the cause and deliver again"
    )


def brief(reason: str, hidden: Sequence[str | None] = ()) -> str:
    """Give a driver's words in one line, without secrets.

    >>> brief("FATAL: no\\n  such thing for hunter22", ["hunter22"])
    'FATAL: no such thing for ***'
    """
    text = " ".join(reason.split())
    for value in sorted({value for value in hidden if value}, key=len, reverse=True):
        text = text.replace(value, "***")
    return visible(redact(text), limit=_LONGEST)
