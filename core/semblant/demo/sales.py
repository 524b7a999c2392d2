"""Products, orders and order lines of the demo shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semblant.demo import truth
from semblant.demo.customers import days_since_1970, moments
from semblant.demo.draw import zipf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from semblant.demo.draw import Draw

PER_CATEGORY = 10
"""Products per category."""
_ADJECTIVES = ("Classic", "Compact", "Deluxe", "Everyday", "Family", "Little", "Modern", "Nordic", "Royal", "Solid")
_NOUNS = {
    "books": "Novel",
    "kitchen": "Pan",
    "toys": "Puzzle",
    "garden": "Spade",
    "audio": "Speaker",
    "clothing": "Jacket",
}
PAYMENTS = ("card", "wallet", "transfer", "invoice")


def products(draw: Draw) -> tuple[pa.Table, NDArray[np.int64]]:
    """Make the lookup table and the list price of each product in cents, shape (products,)."""
    categories = list(truth.CATEGORIES)
    count = PER_CATEGORY * len(categories)
    category = np.repeat(np.arange(len(categories)), PER_CATEGORY)
    medians = np.array([truth.CATEGORIES[name] for name in categories])[category]
    cents = np.floor(medians * np.exp(0.45 * draw.normal(count))).astype(np.int64) * 100 + 99
    table = pa.table(
        {
            "id": [f"P-{number:03d}" for number in range(1, count + 1)],
            "name": [f"{adjective} {_NOUNS[name]}" for name in categories for adjective in _ADJECTIVES],
            "category": pa.array(categories).take(pa.array(category)),
            "price": _money(cents),
            "weight_kg": pa.array(np.round(np.exp(0.5 * draw.normal(count)), 2)),
            "available": pa.array(draw.chance(0.9, count)),
        }
    )
    return table, cents


def _money(cents: NDArray[np.int64]) -> pa.Array:
    """Give cents as decimal(10, 2)."""
    whole = pa.array(cents).cast(pa.decimal128(19, 0))
    return pc.multiply(whole, pa.scalar("0.01").cast(pa.decimal128(3, 2))).cast(pa.decimal128(10, 2))


def orders(
    draw: Draw, customers: pa.Table, segment: NDArray[np.int64], cents: NDArray[np.int64]
) -> tuple[pa.Table, pa.Table, NDArray[np.int64]]:
    """Make orders and order lines, and what each customer spent in cents, shape (customers,).

    Orders are sorted by customer and time; none is before its customer's sign-up.
    """
    names = list(truth.SEGMENTS)
    per_customer = draw.poisson(np.array([truth.MEAN_ORDERS[name] for name in names])[segment])
    owner = np.repeat(np.arange(len(segment)), per_customer)
    count = len(owner)
    signup = customers["signup"].combine_chunks().cast(pa.int64()).to_numpy() // 86_400_000_000
    last = np.full(count, days_since_1970(truth.LAST_DAY))
    ordered = moments(draw, signup[owner] + 1, last).cast(pa.int64()).to_numpy()
    ordered = ordered[np.lexsort((ordered, owner))]
    status = draw.pick(list(truth.STATUSES.values()), count)
    newsletter = customers["newsletter"].combine_chunks().to_numpy(zero_copy_only=False)[owner]
    discounted = draw.chance(np.where(newsletter, truth.DISCOUNTED[True], truth.DISCOUNTED[False]), count)
    step = np.array(list(truth.DISCOUNTS))[draw.pick(list(truth.DISCOUNTS.values()), count)]
    discount = np.where(discounted, step, 0)
    days = 1 + draw.poisson(np.full(count, 2.5))
    lines, spent = _lines(draw, segment[owner], discount, cents)
    billed = np.where(status == list(truth.STATUSES).index("cancelled"), 0, spent)
    table = pa.table(
        {
            "id": pa.array(np.arange(100_001, 100_001 + count)),
            "customer_id": customers["id"].combine_chunks().take(pa.array(owner)),
            "ordered": pa.array(ordered).cast(pa.timestamp("us")),
            "status": pa.array(list(truth.STATUSES)).take(pa.array(status)),
            "payment": pa.array(PAYMENTS).take(
                pa.array(draw.pick_each([truth.PAYMENTS[name] for name in names], segment[owner]))
            ),
            "discount_percent": pa.array(discount),
            "delivery_days": pa.array(days, mask=status == list(truth.STATUSES).index("cancelled")),
            "total": _money(spent),
        }
    )
    return table, lines, np.bincount(owner, weights=billed, minlength=len(segment)).astype(np.int64)


def _lines(
    draw: Draw, segment: NDArray[np.int64], discount: NDArray[np.int64], cents: NDArray[np.int64]
) -> tuple[pa.Table, NDArray[np.int64]]:
    """Make the lines of all orders, and each order's total in cents."""
    per_order = 1 + draw.poisson(np.full(len(segment), truth.MEAN_LINES))
    order = np.repeat(np.arange(len(segment)), per_order)
    count = len(order)
    number = np.arange(count) - np.repeat(np.cumsum(per_order) - per_order, per_order) + 1
    category = draw.pick_each(list(truth.PREFERENCES.values()), segment[order])
    product = category * PER_CATEGORY + draw.pick(zipf(PER_CATEGORY, 0.7), count)
    quantity = 1 + draw.poisson(np.where(segment[order] == list(truth.SEGMENTS).index("business"), 4.0, 0.3))
    unit = cents[product]
    spent = np.bincount(order, weights=quantity * unit, minlength=len(segment)).astype(np.int64)
    total = (spent * (100 - discount) + 50) // 100
    table = pa.table(
        {
            "order_id": pa.array(order + 100_001),
            "line": pa.array(number),
            "product_id": pc.binary_join_element_wise(
                "P-", pc.utf8_lpad(pa.array(product + 1).cast(pa.string()), 3, "0"), ""
            ),
            "quantity": pa.array(quantity),
            "unit_price": _money(unit),
        }
    )
    return table, total
