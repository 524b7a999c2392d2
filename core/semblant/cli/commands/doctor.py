"""``semblant doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("doctor", "Check this machine and installation; say how to mend it.")
@click.argument("target", metavar="[SPEC]", required=False)
@click.option("--fast", is_flag=True, help="Leave out the check that starts JAX.")
def command(session: Session, target: str | None, *, fast: bool) -> None:
    """Check packages, plugins, home, disk, memory, processors, clock and connectors.

    With SPEC, its source is reached for and write access to its destination proven. Ends with status 3
    when something must be mended before any work; warnings stop nothing.
    """
    from semblant.doctor import Health, examine, worst
    from semblant.home import Home
    from semblant.host import PluginHost

    host = PluginHost.from_environment()
    spec = None
    if target is not None:
        from semblant.cli.target import spec_of

        with session.engine() as engine:
            spec = spec_of(engine, target)
    results = examine(host=host, home=Home(session.home), spec=spec, deep=not fast)
    health = worst(results)
    if session.as_json:
        session.document({"health": str(health), "checks": [result.as_dict() for result in results]})
    else:
        from semblant.cli.show.health import health_lines

        session.say(*health_lines(results, verbose=session.verbosity > 0))
    if health is Health.FAIL:
        raise click.exceptions.Exit(3)
