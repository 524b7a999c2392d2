"""``semblant privacy``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.cli.options import command as make
from semblant.cli.storing import moment, opened

if TYPE_CHECKING:
    from semblant.cli.session import Session
    from semblant.store.ledger import Total


@make("privacy", "Show what private jobs have spent on each source.")
def command(session: Session) -> None:
    """Show the privacy ledger: per source every private job with its epsilon and delta, and all of them together.

    Jobs on the same data add up, whatever came of them. 'privacy.total_epsilon' in a spec limits the sum.
    """
    from semblant.pipeline.private import composing

    with session.engine() as engine, opened(session) as (store, _):
        found = store.ledger.list(composing(engine.host))
    if session.as_json:
        session.document([_document(total) for total in found])
        return
    from semblant.cli.show.jobs import grid

    if not found:
        session.say("no private job has spent anything yet")
    for total in found:
        rows = [
            (entry.job, moment(entry.created), entry.state, f"{entry.epsilon:.4g}", f"{entry.delta:.2g}")
            for entry in total.entries
        ]
        rows.append(("together", "", _how(total), f"{total.epsilon:.4g}", f"{total.delta:.2g}"))
        session.say(total.source, grid(("job", "begun", "", "epsilon", "delta"), rows, right=(3, 4)))


def _how(total: Total) -> str:
    return "composed" if total.composed is not None and total.composed < total.summed else "added up"


def _document(total: Total) -> dict[str, Any]:
    jobs = [
        {"job": e.job, "state": e.state, "epsilon": e.epsilon, "delta": e.delta, "begun": moment(e.created)}
        for e in total.entries
    ]
    return {
        "source": total.source,
        "epsilon": total.epsilon,
        "delta": total.delta,
        "added_up": total.summed,
        "composed": total.composed,
        "jobs": jobs,
    }
