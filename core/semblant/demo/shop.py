"""The demo database: a small shop with known truth (:mod:`semblant.demo.truth`).

``customers`` is the root table, ``products`` a lookup; ``orders`` belong to customers, ``order_lines`` to
orders and products, ``reviews`` to customers and products. Nobody in it exists.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from semblant.atomic import atomic_write
from semblant.schema import Column, ForeignKey, Schema, Table

if TYPE_CHECKING:
    import pyarrow as pa

CUSTOMERS = 2000
"""Default number of customers; about 5,200 orders, 9,900 lines and 2,700 reviews come with them."""

_KEYS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "customers": (("id",), ()),
    "products": (("id",), ()),
    "orders": (("id",), (("customer_id", "customers"),)),
    "order_lines": (("order_id", "line"), (("order_id", "orders"), ("product_id", "products"))),
    "reviews": (("id",), (("customer_id", "customers"), ("product_id", "products"))),
}


def shop(seed: int = 1, customers: int = CUSTOMERS) -> dict[str, pa.Table]:
    """Make the tables of the shop, parents before children.

    :param seed: equal seeds give equal tables.
    :param customers: rows of the root table, at least 1.
    :raises ValueError: for fewer than one customer.

    >>> tables = shop(customers=100)
    >>> list(tables), tables["customers"].num_rows
    (['customers', 'products', 'orders', 'order_lines', 'reviews'], 100)
    """
    import numpy as np

    from semblant.demo import customers as people
    from semblant.demo import reviews, sales
    from semblant.demo.draw import Draw

    if customers < 1:
        msg = f"a shop needs at least one customer, not {customers}"
        raise ValueError(msg)
    draw = Draw(seed)
    lookup, cents = sales.products(draw)
    persons, segment = people.customers(draw, customers)
    orders, lines, spent = sales.orders(draw, persons, segment, cents)
    persons = persons.append_column("lifetime_value", [np.round(spent / 100.0, 2)])
    return {
        "customers": persons,
        "products": lookup,
        "orders": orders,
        "order_lines": lines,
        "reviews": reviews.reviews(draw, orders, lines),
    }


def shop_schema() -> Schema:
    """Describe the tables with their keys.

    >>> shop_schema().table("order_lines").primary_key
    ('order_id', 'line')
    """
    tables = shop(customers=1)
    return Schema(
        tables=tuple(
            Table(
                name=name,
                columns=tuple(
                    Column(name=field.name, type=field.type, nullable=field.name in _NULLABLE.get(name, ()))
                    for field in tables[name].schema
                ),
                primary_key=key,
                foreign_keys=tuple(
                    ForeignKey(columns=(column,), references=parent, referenced_columns=("id",))
                    for column, parent in parents
                ),
            )
            for name, (key, parents) in _KEYS.items()
        )
    )


_NULLABLE = {"customers": ("phone", "company", "income"), "orders": ("delivery_days",), "reviews": ("text",)}


def write_shop(folder: Path | str, seed: int = 1, customers: int = CUSTOMERS) -> dict[str, Path]:
    """Write the tables as ``NAME.parquet`` into ``folder``, made if need be, and give the paths.

    :raises OSError: when the folder cannot be written.
    """
    import pyarrow.parquet as pq

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, table in shop(seed, customers).items():
        paths[name] = folder / f"{name}.parquet"
        with atomic_write(paths[name]) as file:
            pq.write_table(table, file)
    return paths
