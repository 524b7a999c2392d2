"""Our destinations pass the kit that strangers' destinations pass."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from semblant import filenames
from semblant.home import Home, Kind
from semblant.testing import DestinationConformance
from semblant_destinations import FOLDER, STORAGE
from semblant_destinations.settings import FolderSettings, StorageSettings
from semblant_sources.files.source import FilesSource
from semblant_sources.settings import FilesSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class InFolder(DestinationConformance):
    component = FOLDER
    format: ClassVar[str]

    def settings(self, folder: Path) -> FolderSettings:
        return FolderSettings(path=str(folder / "out"), format=self.format)

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        path = folder / "out" / f"{filenames.encode(table)}.{self.format}"
        return self.parsed(path, wanted) if path.exists() else None

    def parsed(self, path: Path, wanted: pa.Schema) -> pa.Table:
        raise AssertionError(path)


class TestParquetFolder(InFolder):
    format = "parquet"

    def parsed(self, path: Path, wanted: pa.Schema) -> pa.Table:
        return pq.read_table(path)


class TestArrowFolder(InFolder):
    format = "arrow"

    def parsed(self, path: Path, wanted: pa.Schema) -> pa.Table:
        with pa.ipc.open_file(path) as reader:
            return reader.read_all()


class TestCsvFolder(InFolder):
    """Read back by our own source."""

    format = "csv"
    keeps_types = "a text file holds no types"
    keeps_empty_strings = "our own source takes the empty cell for missing"
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.binary": "bytes are written as hexadecimal digits",
        "types.duration": "durations are written as ISO 8601 texts",
        "types.time": "times of day are read back as texts",
        "types.list": "lists are written as JSON",
        "types.struct": "nested values are written as JSON",
        "types.decimal": "decimals of so many digits are read back as text",
        "types.uint64": "whole numbers beyond 64 signed bits are read back as text",
        "types.nan": "the word NaN among numbers is read back as missing",
        "texts.numbers_as_text": "a sign in front of a text is guarded against spreadsheets",
        "texts.formulas": "formulas are guarded against spreadsheets",
    }

    def parsed(self, path: Path, wanted: pa.Schema) -> pa.Table:
        source = FilesSource(FilesSettings(path=(str(path),), format="csv", table="t"))
        (table,) = source.discover()
        types = pa.schema([pa.field(column.name, column.type) for column in table.columns])
        return pa.Table.from_batches(list(source.read("t")), types)


class TestUnguardedCsvFolder(TestCsvFolder):
    not_kept: ClassVar[Mapping[str, str]] = {
        what: why for what, why in TestCsvFolder.not_kept.items() if not what.startswith("texts.")
    }

    def settings(self, folder: Path) -> FolderSettings:
        return FolderSettings(path=str(folder / "out"), format="csv", spreadsheet_guard=False)


class TestJsonLinesFolder(InFolder):
    """Read back with the types that were written, which the file itself does not hold."""

    format = "jsonl"
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.binary": "bytes are written as hexadecimal digits",
        "types.duration": "durations are written as ISO 8601 texts",
        "types.nan": "JSON has no NaN, it is written as a text",
        "types.infinity": "JSON has no infinity, it is written as a text",
    }

    def parsed(self, path: Path, wanted: pa.Schema) -> pa.Table:
        rows = [json.loads(line, parse_float=Decimal) for line in path.read_text(encoding="utf-8").split("\n") if line]
        columns = [
            pa.array([_value(row[field.name], field.type) for row in rows], _undone(field.type)) for field in wanted
        ]
        return pa.table(columns, names=wanted.names)


def _undone(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _value(value: Any, kind: pa.DataType) -> Any:
    """Read a text as what it was written for."""
    if isinstance(value, Decimal):
        return float(value)
    if not isinstance(value, str) or pa.types.is_string(_undone(kind)) or pa.types.is_large_string(kind):
        return value
    if pa.types.is_time(kind):
        return dt.time.fromisoformat(value)
    return pa.scalar(value).cast(kind).as_py() if not pa.types.is_timestamp(kind) else pa.scalar(value).cast(kind)


class TestStorage(DestinationConformance):
    component = STORAGE

    def settings(self, folder: Path) -> StorageSettings:
        return StorageSettings(name="shop", home=str(folder / "home"))

    def state(self, folder: Path) -> Mapping[str, str]:
        """Leave out the home's own folders and lock, which making the home makes."""
        whole = super().state(folder)
        return {name: what for name, what in whole.items() if name.startswith("home/datasets/")}

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        home = Home(folder / "home")
        if "shop" not in home.names(Kind.DATASETS):
            return None
        path = home.find(Kind.DATASETS, "shop") / f"{filenames.encode(table)}.parquet"
        return pq.read_table(path) if path.exists() else None
