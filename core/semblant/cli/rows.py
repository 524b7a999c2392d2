"""A generator and a file of rows, as several commands take them, and a table as they leave it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from semblant.errors import ArtefactError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from semblant.engine import Engine
    from semblant.spec.model import GenerationSpec


def known_generator(generator: str) -> Path | str:
    """Tell a file from a name: what exists, or looks like a path, is a file."""
    path = Path(generator)
    if path.is_file():
        return path
    if path.suffix == ".semblant" or len(path.parts) > 1:
        msg = f"there is no generator file '{generator}'"
        raise ArtefactError(msg, fix="'semblant train DATA -o FILE.semblant' makes one")
    return generator


def rows_of_file(engine: Engine, location: str, what: str) -> tuple[str, pa.Table]:
    """Read one table as any source is read; gives its name and rows. ``what`` names the argument in errors."""
    import pyarrow as pa

    from semblant.settings.structure import structure

    found, values = engine.host.for_location("source", location)
    settings, faults = structure(found.settings, values, "given")
    if faults:
        msg = f"{what} '{location}' cannot be read"
        raise DataError(msg, findings=faults)
    source = found.create(settings)
    try:
        schema = source.discover()
        if len(schema.tables) != 1:
            msg = f"{what} '{location}' has {len(schema.tables)} tables; one is needed"
            raise DataError(msg, fix="name a single file")
        name = schema.tables[0].name
        batches = list(source.read(name))
    finally:
        source.close()
    if not batches or not sum(batch.num_rows for batch in batches):
        msg = f"{what} '{location}' has no rows"
        raise DataError(msg, fix="give at least one row")
    return name, pa.Table.from_batches(batches)


def generation_of(engine: Engine, generator: Path | str, overrides: list[str]) -> GenerationSpec | None:
    """Give the generator's own settings of generation with ``overrides`` (``generation.a=b``); None without any."""
    if not overrides:
        return None
    import tempfile

    from semblant.home import Kind
    from semblant.pipeline.dataset import load_generator

    path = generator if isinstance(generator, Path) else engine.home.find(Kind.GENERATORS, generator)
    with tempfile.TemporaryDirectory(prefix="semblant-") as folder:
        return engine.load(load_generator(path, Path(folder)).spec, overrides).generation


def deliver_rows(engine: Engine, name: str, rows: pa.Table, out: Path, file_format: str, *, overwrite: bool) -> Path:
    """Write one table into the folder ``out``; gives its file."""
    from semblant import filenames
    from semblant.cli.target import folder_destination
    from semblant.planning import open_destination
    from semblant.schema import Column, Schema, Table

    aim = folder_destination(out, file_format, overwrite=overwrite)
    columns = tuple(Column(name=field.name, type=field.type) for field in rows.schema)
    destination = open_destination(aim.type, dict(aim.settings), engine.host)
    try:
        destination.check()
        delivery = destination.open(Schema(tables=(Table(name=name, columns=columns),)), aim.mode)
        try:
            for batch in rows.to_batches(65_536):
                delivery.write(name, batch)
            delivery.commit()
        except BaseException:
            delivery.abort()
            raise
    finally:
        destination.close()
    return out / f"{filenames.encode(name)}.{file_format}"
