"""Tables below few parents have about as many rows as in the data, at each draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

pytest.importorskip("jax")

from semblant.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.feature(200, 204)
def test_the_rows_below_few_parents_add_up_to_much_the_same_at_each_draw(tmp_path: Path) -> None:
    """Independent numbers would differ by 14 of 100 rows from draw to draw, and once more at each level below.

    Rows whose line stood there already were left out: a quarter of them.
    """
    rng = np.random.default_rng(1)
    owner = np.repeat(np.arange(100), rng.geometric(0.5, 100) - 1)
    (tmp_path / "data").mkdir()
    pl.DataFrame({"id": np.arange(100), "kind": rng.choice(["a", "b"], 100)}).write_parquet(
        tmp_path / "data" / "shop.parquet"
    )
    line = np.arange(len(owner)) - np.searchsorted(owner, owner)
    sales = {"shop_id": owner, "line": line, "paid": rng.gamma(2, 9, len(owner)).round(2)}
    pl.DataFrame(sales).write_parquet(tmp_path / "data" / "sale.parquet")
    keys = [{"columns": "shop_id", "references": "shop"}]
    tables = {"shop": {"primary_key": "id"}, "sale": {"primary_key": ["shop_id", "line"], "foreign_keys": keys}}
    spec = {"source": {"type": "files", "path": str(tmp_path / "data")}, "tables": tables, "seed": 4}
    with Engine(home=tmp_path / "home") as engine:
        found = engine.load({**spec, "model": {"size": "small", "max_epochs": 1}, "report": {"enabled": False}})
        generator = engine.train(found, output=tmp_path / "shop.semblant")
        rows = [int(engine.generate(generator, seed=n, out=tmp_path / str(n)).rows["sale"]) for n in range(12)]
    print(len(owner), rows)
    assert np.std(rows) < 8
    assert abs(np.mean(rows) / len(owner) - 1) < 0.15
