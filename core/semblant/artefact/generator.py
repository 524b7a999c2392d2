"""What a generator file says about its tables, beside the models themselves."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import field, frozen

from semblant.errors import ArtefactError
from semblant.pipeline.keys import KeyForm, key_as_dict, key_from_dict
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.training import ColumnPlan
from semblant.vocabulary import ColumnTreatment, EncodingType, Role, TableTreatment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DESCRIPTION = "generator.json"


@frozen(kw_only=True)
class GeneratorTable:
    """One table of a generator; ``folder`` is where its model lies, ``original`` where its copied rows do."""

    table: Table
    treatment: TableTreatment
    plans: tuple[ColumnPlan, ...] = ()
    key: KeyForm | None = None
    """The form of the engine-made primary key."""
    rows: int = 0
    """Rows of the table that was learned; as many are generated when nobody says how many."""
    backend: str = ""
    text_backend: str = ""
    settings_used: Mapping[str, Any] = field(factory=dict)
    history: Sequence[Mapping[str, float]] = ()
    folder: str = ""

    @property
    def copied(self) -> bool:
        """Whether the rows lie in the file unchanged, not protected."""
        return self.treatment is TableTreatment.ORIGINAL

    def schema(self) -> pa.Schema:
        """Give the Arrow schema of the whole table, keys included, in order."""
        return pa.schema([pa.field(column.name, column.type) for column in self.table.columns])

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict; Arrow types travel as a base64 IPC schema."""
        return {
            "name": self.table.name,
            "treatment": str(self.treatment),
            "note": "copied unchanged and not protected" if self.copied else "learned; holds no training row",
            "arrow_schema": base64.b64encode(self.schema().serialize().to_pybytes()).decode(),
            "types": {column.name: str(column.type) for column in self.table.columns},
            "primary_key": list(self.table.primary_key),
            "foreign_keys": [
                {
                    "columns": list(key.columns),
                    "references": key.references,
                    "referenced_columns": list(key.referenced_columns),
                }
                for key in self.table.foreign_keys
            ],
            "columns": [
                {
                    "name": plan.name,
                    "encoding": str(plan.encoding),
                    "reason": plan.reason,
                    "role": str(plan.role),
                    "treatment": str(plan.treatment),
                    "sensitive": plan.sensitive,
                    "rebalance": plan.rebalance,
                    "options": dict(plan.options),
                }
                for plan in self.plans
            ],
            "key": None if self.key is None else key_as_dict(self.key),
            "rows": self.rows,
            "backend": self.backend,
            "text_backend": self.text_backend,
            "settings_used": dict(self.settings_used),
            "history": [dict(entry) for entry in self.history],
            "folder": self.folder,
        }


@frozen(kw_only=True)
class GeneratorFile:
    """A generator, unpacked in ``root``."""

    name: str
    root: Path
    tables: tuple[GeneratorTable, ...]
    """Parents first."""
    seed: int
    spec: str
    """The effective spec as YAML, secrets as references."""
    environment: Mapping[str, str] = field(factory=dict)
    """Processor, Python and package versions of the training machine."""

    @property
    def schema(self) -> Schema:
        """Give the tables with their keys."""
        return Schema(tables=tuple(entry.table for entry in self.tables))

    @property
    def synthesized(self) -> tuple[GeneratorTable, ...]:
        """The tables that were learned."""
        return tuple(entry for entry in self.tables if not entry.copied)


def write_description(generator: GeneratorFile) -> None:
    """Write ``generator.json`` into the generator's folder."""
    data = {
        "name": generator.name,
        "seed": generator.seed,
        "environment": dict(generator.environment),
        "tables": [entry.as_dict() for entry in generator.tables],
        "spec": generator.spec,
    }
    (generator.root / DESCRIPTION).write_text(json.dumps(data, indent=1, default=str), encoding="utf-8")


def read_description(root: Path) -> GeneratorFile:
    """Read ``generator.json``; :class:`ArtefactError` when it is not what this version writes."""
    try:
        data = json.loads((root / DESCRIPTION).read_text(encoding="utf-8"))
        return GeneratorFile(
            name=str(data["name"]),
            root=root,
            seed=int(data["seed"]),
            spec=str(data["spec"]),
            environment={str(k): str(v) for k, v in data["environment"].items()},
            tables=tuple(map(_table, data["tables"])),
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError, pa.ArrowException) as exc:
        msg = f"the generator's description cannot be read ({type(exc).__name__}: {exc})"
        raise ArtefactError(msg, fix="train it again, or install the version that made it") from exc


def _table(data: Mapping[str, Any]) -> GeneratorTable:
    try:
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(data["arrow_schema"], validate=True)))
    except binascii.Error as exc:
        raise ValueError(str(exc)) from exc
    folder = str(data["folder"])
    if "/" in folder.replace("models/", "", 1) or ".." in folder:
        msg = f"the folder name {folder!r} is not allowed"
        raise ValueError(msg)
    return GeneratorTable(
        table=Table(
            name=str(data["name"]),
            columns=tuple(Column(name=f.name, type=f.type) for f in schema),
            primary_key=tuple(data["primary_key"]),
            foreign_keys=tuple(map(_foreign_key, data["foreign_keys"])),
        ),
        treatment=TableTreatment(data["treatment"]),
        plans=tuple(_column(entry, schema) for entry in data["columns"]),
        key=None if data["key"] is None else key_from_dict(data["key"]),
        rows=int(data["rows"]),
        backend=str(data["backend"]),
        text_backend=str(data["text_backend"]),
        settings_used=dict(data["settings_used"]),
        history=tuple(data["history"]),
        folder=folder,
    )


def _foreign_key(data: Mapping[str, Any]) -> ForeignKey:
    return ForeignKey(
        columns=tuple(data["columns"]),
        references=str(data["references"]),
        referenced_columns=tuple(data["referenced_columns"]),
    )


def _column(data: Mapping[str, Any], schema: pa.Schema) -> ColumnPlan:
    return ColumnPlan(
        name=str(data["name"]),
        type=schema.field(data["name"]).type,
        encoding=EncodingType(data["encoding"]),
        reason=str(data["reason"]),
        role=Role(data["role"]),
        treatment=ColumnTreatment(data["treatment"]),
        sensitive=bool(data["sensitive"]),
        rebalance=bool(data["rebalance"]),
        options=dict(data["options"]),
    )
