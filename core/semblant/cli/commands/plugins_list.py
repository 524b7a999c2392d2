"""``semblant plugins list``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("list", "List every component with its distribution, what it can do and how it is.")
@click.option("--kind", help="Show one kind only: source, destination, model, section, renderer, validator, executor.")
@click.option("--no-third-party", is_flag=True, help="Load the plugins of Semblant itself only.")
def list_command(session: Session, kind: str | None, no_third_party: bool) -> None:
    """List every component that plugins offer, with its distribution and how it is; -v adds what it can do.

    A component that misses a package is shown with the pip line that installs it; a plugin that could
    not be loaded, with the reason.
    """
    from semblant.host import KINDS, PluginHost

    if kind is not None and kind not in KINDS:
        msg = f"--kind: there is no kind '{kind}'; the kinds are {', '.join(KINDS)}"
        raise click.UsageError(msg)
    host = PluginHost.from_environment(third_party=not no_third_party)
    rows = [row for row in host.plugins() if kind in {None, row.kind}]
    if session.as_json:
        session.document({"plugins": [row.as_dict() for row in rows]})
        return
    from semblant.cli.show.plugins import plugin_tables

    session.say(*plugin_tables(rows, width=session.out.width, verbose=session.verbosity > 0))
