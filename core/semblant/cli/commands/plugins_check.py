"""``semblant plugins check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("check", "Run the conformance kit against an installed distribution.")
@click.argument("distribution", metavar="DIST")
@click.pass_context
def check_command(context: click.Context, session: Session, distribution: str) -> None:
    """Run every check of the kit that is for the components of a distribution; ends with 1 where one fails.

    What a component cannot do is skipped, with the author's reason. How sources and destinations are
    reached only their author can say, in a module named in the entry points 'semblant.conformance'.
    """
    from semblant.plugins.checking import check_distribution

    session.tell(f"checking '{distribution}'; models take a minute or more")
    found = check_distribution(distribution)
    if session.as_json:
        session.document(found.as_dict())
    else:
        from semblant.cli.show.plugins import conformance_lines

        session.say(*conformance_lines(found))
    if not found.conforms:
        context.exit(1)
