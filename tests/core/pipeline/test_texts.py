"""The step that writes texts: what a text is given of other tables, and primary keys with a text in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import define, evolve, field

from semblant.artefact.generator import GeneratorTable
from semblant.errors import ModelError
from semblant.pipeline.generate import Order
from semblant.pipeline.relations.above import above
from semblant.pipeline.relations.frames import Member, Relations
from semblant.pipeline.text_columns import DATA
from semblant.pipeline.texts import TextWriting
from semblant.relations import Link, LinkKind
from semblant.run import Run
from semblant.schema import Column, ForeignKey, Table
from semblant.training import ColumnPlan, GenerationRequest, above_column
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@define
class Writer:
    """A text model that numbers the texts it writes, up to ``different`` ones, and keeps what it was asked."""

    different: int = 1000
    asked: list[GenerationRequest] = field(factory=list)
    history: tuple[Any, ...] = ()
    settings_used: dict[str, Any] = field(factory=dict)

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        self.asked.append(request)
        random = np.random.default_rng(request.seed)
        texts = [f"text {n}" for n in random.integers(0, self.different, request.rows)]
        yield pa.record_batch({"note": pa.array(texts, pa.large_string())})

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        return np.zeros(rows.num_rows)

    def save(self, folder: Path) -> None:
        """Keep nothing."""


def entry(key: tuple[str, ...] = ()) -> GeneratorTable:
    table = Table(
        name="orders",
        columns=(Column(name="kind", type=pa.string()), Column(name="note", type=pa.large_string())),
        primary_key=key,
    )
    plans = (
        ColumnPlan(name="kind", type=pa.string(), encoding=EncodingType.CATEGORICAL),
        ColumnPlan(name="note", type=pa.large_string(), encoding=EncodingType.TEXT),
    )
    return GeneratorTable(table=table, treatment="synthesize", plans=plans, rows=50)  # type: ignore[arg-type]


def rows(folder: Path, count: int = 50) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"kind": ["a"] * count, "note": pa.array([4] * count, pa.int16())}), folder / DATA)
    return folder


def write(work: TextWriting, folder: Path) -> pa.Table:
    (folder / "out").mkdir(parents=True)
    work.write(rows(folder / "rows"), Run(job="test", seed=1, workspace=folder / "out"))
    return pq.read_table(folder / "out" / DATA)


def test_texts_take_the_place_of_their_buckets(tmp_path: Path) -> None:
    model = Writer()
    made = write(TextWriting(entry=entry(), model=model, order=Order(rows=50, text_batch_rows=7)), tmp_path)
    assert made.column_names == ["kind", "note"]
    assert made.schema.field("note").type == pa.large_string()
    assert model.asked[0].batch_rows == 7
    assert model.asked[0].given is not None
    assert model.asked[0].given.column("note").to_pylist() == [4] * 50


def test_a_primary_key_with_a_text_in_it_never_comes_twice(tmp_path: Path) -> None:
    work = TextWriting(entry=entry(("kind", "note")), model=Writer(different=60), order=Order(rows=50))
    assert len(set(write(work, tmp_path / "a").column("note").to_pylist())) == 50
    few = evolve(work, model=Writer(different=40))
    with pytest.raises(ModelError, match="primary keys"):
        write(few, tmp_path / "b")


def test_a_text_is_given_the_parents_row_its_texts_and_what_is_looked_up(tmp_path: Path) -> None:
    parent = pa.table({"city": ["Rome", "Bern"], "about": ["old town", "new town"]})
    lookup = pa.table({"name": ["lamp", "chair", "table"]})
    for name, table in (("customers", parent), ("products", lookup)):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    kinds = {"city": EncodingType.CATEGORICAL, "about": EncodingType.TEXT, "name": EncodingType.CATEGORICAL}
    members = {
        name: Member(
            name=name,
            path=tmp_path / f"{name}.parquet",
            plans=tuple(ColumnPlan(name=f.name, type=f.type, encoding=kinds[f.name]) for f in table.schema),
        )
        for name, table in (("customers", parent), ("products", lookup))
    }
    links = tuple(
        Link(ForeignKey(columns=(f"{name}_id",), references=name, referenced_columns=("id",)), kind)
        for name, kind in (("customers", LinkKind.PARENT), ("products", LinkKind.LOOKUP))
    )
    found = above(Member(name="orders", path=tmp_path, plans=(), links=links), Relations(members))
    names = [above_column(name) for name in ("customers.city", "customers.about", f"{links[1].name}.name")]
    assert [plan.name for plan in found.plans] == names
    assert all(plan.above for plan in found.plans)
    taken = found.of({links[0].name: np.array([1, -1, 0]), links[1].name: np.array([2, 0, 7])})
    assert [taken.column(name).to_pylist() for name in names] == [
        ["Bern", None, "Rome"],
        ["new town", None, "old town"],
        ["table", "lamp", None],
    ]
