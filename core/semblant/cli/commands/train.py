"""``semblant train``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import OutPath, settings, spec_or_data, training
from semblant.cli.options import command as make
from semblant.cli.options import queue as queues

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.cli.session import Session


@make("train", "Learn a file or spec and keep the generator.")
@spec_or_data
@click.option(
    "-o",
    "--out",
    type=OutPath(dir_okay=False),
    metavar="FILE.semblant",
    help="File for the generator; it is kept under its name as well.",
)
@training
@queues
@settings
def command(
    session: Session,
    target: str,
    *,
    out: Path | None,
    assignments: tuple[str, ...],
    queue: bool,
    resume: str | None,
    **options: Any,
) -> None:
    """Learn SPEC or DATA and keep the generator, without making data.

    'semblant generate FILE.semblant --records 1000 -o DIR' makes data with it, as often as wanted; it
    holds models and no training rows.
    """
    from semblant.cli.commands.run import PLACES
    from semblant.cli.target import assignments_of, holdout_value, spec_of

    options["holdout"] = holdout_value(options["holdout"])
    if queue:
        from semblant.cli.queueing import queued_spec

        with session.engine() as engine:
            spec = spec_of(engine, target, [*assignments_of(options, PLACES), *assignments])
            queued_spec(session, engine, spec, "train", out=out, resume=resume)
        return
    with session.working(resumable=True) as engine:
        spec = spec_of(engine, target, [*assignments_of(options, PLACES), *assignments])
        result = engine.train(spec, output=out, resume=resume)
    if session.as_json:
        session.document({**result.as_dict(), **session.remarks(result.findings)})
        return
    from semblant.cli.show.result import generator_lines
    from semblant.cli.show.text import command_line

    session.say(
        *generator_lines(result, session.warnings),
        command_line("generate", str(result.path), "--records", "1000", "-o", "synthetic"),
    )
