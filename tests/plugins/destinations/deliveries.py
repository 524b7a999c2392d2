"""Schemas and tables for the tests of destinations, and what stands in a folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.schema import Column, Schema, Table
from semblant_destinations.folder import Folder
from semblant_destinations.settings import FolderSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.vocabulary import WriteMode


def schema_of(tables: Mapping[str, pa.Table]) -> Schema:
    """Describe Arrow tables."""
    return Schema(
        tables=tuple(
            Table(name=name, columns=tuple(Column(name=field.name, type=field.type) for field in table.schema))
            for name, table in tables.items()
        )
    )


def folder(path: Path, **settings: Any) -> Folder:
    """Make the destination."""
    return Folder(FolderSettings(path=str(path), **settings))


def deliver(destination: Any, tables: Mapping[str, pa.Table], mode: WriteMode, batch_rows: int = 1000) -> None:
    """Deliver tables in batches and commit."""
    delivery = destination.open(schema_of(tables), mode)
    for name, table in tables.items():
        for batch in table.to_batches(batch_rows):
            delivery.write(name, batch)
    delivery.commit()


def contents(path: Path) -> dict[str, str]:
    """Give the hash of every file below a folder, hidden ones included."""
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "folder"
        for file in sorted(path.rglob("*"))
    }
