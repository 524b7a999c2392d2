"""Columns that repeat a row that they refer to do so in made rows, to the letter, and only where the data do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve

from semblant.errors import ConfigError
from semblant.pipeline.relations.echoes import Echo, found_echoes
from semblant.pipeline.relations.frames import Member, Relations
from semblant.plan import TablePlan
from semblant.relations import Link, LinkKind
from semblant.schema import Column, ForeignKey, Table
from semblant.spec.constraints import Constraint, Inequality
from semblant.spec.model import GenerationSpec
from semblant.spec.training import ModelSpec
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType, TableTreatment

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.engine import Engine

CUSTOMERS, ORDERS = 240, 900
WORDS = ["quick", "slow", "green", "late", "fragile", "heavy", "gift", "cold", "small", "urgent"]
TABLES = {
    "product": {"treatment": "original", "primary_key": "sku"},
    "customer": {"primary_key": "id", "columns": {"note": {"encoding": "text"}}},
    "order": {
        "primary_key": "id",
        "foreign_keys": [
            {"columns": "customer", "references": "customer"},
            {"columns": "sku", "references": "product"},
        ],
        "columns": {"note": {"encoding": "text"}},
    },
}


def database() -> dict[str, pl.DataFrame]:
    """Make orders that repeat their customer and their product: ``city`` mostly, the others always."""
    rng = np.random.default_rng(5)
    city = [f"{rng.choice(['New', 'Old', 'Upper'])} {rng.choice(WORDS)} {n}" for n in range(CUSTOMERS)]
    note = [" ".join(rng.choice(WORDS, 9)) for _ in range(CUSTOMERS)]
    since = (18_000 + rng.integers(0, 900, CUSTOMERS)).astype("datetime64[D]")
    owner, sku = np.sort(rng.integers(0, CUSTOMERS, ORDERS)), rng.integers(0, 12, ORDERS)
    price = np.round(rng.uniform(1, 99, 12), 2)
    elsewhere = rng.random(ORDERS) < 0.15
    return {
        "product": pl.DataFrame({"sku": np.arange(12), "price": price}),
        "customer": pl.DataFrame({"id": np.arange(CUSTOMERS), "city": city, "since": since, "note": note}),
        "order": pl.DataFrame(
            {
                "id": np.arange(1, ORDERS + 1),
                "customer": owner,
                "sku": sku,
                "city": np.where(elsewhere, rng.choice(["Rome", "Oslo"], ORDERS), np.array(city)[owner]),
                "since": since[owner],
                "note": np.array(note)[owner],
                "price": price[sku],
                "pieces": rng.integers(1, 9, ORDERS),
            }
        ),
    }


@pytest.fixture(scope="module")
def data() -> dict[str, pl.DataFrame]:
    return database()


@pytest.fixture(scope="module")
def source(data: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repeats")
    for name, table in data.items():
        pq.write_table(table.to_arrow(), folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="module")
def result(engine: Engine, source: Path) -> Any:
    pytest.importorskip("jax")
    model = {"size": "small", "max_epochs": 4, "text": {"size": "small", "max_epochs": 1}}
    spec = {"source": {"type": "files", "path": str(source)}, "tables": TABLES, "model": model}
    return engine.run(engine.load({**spec, "report": {"enabled": False}}))


def joined(made: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Put customer and product beside each order."""
    orders = made["order"].join(made["customer"], left_on="customer", right_on="id", suffix="_theirs")
    return orders.join(made["product"], on="sku", suffix="_theirs")


def same(frame: pl.DataFrame, name: str) -> float:
    return float(frame.select(pl.col(name).eq_missing(pl.col(f"{name}_theirs")).mean()).item())


def test_what_is_always_repeated_is_repeated_by_every_row(result: Any, data: dict[str, pl.DataFrame]) -> None:
    made = {name: pl.DataFrame(result.table(name)) for name in data}
    rows = joined(made)
    assert rows.height == made["order"].height > 500
    assert [same(rows, name) for name in ("since", "note", "price")] == [1.0, 1.0, 1.0]
    assert made["order"].schema == data["order"].schema
    assert made["customer"]["note"].n_unique() > 100, "or equal notes would prove nothing"


def test_what_is_mostly_repeated_is_repeated_as_often(result: Any, data: dict[str, pl.DataFrame]) -> None:
    rows = joined({name: pl.DataFrame(result.table(name)) for name in data})
    assert abs(same(rows, "city") - same(joined(data), "city")) < 0.08
    others = rows.filter(pl.col("city") != pl.col("city_theirs"))
    assert set(others["city"]) >= {"Rome", "Oslo"}


def test_given_values_stay(result: Any, engine: Engine, data: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    given = pa.table({"customer": pa.array([5, 6, 7]), "city": ["Kiel", None, "Ulm"], "price": [None, 7.5, None]})
    customers = data["customer"].select("id").to_arrow()
    made = engine.generate(result.generator_path, given={"customer": customers, "order": given}, out=tmp_path / "out")
    orders = pl.read_parquet(made.tables["order"])
    assert orders["city"][0] == "Kiel"
    assert orders["city"][2] == "Ulm"
    assert orders["price"][1] == 7.5
    rows = joined({"order": orders, "customer": pl.read_parquet(made.tables["customer"]), "product": data["product"]})
    assert rows.sort("customer")["price"].eq(rows.sort("customer")["price_theirs"]).to_list() == [True, False, True]


def test_shares_of_a_repeated_column_are_refused_in_words(result: Any, engine: Engine, tmp_path: Path) -> None:
    shares = {"order": {"city": {"Rome": 0.9}}}
    with pytest.raises(ConfigError, match="'city' of table 'order' cannot be rebalanced: it repeats 'city'"):
        engine.generate(result.generator_path, generation=GenerationSpec(rebalance=shares), out=tmp_path / "out")


def planned(source: Path, **changes: Any) -> tuple[Echo, ...]:
    """Look for repeats in the orders; ``changes`` are those of the table's plan."""
    frame = pq.read_schema(source / "order.parquet")
    key = ForeignKey(columns=("customer",), references="customer", referenced_columns=("id",))
    links = (Link(key, LinkKind.PARENT),)
    members = {name: Member(name=name, path=source / f"{name}.parquet", plans=()) for name in ("customer", "product")}
    members["order"] = Member(name="order", path=source / "order.parquet", plans=(), links=links)
    plan = TablePlan(
        table=Table(name="order", columns=tuple(Column(name=f.name, type=f.type) for f in frame), primary_key=("id",)),
        treatment=TableTreatment.SYNTHESIZE,
        columns=tuple(ColumnPlan(name=f.name, type=f.type, encoding=EncodingType.CATEGORICAL) for f in frame),
        links=links,
        model=ModelSpec(),
    )
    return found_echoes(evolve(plan, **changes), source / "order.parquet", Relations(members), 10)


def test_repeats_are_found_and_chance_is_not_taken_for_one(source: Path) -> None:
    found = {echo.column: echo for echo in planned(source)}
    assert set(found) == {"city", "since", "note"}, "the price is the product's, and no link leads there"
    assert (found["city"].always, found["since"].always, found["note"].always) == (False, True, True)
    assert 0.8 < found["city"].share < 0.9


def test_a_column_that_a_constraint_names_is_learned_itself(source: Path) -> None:
    rule = Constraint(inequality=Inequality(low="customer.since", high="since"))
    assert "since" not in {echo.column for echo in planned(source, constraints=(rule,))}


@pytest.mark.parametrize("wanted", [True, False])
def test_repeating_can_be_switched_off(wanted: bool, source: Path) -> None:
    frame = pq.read_schema(source / "order.parquet")
    columns = tuple(
        ColumnPlan(name=f.name, type=f.type, encoding=EncodingType.CATEGORICAL, options={"repeats": wanted})
        for f in frame
    )
    assert bool(planned(source, columns=columns)) is wanted


def test_what_few_subjects_repeat_is_no_repeat(data: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    few = data["order"].with_columns(
        pl.when(pl.col("customer") < 9).then(pl.col("city")).otherwise(pl.lit("Rome")).alias("city"),
        pl.when(pl.col("customer") < 9).then(None).otherwise(pl.col("since")).alias("since"),
    )
    few.write_parquet(tmp_path / "order.parquet")
    data["customer"].write_parquet(tmp_path / "customer.parquet")
    found = {echo.column: echo for echo in planned(tmp_path)}
    assert "city" not in found
    assert found["since"].always, "the other values are of nine subjects: they are not learned"
