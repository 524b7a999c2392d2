"""``semblant run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from semblant.cli.options import OutPath, file_format, settings, spec_or_data, training
from semblant.cli.options import command as make
from semblant.cli.options import queue as queues

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.cli.session import Session

PLACES: Final = {
    "records": "generation.records",
    "name": "name",
    "seed": "seed",
    "goal": "model.goal",
    "size": "model.size",
    "holdout": "report.holdout",
    "epsilon": "privacy.epsilon",
}
"""Where in the spec each option is written."""


@make("run", "Learn a file or spec, make synthetic data, write a report.")
@spec_or_data
@click.option(
    "-n",
    "--records",
    type=click.IntRange(min=1),
    metavar="N",
    help="Rows of the root table.  [default: as many as the data have]",
)
@click.option("-o", "--out", type=OutPath(file_okay=False), metavar="DIR", help="Folder for all results.")
@file_format
@training
@click.option(
    "--destination",
    metavar="LOCATION",
    help="Where the data go: a folder, file or URL.  [default: application storage]",
)
@click.option("--overwrite", is_flag=True, help="Replace tables that are already there.")
@click.option("--no-report", is_flag=True, help="Make no quality report.")
@click.option(
    "--fail-under",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER,…",
    help="End with status 1 when a score of the report is lower, for example accuracy=0.97.",
)
@click.option(
    "--accept-original",
    "accepted",
    multiple=True,
    metavar="TABLE",
    help="Copy this original table although it looks like people; may be given again.",
)
@queues
@settings
def command(
    session: Session,
    target: str,
    *,
    out: Path | None,
    file_format: str,
    destination: str | None,
    overwrite: bool,
    no_report: bool,
    limits: tuple[str, ...],
    assignments: tuple[str, ...],
    queue: bool,
    resume: str | None,
    accepted: tuple[str, ...],
    **options: Any,
) -> None:
    """Learn SPEC or DATA, make synthetic data from it and write a quality report.

    DATA is a file (CSV, Parquet, Arrow, JSON Lines, SQLite), a folder or a pattern of files taken as
    one database, or a URL. SPEC is a YAML or JSON file; 'semblant detect DATA -o spec.yaml' writes one.

    With -o the folder holds a file per table, report.pdf, report.html, report.json,
    generator.semblant, spec.yaml and timings.json.
    """
    from semblant.cli import gates
    from semblant.cli.delivered import in_folder
    from semblant.cli.target import (
        assignment,
        assignments_of,
        destination_assignments,
        holdout_value,
        placed,
        spec_of,
    )
    from semblant.settings.path import dotted

    wanted = gates.thresholds(limits)
    if wanted and no_report:
        msg = "--fail-under needs the report that --no-report leaves out"
        raise click.UsageError(msg)
    options["holdout"] = holdout_value(options["holdout"])
    words = [
        *(assignment(dotted("tables", table, "accept_original"), True) for table in accepted),
        *assignments_of(options, PLACES),
        *(["report.enabled=false"] if no_report else []),
    ]
    if queue:
        from semblant.cli.queueing import queued_spec

        if wanted:
            msg = "--fail-under needs the report, which comes when a worker has done the job; leave --queue out"
            raise click.UsageError(msg)
        with session.engine() as engine:
            spec = spec_of(engine, target, [*words, *destination_assignments(engine, destination), *assignments])
            spec = placed(spec, out, file_format, overwrite=overwrite)
            queued_spec(session, engine, spec, "run", out=out, file_format=file_format, resume=resume)
        return
    with session.working(resumable=True) as engine:
        gates.refuse_unknown(wanted, engine.host)
        spec = spec_of(engine, target, [*words, *destination_assignments(engine, destination), *assignments])
        spec = placed(spec, out, file_format, overwrite=overwrite)
        result = engine.run(spec, out=out, file_format=file_format, resume=resume)
    gates.conclude(session, in_folder(result, out, file_format), gates.measured(wanted, result.scores))
