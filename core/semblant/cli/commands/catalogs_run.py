"""``semblant catalogs run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import OutPath, settings
from semblant.cli.options import command as make
from semblant.cli.options import file_format as formats
from semblant.cli.options import queue as queues
from semblant.cli.storing import opened

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.cli.session import Session
    from semblant.engine import Engine
    from semblant.spec.model import Spec


@make("run", "Make synthetic data from a catalog.")
@click.argument("name")
@click.option("-n", "--records", type=click.IntRange(min=1), metavar="N", help="Rows of the root table.")
@click.option("-o", "--out", type=OutPath(file_okay=False), metavar="DIR", help="Folder for all results.")
@formats
@click.option("--overwrite", is_flag=True, help="Replace tables that are already there.")
@queues
@settings
def run_command(
    session: Session,
    *,
    name: str,
    records: int | None,
    out: Path | None,
    file_format: str,
    overwrite: bool,
    queue: bool,
    assignments: tuple[str, ...],
) -> None:
    """Run the spec of a catalog as a job of its own; what is set here holds for this job only."""
    from semblant.cli.target import placed

    words = [*([f"generation.records={records}"] if records is not None else []), *assignments]

    def spec_for(engine: Engine) -> Spec:
        with opened(session) as (store, _):
            text = store.catalogs.get(name).spec
        return placed(engine.load(text, words), out, file_format, overwrite=overwrite)

    if queue:
        from semblant.cli.queueing import queued_spec

        with session.engine() as engine, opened(session) as (store, _):
            seen = store.catalogs.get(name).tables
            options = {"out": out, "file_format": file_format, "catalog": name, "seen": seen}
            queued_spec(session, engine, spec_for(engine), "run", **options)
        return
    from semblant.cli.delivered import in_folder
    from semblant.cli.finishing import show_outcome

    with session.working(resumable=False, catalog=name) as engine:
        result = engine.run(spec_for(engine), out=out, file_format=file_format)
    show_outcome(session, in_folder(result, out, file_format))
