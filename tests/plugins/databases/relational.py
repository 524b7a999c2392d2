"""Real relational data sets as schema and tables: northwind and chinook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from semblant.schema import Column, ForeignKey, Schema, Table


def data_set(folder: Path, name: str) -> tuple[Schema, dict[str, pa.Table]]:
    """Read a data set with its keys."""
    place = folder / "dev" / "relational" / name
    described = json.loads((place / "dataset.json").read_text(encoding="utf-8"))
    tables, found = {}, []
    for entry in described["tables"]:
        table = pq.read_table(place / entry["file"])
        tables[entry["name"]] = table
        found.append(
            Table(
                name=entry["name"],
                columns=tuple(
                    Column(name=f.name, type=f.type, nullable=f.name not in (entry["primary_key"] or ()))
                    for f in table.schema
                ),
                primary_key=tuple(entry["primary_key"] or ()),
                foreign_keys=tuple(map(_foreign_key, entry["foreign_keys"])),
                comment=f"{entry['rows']} rows",
            )
        )
    return Schema(tables=found), tables


def _foreign_key(entry: dict[str, Any]) -> ForeignKey:
    return ForeignKey(
        columns=tuple(entry["columns"]),
        references=entry["references"],
        referenced_columns=tuple(entry["ref_columns"]),
    )
