"""``semblant jobs download``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make
from semblant.cli.options import file_format as formats
from semblant.cli.storing import opened

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("download", "Download data, settings or logs of a job.")
@click.argument("job", metavar="NAME|ID")
@click.option(
    "--what",
    type=click.Choice(["data", "settings", "logs", "report"]),
    default="data",
    show_default=True,
    help="Data and logs come as a ZIP file, settings as a spec that can be run again.",
)
@formats
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where to.  [default: here]"
)
def download_command(session: Session, *, job: str, what: str, file_format: str, out: Path | None) -> None:
    """Download what a job made, whatever its destination was.

    Texts of CSV files that a spreadsheet would run as a formula get a ' before them.
    """
    from semblant.jobs import downloads

    with opened(session) as (store, home), session.engine() as engine:
        found = store.lookup.job(job)
        makers = {
            "data": lambda path: downloads.data(store, home, found, path, file_format, engine.host),
            "settings": lambda path: downloads.settings(home, found, path),
            "logs": lambda path: downloads.logs(home, found, path),
            "report": lambda path: downloads.report(store, found, path),
        }
        path = out or Path(downloads.file_name(found, what, file_format))
        makers[what](path)
    if session.as_json:
        session.document({"job": found.id, "what": what, "file": str(path.absolute())})
        return
    session.say(f"{what} of {found.name}: {path}")
