"""What a generator file says about its tables, beside the models themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cattrs
import pyarrow as pa
from attrs import field, frozen

from semblant.artefact.convert import described, from_data, to_data
from semblant.errors import ArtefactError
from semblant.pipeline.keys import KeyForm  # noqa: TC001 - cattrs reads the annotation
from semblant.pipeline.relations.echoes import Echo  # noqa: TC001
from semblant.pipeline.relations.learning import LinkFacts, Total  # noqa: TC001
from semblant.schema import Schema, Table
from semblant.training import ColumnPlan  # noqa: TC001
from semblant.vocabulary import TableTreatment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DESCRIPTION = "generator.json"
_UNREADABLE = (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError, cattrs.BaseValidationError)


@described
@frozen(kw_only=True)
class GeneratorTable:
    """One table of a generator; ``folder`` is where its model lies, ``original`` where its copied rows do."""

    table: Table
    treatment: TableTreatment
    plans: tuple[ColumnPlan, ...] = ()
    links: tuple[LinkFacts, ...] = ()
    """What its foreign keys are for, and how often they lead nowhere."""
    content: tuple[ColumnPlan, ...] = ()
    """Of an original table: what rows that refer to it are conditioned on."""
    echoes: tuple[Echo, ...] = ()
    """Columns that repeat a row that the table's rows refer to."""
    totals: tuple[Total, ...] = ()
    """Columns that are sums of lines below."""
    key: KeyForm | None = None
    """The form of the engine-made primary key."""
    rows: int = 0
    """Rows of the table that was learned; as many are generated when nobody says how many."""
    backend: str = ""
    text_backend: str = ""
    settings_used: Mapping[str, Any] = field(factory=dict)
    history: tuple[Mapping[str, float], ...] = ()
    folder: str = ""

    @property
    def copied(self) -> bool:
        """Whether the rows lie in the file unchanged, not protected."""
        return self.treatment is TableTreatment.ORIGINAL

    def schema(self) -> pa.Schema:
        """Give the Arrow schema of the whole table, keys included, in order."""
        return pa.schema([pa.field(column.name, column.type) for column in self.table.columns])


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
    privacy: Mapping[str, Any] = field(factory=dict)
    """What a private run's account tells: charged, public, withheld and not covered; empty without privacy."""
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
    tables = [to_data(entry) | {"note": _note(entry)} for entry in generator.tables]
    data = {
        "name": generator.name,
        "seed": generator.seed,
        "environment": dict(generator.environment),
        **({"privacy": dict(generator.privacy)} if generator.privacy else {}),
        "tables": tables,
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
            privacy=dict(data.get("privacy", {})),
            environment={str(k): str(v) for k, v in data["environment"].items()},
            tables=tuple(map(_table, data["tables"])),
        )
    except _UNREADABLE as exc:
        reason = f"it lacks {exc}" if isinstance(exc, KeyError) else str(exc)
        msg = f"the generator's description cannot be read: {reason}"
        raise ArtefactError(msg, fix="train it again, or install the version that made it") from exc


def _table(data: Any) -> GeneratorTable:
    entry = from_data(data, GeneratorTable)
    if not entry.folder.isdecimal():
        msg = f"the folder {entry.folder!r} of table '{entry.table.name}' is no number"
        raise ValueError(msg)
    return entry


def _note(entry: GeneratorTable) -> str:
    return "copied unchanged and not protected" if entry.copied else "learned; holds no training row"
