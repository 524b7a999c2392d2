"""What a generator file says about its tables survives the file, whatever the types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from semblant.artefact.generator import DESCRIPTION, GeneratorFile, GeneratorTable, read_description, write_description
from semblant.errors import ArtefactError
from semblant.pipeline.keys import ShapeKey
from semblant.schema import Column, ForeignKey, Table
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType, TableTreatment

if TYPE_CHECKING:
    from pathlib import Path

TYPES = [
    pa.int64(), pa.decimal128(38, 4), pa.timestamp("us", "Europe/Vienna"), pa.dictionary(pa.int8(), pa.string()),
    pa.list_(pa.struct([("a", pa.int8())])), pa.uuid(), pa.null(), pa.duration("ns"), pa.large_binary(),
]  # fmt: skip


def _generator(root: Path) -> GeneratorFile:
    columns = tuple(Column(name=f"c{i} é/..", type=kind) for i, kind in enumerate(TYPES))
    key = ForeignKey(columns=(columns[0].name,), references="p", referenced_columns=("id",), reason="declared")
    learned = GeneratorTable(
        table=Table(name="t", columns=columns, primary_key=(columns[0].name,), foreign_keys=(key,)),
        treatment=TableTreatment.SYNTHESIZE,
        plans=tuple(ColumnPlan(name=c.name, type=c.type, encoding=EncodingType.NUMBER) for c in columns[1:]),
        key=ShapeKey("A ", " 0"), rows=7, backend="column-ar", settings_used={"epochs": 3},
        history=({"step": 1, "loss": 0.5},), folder="0",
    )  # fmt: skip
    return GeneratorFile(name="g", root=root, tables=(learned,), seed=4, spec="source: x", environment={"jax": "1"})


def test_every_arrow_type_and_key_form_comes_back(tmp_path: Path) -> None:
    made = _generator(tmp_path)
    write_description(made)
    assert read_description(tmp_path) == made


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("tables"),
        lambda data: data["tables"][0].update(folder="../../etc"),
        lambda data: data["tables"][0].update(treatment="steal"),
        lambda data: data["tables"][0]["table"]["columns"][0].update(type={"arrow": "!!"}),
        lambda data: data["tables"][0]["table"]["columns"][0].update(type={"arrow": "AAAA"}),
        lambda data: data["tables"][0].update(key={"kind": "__import__"}),
        lambda data: data["tables"][0].update(rows=None),
        lambda data: data.update(tables=[[]]),
    ],
)
def test_a_description_that_was_tampered_with_is_refused(tmp_path: Path, change: Any) -> None:
    write_description(_generator(tmp_path))
    data = json.loads((tmp_path / DESCRIPTION).read_text())
    change(data)
    (tmp_path / DESCRIPTION).write_text(json.dumps(data))
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_description(tmp_path)
