"""``semblant jobs history`` and ``logs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make
from semblant.cli.storing import opened

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("history", "Show the training history per table; write it as JSON or as a picture.")
@click.argument("job", metavar="NAME|ID")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it: FILE.json as data, FILE.svg as a picture.",
)
def history_command(session: Session, *, job: str, out: Path | None) -> None:
    """Show the losses, the learning rate and, in private runs, epsilon of every table of a job."""
    from semblant.jobs.history import history_of

    with opened(session) as (store, _):
        found = history_of(store, store.lookup.job(job))
    if out is not None:
        from semblant.atomic import atomic_write
        from semblant.cli.documents import json_text
        from semblant.jobs.picture import history_picture

        if out.suffix not in {".json", ".svg"}:
            msg = f"-o: '{out}' must end in .json or .svg"
            raise click.UsageError(msg)
        text = history_picture(found) if out.suffix == ".svg" else json_text(found) + "\n"
        with atomic_write(out) as file:
            file.write(text.encode())
    if session.as_json:
        session.document(found)
        return
    from semblant.cli.show.jobs import grid
    from semblant.cli.show.text import heading

    for name, entries in found.items():
        keys = list(dict.fromkeys(key for entry in entries for key in entry))
        rows = [[f"{entry[key]:.4g}" if key in entry else "" for key in keys] for entry in entries]
        session.say(heading(name), grid([key.replace("_", " ") for key in keys], rows, right=tuple(range(len(keys)))))
    if not found:
        session.say("no training was recorded")
    if out is not None:
        session.say(f"written to {out}")


@make("logs", "Show the log of a job.")
@click.argument("job", metavar="NAME|ID")
@click.option("--lines", type=click.IntRange(min=1), default=200, show_default=True, metavar="N", help="The last N.")
def logs_command(session: Session, *, job: str, lines: int) -> None:
    """Show what a job logged; 'semblant jobs download NAME --what logs' gives all of it as a file."""
    import json

    from semblant.home import Kind
    from semblant.logs import LOG_NAME

    with opened(session) as (store, home):
        path = home.path(Kind.JOBS, store.lookup.job(job).name) / LOG_NAME
    found = []
    if path.is_file():
        with path.open(encoding="utf-8") as file:
            found = [json.loads(line) for line in file.readlines()[-lines:] if line.endswith("}\n")]
    if session.as_json:
        session.document(found)
        return
    for entry in found:
        session.say(f"{entry.get('time', '')[:19]} {entry.get('level', ''):7} {entry.get('message', '')}")
    if not found:
        session.say("there is no log yet")
