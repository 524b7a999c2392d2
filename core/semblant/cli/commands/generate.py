"""``semblant generate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import OutPath, file_format, settings
from semblant.cli.options import command as make
from semblant.cli.options import queue as queues

if TYPE_CHECKING:
    import pyarrow as pa

    from semblant.cli.session import Session
    from semblant.engine import Engine
    from semblant.spec.model import DestinationSpec


@make("generate", "Make synthetic data with a generator.")
@click.argument("generator", metavar="FILE.semblant|NAME")
@click.option(
    "-n",
    "--records",
    type=click.IntRange(min=1),
    metavar="N",
    help="Rows of the root table.  [default: as many as it learned from]",
)
@click.option(
    "--given",
    metavar="[TABLE=]FILE",
    multiple=True,
    help="Rows to start from: the columns they have are kept, the others and nulls are filled in. Of the root table, "
    "or of TABLE; may be given again.",
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Random seed.  [default: the generator's]")
@click.option(
    "--temperature",
    type=click.FloatRange(min=0, max=5, min_open=True),
    metavar="X",
    help="Below 1: likelier rows, above 1: more varied rows.  [default: the generator's]",
)
@click.option(
    "--top-p",
    type=click.FloatRange(min=0, max=1, min_open=True),
    metavar="X",
    help="Draw only among the likeliest values with this total share.  [default: the generator's]",
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0, max=1e6, min_open=True),
    metavar="X",
    help="How many times the rows that it learned from.",
)
@settings
@click.option(
    "-o",
    "--out",
    type=OutPath(file_okay=False),
    metavar="DIR",
    help="Folder for the tables.  [default: application storage]",
)
@click.option("--destination", metavar="LOCATION", help="Where the data go: a folder, file or URL.")
@click.option("--overwrite", is_flag=True, help="Replace tables that are already there.")
@file_format
@queues
def command(
    session: Session,
    generator: str,
    *,
    records: int | None,
    given: tuple[str, ...],
    seed: int | None,
    temperature: float | None,
    top_p: float | None,
    scale: float | None,
    assignments: tuple[str, ...],
    out: Path | None,
    destination: str | None,
    overwrite: bool,
    file_format: str,
    queue: bool,
) -> None:
    """Make synthetic data with a generator: a file, or the name of one that was trained here."""
    from semblant.cli.delivered import in_folder
    from semblant.cli.rows import generation_of, known_generator

    if out is not None and destination is not None:
        msg = "-o and --destination cannot be used together"
        raise click.UsageError(msg)
    if records is not None and any(not _table_and_file(text)[0] for text in given):
        msg = "--given makes a row for each row of the file; leave --records out"
        raise click.UsageError(msg)
    if scale is not None and (given or records is not None):
        msg = "--scale says how many rows there are; leave --records and --given out"
        raise click.UsageError(msg)
    named = {"temperature": temperature, "top_p": top_p, "scale": scale}
    changes = [f"generation.{name}={value}" for name, value in named.items() if value is not None]
    changes += ["generation.records=auto"] if scale is not None else []
    if elsewhere := [text for text in assignments if not text.startswith("generation.")]:
        msg = f"--set {elsewhere[0]} has no effect on a generator that is trained; only generation.… has"
        raise click.UsageError(msg)

    def wanted(engine: Engine) -> tuple[Path | str, dict[str, Any]]:
        chosen = known_generator(generator)
        return chosen, {
            "records": records,
            "given": _given(engine, given),
            "out": out,
            "file_format": file_format,
            "destination": _destination(engine, destination, out, file_format, overwrite=overwrite),
            "seed": seed,
            "generation": generation_of(engine, chosen, [*assignments, *changes]),
        }

    if queue:
        from semblant.cli.queueing import queued_generation

        with session.engine() as engine:
            chosen, options = wanted(engine)
            queued_generation(session, engine, chosen, **options)
        return
    with session.working(resumable=False) as engine:
        chosen, options = wanted(engine)
        result = engine.generate(chosen, **options)
    result = in_folder(result, out, file_format)
    if session.as_json:
        session.document({**result.as_dict(), **session.remarks()})
        return
    from semblant.cli.show.result import dataset_lines

    session.say(*dataset_lines(result))


def _table_and_file(text: str) -> tuple[str, str]:
    """Split ``TABLE=FILE``; a file of that very name, or a URL, is a file."""
    table, sign, file = text.partition("=")
    if not sign or Path(text).exists() or "/" in table or "\\" in table:
        return "", text
    return table, file


def _given(engine: Engine, given: tuple[str, ...]) -> dict[str, pa.Table]:
    """Read the rows to start from, per table; "" stands for the root."""
    from semblant.cli.rows import rows_of_file

    found: dict[str, pa.Table] = {}
    for table, file in map(_table_and_file, given):
        if table in found:
            msg = f"--given names table '{table}' twice" if table else "--given names two files without a table"
            raise click.UsageError(msg)
        found[table] = rows_of_file(engine, file, "--given")[1]
    return found


def _destination(
    engine: Engine, location: str | None, out: Path | None, file_format: str, *, overwrite: bool
) -> DestinationSpec | None:
    """Give the place that ``-o`` or ``--destination`` means; None for application storage."""
    from semblant.cli.target import absolute, folder_destination
    from semblant.connectors.checking import of_role
    from semblant.connectors.expanding import named
    from semblant.errors import ConfigError
    from semblant.settings.plaintext import plain_secrets
    from semblant.spec.model import DestinationSpec
    from semblant.vocabulary import WriteMode

    if out is not None:
        return folder_destination(out, file_format, overwrite=overwrite)
    if location is None:
        return None
    mode = WriteMode.REPLACE if overwrite else WriteMode.FAIL
    connector = named(location)
    if connector is not None:
        saved = engine.connector(connector)
        component = engine.host.get("destination", saved.type)
        return DestinationSpec(type=saved.type, mode=mode, settings=of_role(component, saved.settings))
    found, values = engine.host.for_location("destination", absolute(location))
    refused = plain_secrets(values, "destination")
    if refused:
        msg = "--destination holds a secret in plain text"
        raise ConfigError(msg, findings=refused)
    return DestinationSpec(type=found.name, mode=mode, settings=values)
