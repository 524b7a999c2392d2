"""``semblant detect``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from semblant.cli.options import command as make
from semblant.cli.options import settings, spec_or_data
from semblant.errors import ConfigError

_SPEC_SUFFIXES: Final = (".yaml", ".yml")
"""With another ending the commands would take the file for data, and learn the lines of the spec."""

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("detect", "Show what is found out about the data; write a spec to edit.")
@spec_or_data
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="SPEC.yaml",
    help="Write a minimal commented spec.",
)
@click.option("--force", is_flag=True, help="Replace a file that is already there.")
@settings
def command(session: Session, target: str, *, out: Path | None, force: bool, assignments: tuple[str, ...]) -> None:
    """Read DATA and show how every column would be treated, why, and whether it looks personal.

    Nothing is trained. What is detected is a proposal: write it to a spec with -o and change it there.
    """
    from semblant.cli.target import is_spec, spec_of

    if out is not None and out.suffix.lower() not in _SPEC_SUFFIXES:
        msg = f"'{out}' would not be taken for a spec: its name must end with .yaml or .yml"
        raise ConfigError(msg, fix=f"write -o {out.with_suffix('.yaml')}")
    if out is not None and out.exists() and not force:
        msg = f"'{out}' is already there"
        raise ConfigError(msg, fix="name another file, or add --force to replace it")
    with session.engine() as engine:
        spec = spec_of(engine, target, assignments)
        found = engine.detect(spec)
    if out is not None:
        from semblant.atomic import atomic_write
        from semblant.cli.starter import starter_spec

        folder = None if is_spec(target) else out.absolute().parent
        with atomic_write(out) as stream:
            stream.write(starter_spec(spec, found, folder=folder).encode())
    if session.as_json:
        session.document({**found.as_dict(), **({} if out is None else {"spec": str(out)})})
        return
    from semblant.cli.show.detection import detection_lines
    from semblant.cli.show.text import command_line, pairs

    session.say(*detection_lines(found, width=session.out.width))
    if out is not None:
        session.say(pairs([("spec", out)]), command_line("run", str(out), "-o", "out"))
