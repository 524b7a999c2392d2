"""``semblant connectors test``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make
from semblant.cli.storing import opened

if TYPE_CHECKING:
    from semblant.cli.session import Session

FAILED = 3
"""Exit status when a step failed."""


@make("test", "Try a connector out, step by step.")
@click.argument("name")
def test_command(session: Session, *, name: str) -> None:
    """Try host, port, TLS, credentials, database, schema and access, one after the other.

    The first step that fails is shown with the setting to change; the status is 3 then. Write access
    is proven with a temporary object that is removed again.
    """
    from semblant.cli.show.connectors import trial_document, trial_lines
    from semblant.connectors.trying import try_out

    with opened(session) as (store, _):
        saved = store.connectors.get(name)
    with session.engine() as engine:
        trials = list(try_out(engine.host, saved, saved.kind))
    if session.as_json:
        session.document(trial_document(name, trials))
    else:
        session.say(*trial_lines(trials))
    if not all(trial.probe.passed for trial in trials):
        raise click.exceptions.Exit(FAILED)
