"""Databases of many tables, many levels and many rows: keys hold, dependence shows, memory has a ceiling."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from semblant.engine import Engine
from tests.e2e.databases import LEVELS, chain, information, planted, stress, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Made = Callable[..., dict[str, pl.DataFrame]]

_BYTES = 3 * 2**30
"""Most memory for a million child rows."""


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Give what makes a database from tables and their keys."""
    pytest.importorskip("jax")

    def make(tables: dict[str, pl.DataFrame], spec: dict[str, Any], **model: Any) -> dict[str, pl.DataFrame]:
        source = {"type": "files", "path": str(written(tmp_path / "data", tables))}
        with Engine(home=tmp_path / "home") as engine:
            found = engine.load({"source": source, "tables": spec, "model": model, "report": {"enabled": False}})
            result = engine.run(found)
            return {name: pl.DataFrame(result.table(name)) for name in tables}

    return make


def orphans(tables: dict[str, pl.DataFrame], spec: dict[str, Any]) -> dict[str, int]:
    """Count the references that lead nowhere, per key that has some."""
    found: dict[str, int] = {}
    for name, wanted in spec.items():
        for one in wanted.get("foreign_keys", []):
            target = spec[one["references"]]["primary_key"]
            there = tables[one["references"]].select([target] if isinstance(target, str) else target)
            own = tables[name].select(one["columns"]).drop_nulls()
            own.columns = there.columns
            lost = own.join(there, on=there.columns, how="anti").height
            if lost:
                found[f"{name}({', '.join(one['columns'])})"] = lost
    return found


def repeated(tables: dict[str, pl.DataFrame], spec: dict[str, Any]) -> dict[str, int]:
    """Count the rows whose primary key comes twice."""
    found = {}
    for name, wanted in spec.items():
        if wanted["primary_key"] is not None:
            twice = tables[name].height - tables[name].select(wanted["primary_key"]).n_unique()
            if twice:
                found[name] = twice
    return found


@pytest.mark.nightly
@pytest.mark.feature(203)
@pytest.mark.feature(201)
def test_sixty_tables_on_eight_levels_keep_every_key(made: Made) -> None:
    tables, spec = stress()
    assert len(tables) == 60
    found = made(tables, spec, size="small", max_epochs=1)
    assert orphans(found, spec) == {}
    assert repeated(found, spec) == {}
    for name, table in tables.items():
        assert found[name].schema == table.schema, name
        assert 0.4 < (found[name].height + 30) / (table.height + 30) < 2.5, name
    for name in (name for name in tables if name.startswith("lookup")):
        assert found[name].equals(tables[name])


@pytest.mark.nightly
@pytest.mark.feature(203)
def test_a_value_of_the_root_decides_one_of_the_leaf_eight_levels_below(made: Made) -> None:
    tables, spec = chain()
    found = made(tables, spec)

    def down(some: dict[str, pl.DataFrame]) -> pl.DataFrame:
        rows = some[f"n{LEVELS - 1}"].select("up", "tint")
        for level in range(LEVELS - 2, 0, -1):
            above = some[f"n{level}"].select(pl.col("id"), pl.col("up").alias("next"))
            rows = rows.join(above, left_on="up", right_on="id").select(pl.col("next").alias("up"), "tint")
        return rows.join(some["n0"], left_on="up", right_on="id")

    rows = down(found)
    agreement = (rows["tint"] == "dark " + rows["colour"]).mean()
    assert isinstance(agreement, float)
    assert agreement > 0.95
    assert information(rows["tint"], rows["colour"]) > 0.9 * information(down(tables)["tint"], down(tables)["colour"])
    assert information(rows["tint"].shuffle(seed=1), rows["colour"]) < 0.05


@pytest.mark.nightly
@pytest.mark.feature(204)
def test_what_goes_with_a_product_or_a_clerk_goes_with_it_in_made_rows(made: Made) -> None:
    tables, spec = planted()
    del tables["staff"], spec["staff"]
    found = made(tables, spec)

    def pairs(some: dict[str, pl.DataFrame]) -> dict[str, tuple[pl.Series, pl.Series]]:
        low, high = (tables["product"]["price"].quantile(q) for q in (0.33, 0.67))
        dear = some["product"].with_columns((pl.col("price") > low).cast(int) + (pl.col("price") > high).cast(int))
        lines = some["line"].join(dear, left_on="product", right_on="id")
        lines = lines.join(some["clerk"], left_on="clerk", right_on="id")
        return {"price and band": (lines["price"], lines["band"]), "skill and mark": (lines["skill"], lines["mark"])}

    real = {name: information(*two) for name, two in pairs(tables).items()}
    got = {name: information(*two) for name, two in pairs(found).items()}
    print({name: (round(real[name], 3), round(got[name], 3)) for name in real})
    for name, value in real.items():
        one, other = pairs(found)[name]
        assert abs(got[name] - value) <= 0.1 * value, name
        assert information(one, other.shuffle(seed=1)) < 0.1 * value, "matched at random it is gone"


@pytest.mark.nightly
@pytest.mark.feature(202)
def test_a_member_of_staff_has_a_boss_of_the_level_above_in_the_same_office(made: Made) -> None:
    tables, spec = planted()
    tables, spec = {"staff": tables["staff"]}, {"staff": spec["staff"]}
    found = made(tables, spec)

    def pairs(some: pl.DataFrame) -> dict[str, tuple[pl.Series, pl.Series]]:
        both = some.join(some, left_on="boss", right_on="id", suffix="_of_boss")
        return {name: (both[name], both[f"{name}_of_boss"]) for name in ("level", "office")}

    real = {name: information(*two) for name, two in pairs(tables["staff"]).items()}
    got = {name: information(*two) for name, two in pairs(found["staff"]).items()}
    print({name: (round(real[name], 3), round(got[name], 3)) for name in real})
    for name, value in real.items():
        one, other = pairs(found["staff"])[name]
        assert abs(got[name] - value) <= 0.1 * value, name
        assert information(one, other.shuffle(seed=1)) < 0.1 * value, "matched at random it is gone"


_MANY = """
import json, sys
from semblant.clock import peak_memory_bytes
from semblant.engine import Engine

with Engine(home=sys.argv[2]) as engine:
    result = engine.run(engine.load(json.loads(sys.argv[1])))
    rows = {name: table.num_rows for name, table in ((n, result.table(n)) for n in ("owner", "event"))}
    owners, events = (set(result.table(n)[c].to_pylist()) for n, c in (("owner", "id"), ("event", "owner")))
print(json.dumps({"rows": rows, "lost": len(events - owners), "peak": peak_memory_bytes()}))
"""


@pytest.mark.nightly
def test_a_million_child_rows_need_less_than_three_gibibytes(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    owners, events = 50_000, 1_000_000
    owner = np.sort(rng.integers(0, owners, events))
    day = 18_000 + np.cumsum(rng.integers(0, 3, events)) % 900
    tables = {
        "owner": pl.DataFrame({"id": np.arange(owners), "kind": rng.choice(["a", "b"], owners)}),
        "event": pl.DataFrame(
            {"owner": owner, "day": day.astype("datetime64[D]"), "paid": rng.gamma(2, 9, events).round(2)}
        ).sort("owner", "day"),
    }
    spec = {
        "source": {"type": "files", "path": str(written(tmp_path / "data", tables))},
        "tables": {
            "owner": {"primary_key": "id"},
            "event": {"primary_key": None, "foreign_keys": [{"columns": ["owner"], "references": "owner"}]},
        },
        "model": {"size": "small", "max_epochs": 1},
        "report": {"enabled": False},
    }
    command = [sys.executable, "-c", _MANY, json.dumps(spec), str(tmp_path / "home")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    print(found)
    assert found["rows"]["owner"] == owners
    assert 0.9 < found["rows"]["event"] / events < 1.1
    assert found["lost"] == 0
    assert found["peak"] < _BYTES
