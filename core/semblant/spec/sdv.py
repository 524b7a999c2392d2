"""Metadata of SDV (Synthetic Data Vault) as parts of a spec: keys, encodings, what is personal.

Read are the JSON files that SDV 1 and 2 write: ``SINGLE_TABLE_V1``, ``MULTI_TABLE_V1``, ``V1``, ``SINGLE_TABLE_V2``
and ``V2`` (https://docs.sdv.dev/sdv/concepts/metadata/metadata-json).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from attrs import field, frozen

from semblant.errors import ConfigError
from semblant.findings import Finding, Severity
from semblant.settings.path import join

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from semblant.schema import Column, Schema, Table

_VERSIONS: Final = {"SINGLE_TABLE_V1", "SINGLE_TABLE_V2", "MULTI_TABLE_V1", "MULTI_TABLE_V2", "V1", "V2"}
_STATISTICAL: Final = {"numerical", "categorical", "ordinal", "boolean", "datetime", "id", "unknown", "text"}
"""Kinds (``sdtype``) that do not say by themselves that a column is personal."""


@frozen(kw_only=True)
class Imported:
    """What metadata amount to: ``tables`` of a spec as plain data, and what could not be taken over."""

    tables: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    notes: tuple[str, ...] = ()


def read_metadata(path: Path) -> dict[str, Any]:
    """Read a file of metadata.

    :raises ConfigError: it is not there, no JSON, or no metadata of a known version.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        msg = f"there is no file '{path}'"
        raise ConfigError(msg, fix="check the path; SDV writes it with metadata.save_to_json") from None
    except (OSError, ValueError) as exc:
        msg = f"'{path}' cannot be read as JSON: {exc}"
        raise ConfigError(msg, fix="write it again with metadata.save_to_json") from exc
    if not isinstance(found, dict) or not ({"tables", "columns"} & set(found)):
        msg = f"'{path}' holds no metadata of SDV: it has neither 'tables' nor 'columns'"
        raise ConfigError(msg, fix="write it with metadata.save_to_json")
    version = found.get("METADATA_SPEC_VERSION", "V1")
    if version not in _VERSIONS or any("fields" in table for table in _tables_of(found, "").values()):
        said = "a form from before SDV 1.0" if version in _VERSIONS else f"version '{version}'"
        msg = f"'{path}' has {said}, which is not known here"
        raise ConfigError(msg, fix="load it with a current SDV and save it again: Metadata.upgrade_metadata")
    return found


def import_metadata(metadata: Mapping[str, Any], schema: Schema) -> Imported:
    """Turn metadata into tables of a spec for the data that ``schema`` describes.

    :raises ConfigError: a table or column of the metadata is not in the data; all of them are findings.

    >>> from semblant.schema import Column, Schema, Table
    >>> schema = Schema(tables=[Table(name="guests", columns=(Column(name="id", type=pa.int64()),))])
    >>> import_metadata({"columns": {"id": {"sdtype": "id"}}, "primary_key": "id"}, schema).tables
    {'guests': {'primary_key': ['id']}}
    """
    single = schema.table_names[0] if len(schema.table_names) == 1 else "" if "tables" in metadata else "table"
    described = _tables_of(metadata, single)
    _hold(described, metadata.get("relationships", ()), schema)
    notes: list[str] = []
    tables: dict[str, dict[str, Any]] = {}
    for name, table in described.items():
        tables[name] = _table(schema.table(name), table, notes)
        if len(described) > 1:
            tables[name]["foreign_keys"] = []
    for relation in metadata.get("relationships", ()):
        key = {
            "columns": _names(relation["child_foreign_key"]),
            "references": relation["parent_table_name"],
            "referenced_columns": _names(relation["parent_primary_key"]),
        }
        tables[relation["child_table_name"]].setdefault("foreign_keys", []).append(key)
    keys = {
        (name, column)
        for name, table in tables.items()
        for key in table.get("foreign_keys", ())
        for column in key["columns"]
    }
    for name, column in keys:
        tables[name].get("columns", {}).pop(column, None)
    return Imported(
        tables={
            name: {key: value for key, value in table.items() if value or key == "foreign_keys"}
            for name, table in tables.items()
        },
        notes=tuple(notes),
    )


def _tables_of(metadata: Mapping[str, Any], single: str) -> dict[str, Any]:
    """Give the tables by name; a single one describes the only table of the data, whatever SDV called it."""
    if "tables" not in metadata:
        return {single: metadata}
    tables: dict[str, Any] = metadata["tables"]
    return {single: next(iter(tables.values()))} if len(tables) == 1 and single else tables


def _hold(described: Mapping[str, Any], relations: Sequence[Mapping[str, Any]], schema: Schema) -> None:
    """Find the tables and columns that only the metadata know."""
    found = []
    for name, table in described.items():
        if name not in schema:
            message = f"the data have no table '{name}', which the metadata describe"
            found.append(_missing(join("tables", name), message, f"the data have {', '.join(schema.table_names)}"))
            continue
        there = set(schema.table(name).column_names)
        found += [
            _missing(join(join(join("tables", name), "columns"), column),
                     f"the table '{name}' has no column '{column}'",
                     "take it out of the metadata, or name the right data")
            for column in table.get("columns", {})
            if column not in there
        ]  # fmt: skip
    ends = {relation[f"{end}_table_name"] for relation in relations for end in ("parent", "child")}
    found += [
        _missing(join("tables", name), f"a relationship names the table '{name}', which the metadata do not describe",
                 "mend the metadata")
        for name in sorted(ends - set(described))
    ]  # fmt: skip
    if found:
        msg = "the metadata do not fit the data"
        raise ConfigError(msg, findings=found)


def _missing(path: str, message: str, fix: str) -> Finding:
    return Finding(severity=Severity.ERROR, path=path, code="sdv-metadata", message=message, fix=fix)


def _table(table: Table, described: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """Take over one table."""
    key = _names(described.get("primary_key"))
    columns = {}
    for name, said in described.get("columns", {}).items():
        settings = _column(table.column(name), said, f"{table.name}.{name}", notes)
        if settings and name not in key:
            columns[name] = settings
    constraints = [{"unique": {"columns": _names(other)}} for other in described.get("alternate_keys") or ()]
    if described.get("sequence_key"):
        notes.append(
            f"{table.name}: the sequence key '{described['sequence_key']}' was not taken over; "
            "put what the sequences belong to into a table of its own, with a foreign key to it"
        )
    notes += [
        f"{table.name}: the columns {', '.join(group.get('column_names', ()))} are related ({group.get('type')}); "
        "the model learns that, and a constraint 'combinations' guarantees it"
        for group in described.get("column_relationships") or ()
        if group.get("type") != "gps"
    ]
    return {"primary_key": key, "constraints": constraints, "columns": columns}


def _column(column: Column, said: Mapping[str, Any], where: str, notes: list[str]) -> dict[str, Any]:
    """Take over one column; what its type says anyway is left to be found out."""
    kind = said.get("sdtype", "unknown")
    settings: dict[str, Any] = {}
    number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    if kind in {"categorical", "ordinal"} or (kind == "boolean" and not pa.types.is_boolean(column.type)):
        settings["encoding"] = "categorical"
    elif kind in {"latitude", "longitude"} and pa.types.is_floating(column.type):
        settings["encoding"] = kind
    elif kind in {"id", "text"} and text:
        settings["encoding"] = "pattern" if said.get("regex_format") else "identifier"
    elif kind == "numerical" and not number:
        notes.append(_learned_as_it_is(where, "numerical", column))
    elif kind == "datetime" and not pa.types.is_temporal(column.type):
        form = f" in the form {said['datetime_format']}" if said.get("datetime_format") else ""
        notes.append(_learned_as_it_is(where, f"a date{form}", column))
    personal = said.get("pii", kind not in _STATISTICAL)
    if personal or "pii" in said:
        settings["sensitive"] = bool(personal)
    return settings


def _learned_as_it_is(where: str, said: str, column: Column) -> str:
    return f"{where}: {said} in the metadata, {column.type} in the data; it is learned as the data have it"


def _names(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(value)] if isinstance(value, str | int) else [str(part) for part in value]
