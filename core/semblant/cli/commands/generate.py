"""``semblant generate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make
from semblant.cli.options import file_format
from semblant.errors import ArtefactError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from semblant.cli.session import Session
    from semblant.engine import Engine
    from semblant.spec.model import DestinationSpec, GenerationSpec


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
    metavar="FILE",
    help="Rows to start from: the columns they have are kept, the others and nulls are filled in.",
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Random seed.  [default: the generator's]")
@click.option(
    "--temperature",
    type=click.FloatRange(min=0, max=5, min_open=True),
    metavar="X",
    help="Below 1: likelier rows, above 1: more varied rows.  [default: the generator's]",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the tables.  [default: application storage]",
)
@click.option("--destination", metavar="LOCATION", help="Where the data go: a folder, file or URL.")
@click.option("--overwrite", is_flag=True, help="Replace tables that are already there.")
@file_format
def command(
    session: Session,
    generator: str,
    *,
    records: int | None,
    given: str | None,
    seed: int | None,
    temperature: float | None,
    out: Path | None,
    destination: str | None,
    overwrite: bool,
    file_format: str,
) -> None:
    """Make synthetic data with a generator: a file, or the name of one that was trained here."""
    from semblant.cli.delivered import in_folder

    if out is not None and destination is not None:
        msg = "-o and --destination cannot be used together"
        raise click.UsageError(msg)
    if given is not None and records is not None:
        msg = "--given makes a row for each row of the file; leave --records out"
        raise click.UsageError(msg)
    with session.working(resumable=False) as engine:
        chosen = _known(generator)
        result = engine.generate(
            chosen,
            records=records,
            given=None if given is None else _rows(engine, given),
            out=out,
            file_format=file_format,
            destination=_destination(engine, destination, out, file_format, overwrite=overwrite),
            seed=seed,
            generation=None if temperature is None else _sampling(engine, chosen, temperature),
        )
    result = in_folder(result, out, file_format)
    if session.as_json:
        session.document({**result.as_dict(), **session.remarks()})
        return
    from semblant.cli.show.result import dataset_lines

    session.say(*dataset_lines(result))


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


def _sampling(engine: Engine, generator: Path | str, temperature: float) -> GenerationSpec:
    """Give the generator's own settings of generation with another temperature."""
    import tempfile

    from attrs import evolve

    from semblant.home import Kind
    from semblant.pipeline.dataset import load_generator

    path = generator if isinstance(generator, Path) else engine.home.find(Kind.GENERATORS, generator)
    with tempfile.TemporaryDirectory(prefix="semblant-") as folder:
        own = engine.load(load_generator(path, Path(folder)).spec)
    return evolve(own.generation, temperature=temperature)


def _known(generator: str) -> Path | str:
    """Tell a file from a name: what exists, or looks like a path, is a file."""
    path = Path(generator)
    if path.is_file():
        return path
    if path.suffix == ".semblant" or len(path.parts) > 1:
        msg = f"there is no generator file '{generator}'"
        raise ArtefactError(msg, fix="'semblant train DATA -o FILE.semblant' makes one")
    return generator


def _rows(engine: Engine, location: str) -> pa.Table:
    """Read the given rows as any source is read."""
    import pyarrow as pa

    found, values = engine.host.for_location("source", location)
    from semblant.settings.structure import structure

    settings, faults = structure(found.settings, values, "given")
    if faults:
        msg = f"--given '{location}' cannot be read"
        raise DataError(msg, findings=faults)
    source = found.create(settings)
    try:
        schema = source.discover()
        if len(schema.tables) != 1:
            msg = f"--given '{location}' has {len(schema.tables)} tables; one is needed"
            raise DataError(msg, fix="name a single file")
        batches = list(source.read(schema.tables[0].name))
    finally:
        source.close()
    if not batches or not sum(batch.num_rows for batch in batches):
        msg = f"--given '{location}' has no rows"
        raise DataError(msg, fix="give at least one row")
    return pa.Table.from_batches(batches)
