"""A table with a column of each kind, rows to be added to it, and its preprocessing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semblant_models.privacy.preprocessing.budget import COUNT, Budget
from semblant_models.privacy.preprocessing.facts import PublicFacts
from semblant_models.privacy.preprocessing.learn import learn_codes, weight_of
from semblant_models.privacy.preprocessing.table import TableCodes
from semblant_models.tabular.encodings.arrow import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant_models.privacy.preprocessing.releases import Releases

ROWS = 3000
RHO = 0.5


def people(rows: int = ROWS, seed: int = 0) -> pa.Table:
    """Give a table of all kinds of columns; ``gain`` is zero in nine rows of ten."""
    rng = np.random.default_rng(seed)
    day = np.datetime64("2019-03-01", "D") + rng.integers(0, 500, rows)
    moment = np.datetime64("2021-01-01T00:00:00", "ns") + rng.integers(0, 10**6, rows) * np.timedelta64(60, "s")
    return pa.table(
        {
            "town": pa.array(rng.choice(["Rome", "Milan", "Turin"], rows, p=[0.7, 0.2, 0.1])),
            "age": pa.array(rng.integers(18, 90, rows), pa.int64()),
            "weight": pa.array(rng.normal(70, 10, rows).round(1), mask=rng.random(rows) < 0.2),
            "gain": pa.array(np.where(rng.random(rows) < 0.9, 0, rng.integers(1, 50, rows) * 100), pa.int32()),
            "price": pa.array(
                [Decimal(int(cents)) / 100 for cents in rng.integers(0, 10_000, rows)], pa.decimal128(9, 2)
            ),
            "real": pa.array(rng.random(rows) * np.pi),
            "member": pa.array(rng.random(rows) < 0.3),
            "day": pa.array(day),
            "moment": pa.array(moment),
        }
    )


def neighbours() -> dict[str, dict[str, Any]]:
    """Give rows to be added: extremes, a category of its own, all missing, a usual one."""
    last = people().slice(ROWS - 1).to_pylist()[0]
    far: dict[str, Any] = {
        "town": "Xanadu-only-once",
        "age": 2**40,
        "weight": 1e30,
        "gain": 2**30,
        "price": Decimal("9999999.99"),
        "real": float("inf"),
        "member": True,
        "day": dt.date(9999, 12, 31),
        "moment": dt.datetime(2200, 1, 1, 0, 0, 1),
    }
    return {"far": far, "missing": dict.fromkeys(far), "usual": last, "not a number": {**last, "real": float("nan")}}


def added(table: pa.Table, row: Mapping[str, Any]) -> pa.Table:
    """Add a row at the end."""
    return pa.concat_tables([table, pa.Table.from_pylist([dict(row)], table.schema)])


def preprocess(
    table: pa.Table, releases: Releases, rho: float = RHO, facts: Mapping[str, PublicFacts] | None = None
) -> TableCodes:
    """Learn the codes of a table."""
    known = facts or {}
    columns = [(name, plain(table.column(name)), known.get(name, PublicFacts())) for name in table.column_names]
    parts = COUNT + sum(weight_of(values.type, fact) for _, values, fact in columns)
    budget = Budget(rho=rho, delta=1e-6, later=rho, parts=parts)
    total, codes = learn_codes(columns, table.num_rows, budget, releases)
    return TableCodes(tuple(table.column_names), tuple(table.schema.types), tuple(codes), total)
