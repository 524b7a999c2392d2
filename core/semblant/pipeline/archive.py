"""Archive: all tables of a dataset in one ZIP file, as they would be downloaded."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from semblant import filenames
from semblant.atomic import atomic_write
from semblant.pipeline.organize import stream
from semblant.planning import open_destination
from semblant.schema import Column, Schema, Table
from semblant.vocabulary import WriteMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.host import PluginHost

ARCHIVE = "data.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 2**20


def write_archive(files: Mapping[str, Path], target: Path) -> None:
    """Write Parquet files into a ZIP file, whole or not at all; equal data give equal bytes.

    :param files: per table its file.
    """
    _packed({f"{filenames.encode(name)}.parquet": path for name, path in files.items()}, target, zipfile.ZIP_STORED)


def write_csv_archive(files: Mapping[str, Path], target: Path, host: PluginHost) -> None:
    """Write Parquet files as CSV into a ZIP file; texts that a spreadsheet would run are guarded.

    Memory is one batch; the CSV files lie beside ``target`` until they are packed.
    """
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix=".csv-", dir=target.parent) as name:
        folder = Path(name) / "tables"
        destination = open_destination("folder", {"path": str(folder), "format": "csv"}, host)
        try:
            tables = tuple(
                Table(name=table, columns=tuple(Column(name=f.name, type=f.type) for f in pq.read_schema(path)))
                for table, path in files.items()
            )
            delivery = destination.open(Schema(tables=tables), WriteMode.FAIL)
            try:
                for table, path in files.items():
                    for batch in stream(path):
                        delivery.write(table, batch)
                delivery.commit()
            except BaseException:
                delivery.abort()
                raise
        finally:
            destination.close()
        written = {path.name: path for path in folder.iterdir() if path.suffix == ".csv"}
        _packed(written, target, zipfile.ZIP_DEFLATED)


def _packed(files: Mapping[str, Path], target: Path, method: int) -> None:
    with atomic_write(target) as stream_out, zipfile.ZipFile(stream_out, "w", method) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = method
            info.file_size = files[name].stat().st_size
            with files[name].open("rb") as source, archive.open(info, "w") as sink:
                shutil.copyfileobj(source, sink, _CHUNK)
