"""``semblant generators list``, ``show``, ``export``, ``import`` and ``delete``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make
from semblant.cli.storing import moment, opened

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("list", "List the generators with their status.")
def list_command(session: Session) -> None:
    """List the generators of this home: ready, waiting, training, failed or cancelled."""
    from semblant.jobs.collection import generators_of

    with opened(session) as (store, home):
        found = generators_of(store, home)
    if session.as_json:
        session.document([generator.as_dict() for generator in found])
        return
    from semblant.cli.show.jobs import grid, state_text
    from semblant.cli.show.text import sized

    if not found:
        session.say("there are no generators; 'semblant train DATA' makes one")
        return
    rows = [
        (
            entry.name,
            state_text(entry.status),
            moment(entry.created),
            sized(entry.bytes) if entry.bytes else "",
            ", ".join(entry.tables),
        )
        for entry in found
    ]
    session.say(grid(("name", "status", "made", "size", "tables"), rows, right=(3,)))


@make("show", "Show a generator: tables, timeline, where it was trained.")
@click.argument("name")
def show_command(session: Session, *, name: str) -> None:
    """Show a generator with its timeline: data loading, preprocessing and training, of tables and texts apart."""
    from semblant.jobs.collection import generator_of

    with opened(session) as (store, home):
        found = generator_of(store, home, name)
    if session.as_json:
        session.document(found.as_dict())
        return
    from semblant.cli.progress import spoken
    from semblant.cli.show.jobs import grid, state_text
    from semblant.cli.show.text import command_line, heading, listed, pairs
    from semblant.jobs.collection import DAMAGED, READY

    lines: list[tuple[str, object]] = [("status", state_text(found.status))]
    lines += [("file", found.path)] if found.path else []
    lines += [("tables", listed(found.tables))] if found.tables else []
    lines += [("job", found.job or "none of this store")]
    session.say(heading(found.name), pairs(lines))
    if found.job and found.status not in {READY, DAMAGED}:
        session.say(command_line("jobs", "show", found.job))
    rows = [
        (stage, state_text(str(entry["state"])), spoken(float(entry["seconds"])))
        for stage, entry in found.timeline.items()
    ]
    if rows:
        session.say("", grid(("timeline", "state", "time"), rows))


@make("export", "Write a generator as one file, for another machine.")
@click.argument("name")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where to.")
def export_command(session: Session, *, name: str, out: Path | None) -> None:
    """Write a generator as one file. Original tables that it carries are in it unchanged and are not protected."""
    from semblant import filenames
    from semblant.jobs.collection import export_generator

    path = out or Path(filenames.encode(name) + ".semblant")
    with opened(session) as (_, home):
        export_generator(home, name, path)
    if session.as_json:
        session.document({"name": name, "file": str(path.absolute())})
        return
    session.say(f"{name} is written to {path}")


@make("import", "Take in a generator file; all of it is checked, nothing of it is run.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.semblant")
@click.option("--name", metavar="NAME", help="Under this name.  [default: its own]")
def import_command(session: Session, *, file: Path, name: str | None) -> None:
    """Take a generator file into this home. Names, sizes, hashes and descriptions are checked first."""
    from semblant.jobs.collection import import_generator

    with opened(session) as (store, home):
        found = import_generator(store, home, file, name)
    if session.as_json:
        session.document(found.as_dict())
        return
    session.say(f"{found.name} is taken in")


@make("delete", "Delete a generator; jobs and data stay.")
@click.argument("name")
def delete_command(session: Session, *, name: str) -> None:
    """Delete a generator from this home; jobs and data that were made with it stay."""
    from semblant.jobs.collection import delete_generator

    with opened(session) as (store, home):
        delete_generator(store, home, name)
    if session.as_json:
        session.document({"deleted": name})
        return
    session.say(f"generator {name} is deleted")
