"""``semblant connectors list`` and ``show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make
from semblant.cli.show.connectors import connector_document, connector_lines
from semblant.cli.storing import moment, opened

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("list", "List the connectors.")
def list_command(session: Session) -> None:
    """List the connectors by name; their settings are shown by 'semblant connectors show NAME'."""
    with opened(session) as (store, _):
        found = store.connectors.list()
    if session.as_json:
        session.document([connector_document(connector) for connector in found])
        return
    from semblant.cli.show.jobs import grid

    if not found:
        session.say("there are no connectors; 'semblant connectors create NAME LOCATION' makes one")
        return
    rows = [
        (one.name, one.type, "source, destination" if one.kind == "both" else one.kind, one.owner, moment(one.changed))
        for one in found
    ]
    session.say(grid(("name", "type", "used as", "owner", "changed"), rows))


@make("show", "Show the settings of a connector.")
@click.argument("name")
def show_command(session: Session, *, name: str) -> None:
    """Show a connector; secrets are references, their values are never looked up."""
    with opened(session) as (store, _):
        found = store.connectors.get(name)
    if session.as_json:
        session.document(connector_document(found))
        return
    session.say(*connector_lines(found))
