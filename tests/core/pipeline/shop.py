"""A small database with planted dependence: children, grandchildren, a lookup, a second parent, staff."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

TABLES = {
    "product": {"treatment": "original", "primary_key": "sku"},
    "customer": {"primary_key": "id"},
    "order": {"primary_key": "id", "foreign_keys": [{"columns": "customer", "references": "customer"}]},
    "line": {
        "primary_key": ["order", "sku"],
        "foreign_keys": [
            {"columns": "order", "references": "order"},
            {"columns": "sku", "references": "product"},
            {"columns": "clerk", "references": "clerk", "match": True},
        ],
    },
    "clerk": {"primary_key": "id", "foreign_keys": [{"columns": "boss", "references": "clerk"}]},
    "nothing": {"primary_key": None, "foreign_keys": [{"columns": "order", "references": "order"}]},
}


def database(seed: int = 1, customers: int = 500) -> dict[str, pa.Table]:
    """Make the tables: a customer's land decides the currency of the lines, two levels below."""
    rng = np.random.default_rng(seed)
    land = rng.choice(["AT", "CH"], customers)
    price = np.round(rng.choice([2.0, 10.0, 50.0], 40) + rng.random(40), 2)
    orders = rng.choice([0, 1, 2, 3], customers, p=[0.3, 0.3, 0.2, 0.2])
    owner = np.repeat(np.arange(customers), orders)
    place = np.concatenate([np.arange(n) for n in orders])
    first = rng.integers(18_000, 18_400, customers)
    day = first[owner] + place * 7 + rng.integers(0, 3, len(owner))
    lines = rng.integers(1, 4, len(owner))
    at = np.repeat(np.arange(len(owner)), lines)
    sku = np.concatenate([rng.choice(40, n, replace=False) for n in lines])
    clerk = np.where(rng.random(len(at)) < 0.9, np.where(land[owner[at]] == "AT", 0, 1), rng.integers(0, 2, len(at)))
    boss = [None, *([1] * 9), *rng.integers(2, 11, 30).tolist()]
    return {
        "product": pa.table({"sku": [f"P{i:03d}" for i in range(40)], "price": price}),
        "customer": pa.table({"id": [f"C-{i:05d}" for i in range(customers)], "land": land}),
        "order": pa.table(
            {
                "id": np.arange(1, len(owner) + 1),
                "customer": [None if i % 20 == 0 else f"C-{c:05d}" for i, c in enumerate(owner)],
                "day": day.astype("datetime64[D]"),
            }
        ),
        "line": pa.table(
            {
                "order": at + 1,
                "sku": [f"P{i:03d}" for i in sku],
                "paid": np.round(price[sku] * 1.2, 2),
                "currency": np.where(land[owner[at]] == "AT", "EUR", "CHF"),
                "clerk": clerk * 20 + rng.integers(1, 21, len(at)),
            }
        ),
        "clerk": pa.table(
            {
                "id": np.arange(1, 41),
                "office": ["Wien"] * 20 + ["Bern"] * 20,
                "boss": pa.array(boss, pa.int64()),
            }
        ),
        "nothing": pa.table({"order": pa.array([], pa.int64()), "note": pa.array([], pa.string())}),
    }
