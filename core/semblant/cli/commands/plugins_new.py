"""``semblant plugins new``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("new", "Write the distribution of a plugin, to start from.")
@click.argument("kind")
@click.argument("name")
@click.option("-o", "--output", metavar="FOLDER", help="Where to write it.  [default: semblant-NAME]")
def new_command(session: Session, kind: str, name: str, output: str | None) -> None:
    """Write a folder with pyproject.toml, code and tests. It works as it stands, on an example, and passes the kit.

    KIND is source, destination, model, text-model, section, renderer, validator, executor or observer;
    NAME is what will stand in specs.
    """
    from semblant.scaffold.write import write_plugin
    from semblant.version import VERSION

    folder = Path(output or f"semblant-{name}")
    written = write_plugin(kind, name, folder, version=VERSION)
    if session.as_json:
        session.document({"folder": str(folder.absolute()), "files": [str(path) for path in written]})
        return
    session.say(f"{folder}/", *(f"  {path.relative_to(folder)}" for path in written), "")
    session.say(f"Next:  cd {folder} && pip install -e '.[test]' && pytest")
