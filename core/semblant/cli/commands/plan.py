"""``semblant plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from semblant.cli.commands.run import PLACES
from semblant.cli.options import command as make
from semblant.cli.options import settings, spec_or_data, training
from semblant.errors import ConfigError

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("plan", "Show what would be read, trained, generated and written.")
@spec_or_data
@click.option("-n", "--records", type=click.IntRange(min=1), metavar="N", help="Rows of the root table.")
@click.option("--destination", metavar="LOCATION", help="Where the data would go.")
@training
@settings
def command(
    session: Session,
    target: str,
    *,
    destination: str | None,
    assignments: tuple[str, ...],
    **options: Any,
) -> None:
    """Show what 'semblant run' with the same options would read, train, generate and write; do nothing.

    The effective spec, with everything that could be found out filled in, comes last. Ends with
    status 2 when the plan has errors.
    """
    from semblant.cli.failures import error_document, failure_of
    from semblant.cli.target import (
        assignments_of,
        destination_assignments,
        holdout_value,
        located,
        spec_of,
    )

    options["holdout"] = holdout_value(options["holdout"])
    with session.engine() as engine:
        words = [*assignments_of(options, PLACES), *destination_assignments(engine, destination), *assignments]
        found = engine.plan(spec_of(engine, target, words))
        found = evolve(found, findings=located(target, found.findings))
    error = None
    if found.errors:
        from semblant.cli.show.findings import counted

        error = ConfigError(f"the plan cannot be carried out: {counted(found.findings)}", findings=found.findings)
    if session.as_json:
        document = found.as_dict()
        if error is not None:
            document["error"] = error_document(failure_of(error, session))
        session.document(document)
        if error is not None:
            raise click.exceptions.Exit(error.exit_code)
        return
    from semblant.cli.show.plan import plan_lines

    session.say(*plan_lines(found))
    if error is not None:
        raise error
