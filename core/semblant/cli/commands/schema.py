"""``semblant schema``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("schema", "Print the JSON Schema of the spec, for editors.")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it to a file."
)
def command(session: Session, *, out: Path | None) -> None:
    """Print the JSON Schema of the spec, with the settings of all installed plugins.

    An editor that knows YAML schemas checks and completes a spec that begins with the line
    '# yaml-language-server: $schema=FILE'.
    """
    from semblant.cli.documents import json_text
    from semblant.host import PluginHost
    from semblant.spec.schema import spec_schema

    schema = spec_schema(PluginHost.from_environment())
    if out is None:
        session.document(schema)
        return
    from semblant.atomic import atomic_write

    with atomic_write(out) as stream:
        stream.write((json_text(schema) + "\n").encode())
    if session.as_json:
        session.document({"schema": str(out)})
        return
    from semblant.cli.show.text import pairs

    session.say(pairs([("schema", out)]))
