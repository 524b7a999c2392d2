"""``semblant quota``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make
from semblant.cli.storing import opened

if TYPE_CHECKING:
    from semblant.cli.session import Session
    from semblant.store.quotas import Resource

_PERIODS = {"rows": "this month", "jobs": "at a time", "processor-minutes": "this month"}
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@make("quota", "Show what may be used and what is; set limits.")
@click.option(
    "--set",
    "limits",
    multiple=True,
    metavar="RESOURCE=N",
    help="Limit rows, jobs, storage (bytes, or 20G) or processor-minutes; RESOURCE=none takes a limit away.",
)
@click.option("--user", metavar="NAME", help="Of one user.  [default: set for all together; show one's own, too]")
def command(session: Session, *, limits: tuple[str, ...], user: str | None) -> None:
    """Show the quotas with their use: rows and processor minutes of this month, jobs at a time, storage.

    A job over a quota is refused before it begins, and says what is used and what the limit is.
    """
    from semblant.store import named
    from semblant.store.quotas import EVERYBODY

    wanted = [_limit(text) for text in limits]
    with opened(session) as (store, _):
        for resource, most in wanted:
            store.quotas.set(resource, most, EVERYBODY if user is None else user)
        found = store.quotas.list(named.user() if user is None else user)
    if session.as_json:
        session.document(
            [
                {"owner": quota.owner or None, "resource": str(quota.resource), "used": quota.used, "limit": quota.most}
                for quota in found
            ]
        )
        return
    from semblant.cli.show.jobs import grid

    rows = [
        (
            quota.owner or "all together",
            str(quota.resource),
            _PERIODS.get(quota.resource, ""),
            _amount(quota.resource, quota.used),
            "no limit" if quota.most is None else _amount(quota.resource, quota.most),
            "" if not quota.most else f"{quota.used / quota.most:.0%}",
        )
        for quota in found
    ]
    session.say(grid(("of", "resource", "", "used", "limit", ""), rows, right=(3, 4, 5)))


def _amount(resource: str, number: float) -> str:
    """Give an amount as people read it."""
    from semblant.cli.show.text import sized

    if resource == "storage":
        return sized(number)
    return f"{number:,.1f}" if number % 1 else f"{number:,.0f}"


def _limit(text: str) -> tuple[Resource, float | None]:
    """Read one limit."""
    from semblant.store.quotas import Resource

    name, _, number = text.partition("=")
    try:
        resource = Resource(name.strip())
    except ValueError:
        msg = f"--set: '{name}' is not one of {', '.join(Resource)}"
        raise click.UsageError(msg) from None
    if number.strip().lower() == "none":
        return resource, None
    digits = number.strip().lower().removesuffix("b")
    unit = digits[-1:] if digits[-1:] in _UNITS else ""
    try:
        most = float(digits.removesuffix(unit)) * _UNITS[unit]
    except ValueError:
        most = -1.0
    if not 0 <= most < float("inf"):
        msg = f"--set: '{text}' is not RESOURCE=NUMBER, such as rows=1000000 or storage=20G"
        raise click.UsageError(msg)
    return resource, most
