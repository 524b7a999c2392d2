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
    from semblant.engine import Engine
    from semblant.spec.model import Spec


@make("detect", "Show what is found out about the data; write a spec to edit.")
@spec_or_data
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="SPEC.yaml",
    help="Write a minimal commented spec.",
)
@click.option(
    "--sdv-metadata",
    "metadata",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.json",
    help="Take keys, encodings and what is personal from metadata that SDV wrote.",
)
@click.option("--force", is_flag=True, help="Replace a file that is already there.")
@settings
def command(
    session: Session, target: str, *, out: Path | None, metadata: Path | None, force: bool, assignments: tuple[str, ...]
) -> None:
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
        spec, notes = (spec, ()) if metadata is None else _with_metadata(engine, spec, metadata)
        found = engine.detect(spec)
    if out is not None:
        from semblant.atomic import atomic_write
        from semblant.cli.starter import starter_spec
        from semblant.spec.write import spec_text

        folder = None if is_spec(target) else out.absolute().parent
        taken = f"Keys, encodings and what is personal are those of '{metadata.name}'." if metadata else ""
        with atomic_write(out) as stream:
            text = spec_text(spec, heading=taken) if metadata else starter_spec(spec, found, folder=folder)
            stream.write(text.encode())
    for note in notes:
        session.tell(f"note: {note}", style="yellow")
    if session.as_json:
        told = {"notes": list(notes)} if metadata else {}
        session.document({**found.as_dict(), **({} if out is None else {"spec": str(out)}), **told})
        return
    from semblant.cli.show.detection import detection_lines
    from semblant.cli.show.text import command_line, pairs

    session.say(*detection_lines(found, width=session.out.width))
    if out is not None:
        session.say(pairs([("spec", out)]), command_line("run", str(out), "-o", "out"))


def _with_metadata(engine: Engine, spec: Spec, path: Path) -> tuple[Spec, tuple[str, ...]]:
    """Put what SDV's metadata say over what detection proposed."""
    from semblant.spec.sdv import import_metadata, read_metadata
    from semblant.spec.write import spec_data

    imported = import_metadata(read_metadata(path), engine.discover(spec))
    data = spec_data(spec)
    tables = data.setdefault("tables", {})
    for name, said in imported.tables.items():
        tables[name] = {**tables.get(name, {}), **said}
    return engine.load(data), imported.notes
