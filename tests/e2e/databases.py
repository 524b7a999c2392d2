"""Made databases: a schema of many tables, a long chain, many rows, planted dependence between tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = 8


def written(folder: Path, tables: dict[str, pl.DataFrame]) -> Path:
    """Write a Parquet file per table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    return folder


def key(references: str, *columns: str, match: bool = False) -> dict[str, Any]:
    """Write a foreign key of a spec."""
    return {"columns": list(columns), "references": references, **({"match": True} if match else {})}


def stress(seed: int = 0, rows: int = 60) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Make 60 tables on 8 levels: diamonds, child to grandparent, composite keys, trees, several keys to one table."""
    rng = np.random.default_rng(seed)
    tables: dict[str, pl.DataFrame] = {}
    spec: dict[str, Any] = {}
    for number in range(4):
        codes = [f"L{number}{i:02d}" for i in range(10)]
        tables[f"lookup{number}"] = pl.DataFrame({"code": codes, "weight": rng.random(10).round(3)})
        spec[f"lookup{number}"] = {"treatment": "original", "primary_key": "code"}
    tables["t0"] = pl.DataFrame({"id": np.arange(rows), "kind": rng.choice(["a", "b", "c"], rows)})
    spec["t0"] = {"primary_key": "id"}
    upper, number = ["t0"], 1
    per_level = [0, 7, 8, 8, 8, 8, 8, 8]
    for level in range(1, LEVELS):
        made = []
        for place in range(per_level[level]):
            name, parent = f"t{number}", upper[place % len(upper)]
            tables[name], spec[name] = _table(rng, tables, spec, (parent, upper), (number, place, rows))
            made.append(name)
            number += 1
        upper = made
    return tables, spec


def _table(
    rng: np.random.Generator,
    tables: dict[str, pl.DataFrame],
    spec: dict[str, Any],
    above: tuple[str, list[str]],
    numbers: tuple[int, int, int],
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Make a table below another; what else it refers to depends on its place."""
    (parent, upper), (number, place, rows) = above, numbers
    size = rows + int(rng.integers(0, rows))
    owner = np.sort(rng.integers(0, tables[parent].height, size))
    columns: dict[str, Any] = {}
    own = spec[parent]["primary_key"]
    own = [own] if isinstance(own, str) else own
    names = [f"up_{name}" for name in own]
    columns |= {f"up_{name}": tables[parent][name].to_numpy()[owner] for name in own}
    keys = [key(parent, *names)]
    if place % 4 == 0 and len(own) == 1:  # a composite key: number within the parent
        columns["line"] = np.arange(size) - np.searchsorted(owner, owner)
        primary: Any = [*names, "line"]
    else:
        columns["id"] = np.arange(size) + 1000 * number
        primary = "id"
    if place % 4 == 1:
        columns["code"] = rng.choice(tables[f"lookup{number // 4 % 4}"]["code"].to_list(), size)
        keys.append(key(f"lookup{number // 4 % 4}", "code"))
    if place % 4 == 2 and len(upper) > 1:  # a diamond: a second parent on the same level
        other = next(
            name
            for name in upper[place % len(upper) + 1 :] + upper
            if name != parent and spec[name]["primary_key"] == "id"
        )
        columns["other"] = rng.choice(tables[other]["id"].to_list(), size)
        keys.append(key(other, "other", match=True))
    if place % 4 == 3 and primary == "id":  # a tree, and the root again
        boss = [None if i < 3 else int(columns["id"][rng.integers(0, i)]) for i in range(size)]
        columns["boss"] = pl.Series(boss, dtype=pl.Int64)
        columns["top"] = rng.choice(tables["t0"]["id"].to_list(), size)
        keys += [key(f"t{number}", "boss"), key("t0", "top", match=True)]
    columns["amount"] = (rng.gamma(2.0, 10.0, size)).round(2)
    columns["state"] = rng.choice(["new", "old", "gone"], size)
    return pl.DataFrame(columns), {"primary_key": primary, "foreign_keys": keys}


def chain(rows: int = 400, seed: int = 1) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Make 8 tables, each below the one before; the root's colour decides the leaf's, and nothing between tells it."""
    rng = np.random.default_rng(seed)
    colour = rng.choice(["red", "green", "blue"], rows)
    tables = {"n0": pl.DataFrame({"id": np.arange(rows), "colour": colour})}
    spec: dict[str, Any] = {"n0": {"primary_key": "id"}}
    at = np.arange(rows)
    for level in range(1, LEVELS):
        above = tables[f"n{level - 1}"].height
        owner = np.sort(np.concatenate([np.arange(above), rng.integers(0, above, above // 10)]))
        at = at[owner]
        columns: dict[str, Any] = {"id": np.arange(len(owner)), "up": owner, "noise": rng.integers(0, 5, len(owner))}
        if level == LEVELS - 1:
            columns["tint"] = np.array([f"dark {c}" for c in colour])[at]
        tables[f"n{level}"] = pl.DataFrame(columns)
        spec[f"n{level}"] = {"primary_key": "id", "foreign_keys": [key(f"n{level - 1}", "up")]}
    return tables, spec


def planted(seed: int = 2) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Make a shop: a line goes with the price of its product and the skill of its clerk, staff with bosses."""
    rng = np.random.default_rng(seed)
    customers, products, clerks, lines = 1500, 200, 120, 6000
    price = np.exp(rng.normal(3, 1, products)).round(2)
    skill = rng.choice(["low", "mid", "high"], clerks)
    owner = np.sort(rng.integers(0, customers, lines))
    product = rng.choice(products, lines, p=rng.dirichlet(np.ones(products)))
    dear = np.searchsorted(np.quantile(price, [0.33, 0.67]), price)[product]
    noise = rng.random(lines) < 0.15
    band = np.where(noise, rng.integers(0, 3, lines), dear)
    clerk = rng.integers(0, clerks, lines)
    mark = np.where(rng.random(lines) < 0.8, skill[clerk], rng.choice(["low", "mid", "high"], lines))
    # a dozen chiefs: what fewer than ten hold is protected, and cannot come out
    level = np.array([0] * 12 + [1] * 30 + [2] * 150 + [3] * 640)
    heads, leads, members = rng.integers(0, 12, 30), rng.integers(12, 42, 150), rng.integers(42, 192, 640)
    boss = [*([None] * 12), *heads.tolist(), *leads.tolist(), *members.tolist()]
    office = np.empty(len(level), object)
    for i in range(len(level)):
        moved = boss[i] is None or rng.random() < 0.15
        office[i] = rng.choice(["Wien", "Bern", "Rom"]) if moved else office[boss[i]]
    tables = {
        "product": pl.DataFrame({"id": np.arange(products), "price": price}),
        "clerk": pl.DataFrame({"id": np.arange(clerks), "skill": skill}),
        "customer": pl.DataFrame({"id": np.arange(customers), "land": rng.choice(["AT", "CH"], customers)}),
        "line": pl.DataFrame(
            {
                "customer": owner,
                "product": product,
                "clerk": clerk,
                "band": np.array(["c", "b", "a"])[band],
                "mark": mark,
            }
        ),
        "staff": pl.DataFrame(
            {
                "id": np.arange(len(level)),
                "boss": pl.Series(boss, dtype=pl.Int64),
                "level": np.array(["chief", "head", "lead", "member"])[level],
                "office": office.astype(str),
            }
        ),
    }
    spec = {
        "product": {"treatment": "original", "primary_key": "id"},
        "clerk": {"primary_key": "id"},
        "customer": {"primary_key": "id"},
        "staff": {"primary_key": "id", "foreign_keys": [key("staff", "boss")]},
        "line": {
            "primary_key": None,
            "foreign_keys": [key("customer", "customer"), key("product", "product"), key("clerk", "clerk", match=True)],
        },
    }
    return tables, spec


def information(one: pl.Series, other: pl.Series) -> float:
    """Give the mutual information (nats) of two columns of few values."""
    counts = pl.DataFrame({"a": one, "b": other}).drop_nulls().group_by("a", "b").len()
    p = counts.with_columns(pl.col("len") / pl.col("len").sum())
    both = p.join(p.group_by("a").agg(pl.col("len").sum().alias("pa")), on="a")
    both = both.join(p.group_by("b").agg(pl.col("len").sum().alias("pb")), on="b")
    return float(both.select((pl.col("len") * (pl.col("len") / (pl.col("pa") * pl.col("pb"))).log()).sum()).item())
