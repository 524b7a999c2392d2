"""Constraints of tables below others, and over several tables, on every row that comes out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.errors import ConfigError

if TYPE_CHECKING:
    from semblant.engine import Engine

CUSTOMERS, PRODUCTS = 300, 12


def shop() -> dict[str, pl.DataFrame]:
    """Make tables in which every rule below holds."""
    rng = np.random.default_rng(3)
    since = rng.integers(18_000, 19_000, CUSTOMERS)
    owner = np.sort(rng.integers(0, CUSTOMERS, 900))
    day = since[owner] + np.floor(rng.exponential(60, 900)).astype(int)
    order = np.lexsort((day, owner))
    owner, day = owner[order], day[order]
    at = np.sort(rng.integers(0, 900, 2200))
    price = np.round(rng.uniform(1, 90, PRODUCTS), 2)
    sku = rng.integers(0, PRODUCTS, 2200)
    paid = np.round(price[sku] * (1 + rng.random(2200) / 4), 2)
    gift, coupon = rng.random((2, 2200)) < 0.3
    lines = pl.DataFrame({"order": at + 1, "sku": sku, "paid": paid, "gift": gift, "coupon": coupon & ~gift})
    totals = lines.group_by("order").agg(pl.col("paid").sum().round(2).alias("total"))
    orders = pl.DataFrame(
        {
            "id": np.arange(1, 901),
            "customer": owner + 1,
            "day": day.astype("datetime64[D]"),
            "sent": (day + rng.integers(0, 9, 900)).astype("datetime64[D]"),
        }
    )
    return {
        "customer": pl.DataFrame({"id": np.arange(1, CUSTOMERS + 1), "since": since.astype("datetime64[D]")}),
        "product": pl.DataFrame({"id": np.arange(PRODUCTS), "price": price}),
        "order": orders.join(totals, left_on="id", right_on="order", how="left", maintain_order="left"),
        "line": lines,
    }


def key(columns: str, references: str) -> dict[str, Any]:
    return {"columns": columns, "references": references}


TABLES = {
    "product": {"treatment": "original", "primary_key": "id"},
    "customer": {"primary_key": "id"},
    "order": {
        "primary_key": "id",
        "foreign_keys": [key("customer", "customer")],
        "constraints": [
            {"inequality": {"low": "customer.since", "high": "day"}},
            {"inequality": {"low": "day", "high": "sent"}},
            {"sum": {"total": "total", "parts": ["line.paid"]}},
        ],
    },
    "line": {
        "primary_key": None,
        "foreign_keys": [key("order", "order"), key("sku", "product")],
        "constraints": [
            {"inequality": {"low": "product.price", "high": "paid"}},
            {"exclusive": {"columns": ["gift", "coupon"]}},
        ],
    },
}


@pytest.fixture(scope="module")
def result(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("rules")
    for name, table in shop().items():
        pq.write_table(table.to_arrow(), folder / f"{name}.parquet")
    source = {"type": "files", "path": str(folder)}
    spec = {"source": source, "tables": TABLES, "model": {"size": "small", "max_epochs": 4}}
    return engine.run(engine.load({**spec, "report": {"sections": ["constraints"], "formats": ["json"]}}))


def made(result: Any) -> dict[str, pl.DataFrame]:
    return {name: pl.DataFrame(result.table(name)) for name in TABLES}


def broken(tables: dict[str, pl.DataFrame]) -> dict[str, int]:
    """Count the rows that break each rule, by plain joins."""
    orders = tables["order"].join(tables["customer"], left_on="customer", right_on="id")
    lines = tables["line"].join(tables["product"], left_on="sku", right_on="id")
    sums = tables["line"].group_by("order").agg(pl.col("paid").sum())
    totals = tables["order"].join(sums, left_on="id", right_on="order")
    return {
        "since": orders.filter(pl.col("day") < pl.col("since")).height,
        "sent": orders.filter(pl.col("sent") < pl.col("day")).height,
        "total": totals.filter((pl.col("total") - pl.col("paid")).abs() > 1e-6).height,
        "price": lines.filter(pl.col("paid") < pl.col("price")).height,
        "exclusive": lines.filter(pl.col("gift") & pl.col("coupon")).height,
    }


@pytest.mark.feature(217)
def test_no_row_breaks_a_rule_of_a_child_or_over_tables(result: Any) -> None:
    tables = made(result)
    assert tables["order"].height > 500
    assert tables["line"].height > 1000
    assert broken(tables) == dict.fromkeys(broken(tables), 0)
    mixed = dict(tables, order=tables["order"].with_columns(pl.col("day", "total").shuffle(seed=1)))
    assert min(broken(mixed)["since"], broken(mixed)["total"]) > 50, "rows of other orders would break them"


def test_rows_are_as_varied_as_before_and_in_time(result: Any) -> None:
    orders = made(result)["order"]
    steps = orders.select(pl.col("day").diff().over("customer").dt.total_days()).to_series().drop_nulls()
    assert (steps >= 0).all(), "rows that were changed stay in time"
    gaps = orders.join(made(result)["customer"], left_on="customer", right_on="id")
    days = gaps.select((pl.col("day") - pl.col("since")).dt.total_days()).to_series().to_numpy()
    assert (days == 0).mean() < 0.2, "wrong days are not heaped on the bound"
    assert 30 < days.mean() < 90


def test_the_report_counts_rules_over_tables(result: Any) -> None:
    report = json.loads(result.report_paths["json"].read_text(encoding="utf-8"))
    found = next(s for s in report["sections"] if s["name"] == "constraints")["figures"]["rules"]
    rules = {rule["rule"]: rule for rule in found}
    assert set(rules) >= {"customer.since ≤ day", "line.paid = total", "product.price ≤ paid"}
    assert {rule["synthetic"] for rule in rules.values()} == {0}
    assert {rule["original"] for rule in rules.values()} == {0}


@pytest.mark.feature(217)
def test_a_given_total_whose_lines_are_bound_is_refused_and_rules_hold_below_given_rows(
    engine: Engine, result: Any
) -> None:
    orders = pa.table({"id": [1, 2, 3], "customer": [1, 1, 2], "total": [50.0, None, 12.34]})
    with pytest.raises(ConfigError, match="bound by other constraints"):
        engine.generate(result.generator_path, given={"order": orders})
    free = orders.drop_columns(["total"])
    tables = made(engine.generate(result.generator_path, given={"order": free}))
    assert tables["order"]["id"].to_list() == [1, 2, 3]
    assert sum(broken(tables).values()) == 0
