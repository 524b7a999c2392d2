"""Free text through the whole engine: a step of its own, its settings, and what it is given of other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from semblant.events import EventKind, Step

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.events import Event
    from semblant.results import JobResult

QUICK = ("report.enabled=false", "model.size=small", "model.max_epochs=8")
WORDS = ("violet", "harbour", "copper", "meadow")


def shop(customers: int = 500) -> dict[str, pa.Table]:
    """Give customers with a note, and orders whose text says the customer's word and the product's name."""
    rng = np.random.default_rng(2)
    word = rng.choice(WORDS, customers)
    owner = np.repeat(np.arange(customers), 2)
    product = rng.integers(0, 3, len(owner))
    names = np.array(["lamp", "chair", "table"])
    said = [
        f"the {names[p]} is as {word[o]} as I {rng.choice(['hoped', 'feared'])}"
        for p, o in zip(product, owner, strict=True)
    ]
    return {
        "products": pa.table({"id": [1, 2, 3], "name": names}),
        "customers": pa.table({"id": np.arange(customers), "taste": word, "age": rng.integers(20, 60, customers)}),
        "orders": pa.table(
            {"id": np.arange(len(owner)), "customer_id": owner, "product_id": product + 1, "text": said}
        ),
    }


def run(folder: Path, *overrides: str, tables: dict[str, pa.Table] | None = None) -> tuple[JobResult, list[Event]]:
    folder.mkdir(parents=True, exist_ok=True)
    heard: list[Event] = []
    tables = tables or {"orders": shop()["orders"].select(["text", "product_id"])}
    (folder / "in").mkdir()
    spec: dict[str, Any] = {"source": {"type": "files", "path": str(folder / "in")}, "seed": 3, "tables": {}}
    for name, table in tables.items():
        pq.write_table(table, folder / "in" / f"{name}.parquet")
    spec["tables"]["orders"] = {"columns": {"text": {"encoding": "text"}}}
    if "products" in tables:
        spec["tables"]["products"] = {"treatment": "original", "primary_key": "id"}
        spec["tables"]["customers"] = {"primary_key": "id"}
        spec["tables"]["orders"] |= {
            "primary_key": "id",
            "foreign_keys": [
                {"columns": "customer_id", "references": "customers"},
                {"columns": "product_id", "references": "products"},
            ],
        }
    with Engine(home=folder / "home", on_event=heard.append) as engine:
        return engine.run(engine.load(spec, [*QUICK, *overrides]), out=folder / "out"), heard


@pytest.mark.feature(51, 118)
def test_texts_are_a_step_of_their_own_in_batches_of_the_size_asked_for(tmp_path: Path) -> None:
    result, heard = run(tmp_path, "model.text.backend=ngram", "generation.text_batch_size=300")
    events = [event for event in heard if event.step is Step.GENERATE_TEXT]
    assert [event.kind for event in (events[0], events[-1])] == [EventKind.STEP_STARTED, EventKind.STEP_FINISHED]
    told = {event.done or 0 for event in events if event.kind is EventKind.STEP_PROGRESS}
    assert sorted(told) == [300, 600, 900, 1000]
    order = [(e.step, e.table) for e in heard if e.kind is EventKind.STEP_STARTED]
    for step in (Step.TRANSFORM, Step.TRAIN):
        assert (step, "orders (text)") in order
    assert order.index((Step.GENERATE_TEXT, "orders")) > order.index((Step.GENERATE, "orders"))
    assert result.table("orders").schema.field("text").type in (pa.string(), pa.large_string())


@pytest.mark.feature(51)
def test_the_batch_size_of_texts_leaves_the_other_columns_alone(tmp_path: Path) -> None:
    small, large = (
        run(tmp_path / str(size), "model.text.backend=ngram", f"generation.text_batch_size={size}")[0].table("orders")
        for size in (100, 1000)
    )
    assert small.column("product_id").equals(large.column("product_id"))
    assert not small.column("text").equals(large.column("text"))


@pytest.mark.feature(44)
def test_the_share_of_texts_that_validates_is_the_one_of_the_text_model(tmp_path: Path) -> None:
    quick = ("model.text.max_epochs=1", "model.text.settings={embedding: 16, hidden: 24, window: 16}")
    found = {}
    for share in (0.1, 0.4):
        used = run(tmp_path / str(share), f"model.text.validation_fraction={share}", *quick)[0].settings_used["orders"]
        found[share] = used["text"]["validation_texts"] / (used["text"]["texts"] + used["text"]["validation_texts"])
    assert found[0.1] == pytest.approx(0.1, abs=0.04)
    assert found[0.4] == pytest.approx(0.4, abs=0.06)


@pytest.mark.nightly
def test_a_childs_text_agrees_with_its_parent_and_with_what_it_looks_up(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "model.text.max_epochs=30", tables=shop())
    made = {name: pl.DataFrame(pl.from_arrow(result.table(name))) for name in ("orders", "customers", "products")}
    joined = (
        made["orders"]
        .join(made["customers"].rename({"id": "customer_id"}), on="customer_id")
        .join(made["products"].rename({"id": "product_id"}), on="product_id")
    )
    assert joined.height > 500
    for column in ("taste", "name"):
        agrees = joined.select(pl.col("text").str.contains(pl.col(column), literal=True))["text"].mean()
        print("texts of orders that say the", column, agrees)
        assert agrees > 0.85  # type: ignore[operator]
