"""The demo shop has the truth that it states."""

from __future__ import annotations

import hashlib
import math
import time
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.demo import shop, shop_schema, truth, write_shop

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CUSTOMERS = 12_000


@cache
def tables() -> dict[str, pl.DataFrame]:
    """Give a large shop as frames."""
    return {name: pl.DataFrame(pl.from_arrow(table)) for name, table in shop(seed=5, customers=CUSTOMERS).items()}


def near(frame: pl.DataFrame, condition: pl.Expr, share: float) -> bool:
    """Tell whether a share holds within five standard errors."""
    seen = frame.select(condition.mean()).item()
    return bool(abs(seen - share) <= 5 * math.sqrt(share * (1 - share) / frame.height))


@pytest.fixture
def customers() -> pl.DataFrame:
    """Give the customers with their age."""
    days = pl.lit(truth.LAST_DAY.date()) - pl.col("birth_date")
    return tables()["customers"].with_columns(age=days.dt.total_days() / 365.2425)


@pytest.fixture
def orders() -> pl.DataFrame:
    """Give the orders with their customers."""
    return tables()["orders"].join(tables()["customers"], left_on="customer_id", right_on="id")


def hashes(made: Mapping[str, pa.Table]) -> dict[str, str]:
    return {name: hashlib.sha256(str(table.to_pylist()).encode()).hexdigest() for name, table in made.items()}


def test_equal_seeds_give_equal_tables_and_others_do_not() -> None:
    first, again, other = (hashes(shop(seed=seed, customers=200)) for seed in (1, 1, 2))
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_the_tables_never_change_between_versions() -> None:
    persons = shop(seed=1, customers=50)["customers"]
    assert persons["city"].to_pylist()[:5] == ["Milano", "Roma", "Torino", "Paris", "Torino"]
    assert persons["email"].to_pylist()[:2] == ["priya.andersson86@example.com", "anna.conti85@example.org"]
    assert persons["lifetime_value"].to_pylist()[:6] == [83.99, 363.89, 362.94, 32.38, 669.9, 0.0]


def test_two_thousand_customers_take_less_than_two_seconds() -> None:
    started = time.process_time()
    shop()
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize("count", [1, 2, 10])
def test_tiny_shops_are_whole(count: int, tmp_path: Path) -> None:
    paths = write_shop(tmp_path / "shop", customers=count)
    assert {name: pq.read_table(path).num_rows for name, path in paths.items()}["customers"] == count
    assert sorted(path.name for path in (tmp_path / "shop").iterdir()) == sorted(f"{name}.parquet" for name in paths)


def test_a_shop_without_customers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one customer"):
        shop(customers=0)


def test_the_schema_fits_the_tables_and_all_keys_hold() -> None:
    made = tables()
    arrow = shop(customers=20)
    for table in shop_schema():
        frame = made[table.name]
        assert [(column.name, column.type) for column in table.columns] == [
            (field.name, field.type) for field in arrow[table.name].schema
        ]
        assert {name for name in frame.columns if frame[name].null_count()} == {
            column.name for column in table.columns if column.nullable
        }
        assert frame.select(table.primary_key).is_unique().all()
        for key in table.foreign_keys:
            assert frame.select(pl.col(key.columns[0]).is_in(made[key.references]["id"].implode()).all()).item()


def test_segments_newsletters_and_missing_values_have_their_shares(customers: pl.DataFrame) -> None:
    for name, share in truth.SEGMENTS.items():
        group = customers.filter(pl.col("segment") == name)
        assert near(customers, pl.col("segment") == name, share)
        assert near(group, pl.col("newsletter"), truth.NEWSLETTER[name])
        assert group["company"].null_count() == (0 if name == "business" else group.height)
    for newsletter, share in truth.PHONE_MISSING.items():
        assert near(customers.filter(pl.col("newsletter") == newsletter), pl.col("phone").is_null(), share)
    lower = 0
    for upper, share in truth.INCOME_MISSING:
        group = customers.filter(pl.col("age").is_between(lower + 0.01, upper - 0.01))
        assert near(group, pl.col("income").is_null(), share)
        lower = upper


def test_the_city_decides_country_and_postal_region(customers: pl.DataFrame) -> None:
    found = customers.group_by("city").agg(
        pl.col("country").unique(), pl.col("postal_code").str.head(2).unique().alias("region")
    )
    assert {city: country for city, (country,) in found.select("city", "country").iter_rows()} == truth.COUNTRIES
    assert {city: region for city, (region,) in found.select("city", "region").iter_rows()} == truth.CITIES
    weights = 1 / np.arange(1, len(truth.CITIES) + 1)
    assert near(customers, pl.col("city") == "Milano", weights[0] / weights.sum())


def test_income_grows_with_age_and_is_heaped(customers: pl.DataFrame) -> None:
    known = customers.drop_nulls("income")
    slope, middle = np.polyfit(known["age"].to_numpy() - 40.0, np.log(known["income"].to_numpy()), 1)
    assert slope == pytest.approx(truth.INCOME_BY_AGE, abs=0.002)
    assert middle == pytest.approx(10.0, abs=0.02)
    assert 0.40 < known.select((pl.col("income") % 5000 == 0).mean()).item() < 0.45
    assert known.select((pl.col("income") % 100 == 0).all()).item()


def test_ages_follow_the_segment(customers: pl.DataFrame) -> None:
    for name, mean in truth.MEAN_AGE.items():
        seen = customers.filter(pl.col("segment") == name)["age"]
        assert seen.median() == pytest.approx(mean, abs=1.5)
        assert seen.is_between(17.9, 91).all()


@pytest.mark.parametrize(("table", "column"), [("customers", "signup"), ("orders", "ordered")])
def test_moments_follow_the_hours_and_weekdays(table: str, column: str) -> None:
    frame = tables()[table]
    hours, days = sum(truth.HOURS), sum(truth.WEEKDAYS)
    for hour in (4, 12, 20):
        assert near(frame, pl.col(column).dt.hour() == hour, truth.HOURS[hour] / hours)
    for day in (2, 6):
        share = frame.select((pl.col(column).dt.weekday() == day).mean()).item()
        assert share == pytest.approx(truth.WEEKDAYS[day - 1] / days, abs=0.01)


def test_orders_come_after_the_sign_up_and_reviews_after_the_order(orders: pl.DataFrame) -> None:
    assert orders.select((pl.col("ordered") > pl.col("signup")).all()).item()
    assert orders.select((pl.col("ordered").dt.date() <= truth.LAST_DAY.date()).all()).item()
    first = orders.group_by("customer_id").agg(pl.col("ordered").min())
    joined = tables()["reviews"].join(first, on="customer_id")
    assert joined.height == tables()["reviews"].height
    assert joined.select((pl.col("posted") > pl.col("ordered").dt.date()).all()).item()


def test_orders_per_customer_are_poisson_within_a_segment(customers: pl.DataFrame, orders: pl.DataFrame) -> None:
    counts = customers.join(orders.group_by("customer_id").len(), left_on="id", right_on="customer_id", how="left")
    counts = counts.with_columns(pl.col("len").fill_null(0))
    for name, mean in truth.MEAN_ORDERS.items():
        group = counts.filter(pl.col("segment") == name)
        assert near(group, pl.col("len") == 0, math.exp(-mean))
        assert group["len"].mean() == pytest.approx(mean, abs=5 * math.sqrt(mean / group.height))


def test_payment_discount_and_delivery_depend_on_what_they_should(orders: pl.DataFrame) -> None:
    for name, shares in truth.PAYMENTS.items():
        group = orders.filter(pl.col("segment") == name)
        assert near(group, pl.col("payment") == "card", shares[0])
        assert near(group, pl.col("payment") == "invoice", shares[3])
    for newsletter, share in truth.DISCOUNTED.items():
        assert near(orders.filter(pl.col("newsletter") == newsletter), pl.col("discount_percent") > 0, share)
    given = orders.filter(pl.col("discount_percent") > 0)
    assert all(near(given, pl.col("discount_percent") == step, share) for step, share in truth.DISCOUNTS.items())
    assert orders.select((pl.col("delivery_days").is_null() == (pl.col("status") == "cancelled")).all()).item()
    assert all(near(orders, pl.col("status") == status, share) for status, share in truth.STATUSES.items())


def test_totals_are_the_lines_less_the_discount_and_add_up_to_the_lifetime_value(orders: pl.DataFrame) -> None:
    lines = (
        tables()["order_lines"]
        .group_by("order_id")
        .agg(gross=(pl.col("quantity") * pl.col("unit_price").cast(pl.Float64)).sum(), lines=pl.len())
    )
    joined = orders.join(lines, left_on="id", right_on="order_id")
    net = pl.col("gross") * (1 - pl.col("discount_percent") / 100)
    assert joined.select(((net - pl.col("total").cast(pl.Float64)).abs() < 0.0051).all()).item()
    assert joined["lines"].mean() == pytest.approx(1 + truth.MEAN_LINES, abs=0.03)
    billed = (
        joined.filter(pl.col("status") != "cancelled")
        .group_by("customer_id")
        .agg(pl.col("total").cast(pl.Float64).sum())
    )
    values = tables()["customers"].join(billed, left_on="id", right_on="customer_id", how="left")
    assert values.select(((pl.col("total").fill_null(0) - pl.col("lifetime_value")).abs() < 0.01).all()).item()
    assert 0.15 < values.select((pl.col("lifetime_value") == 0).mean()).item() < 0.35


def test_prices_follow_the_category_and_lines_carry_them() -> None:
    products = tables()["products"]
    medians = products.group_by("category").agg(pl.col("price").cast(pl.Float64).median())
    for category, price in medians.iter_rows():
        assert math.log(price) == pytest.approx(math.log(truth.CATEGORIES[category]), abs=0.6)
    joined = tables()["order_lines"].join(products, left_on="product_id", right_on="id")
    assert joined.select((pl.col("unit_price") == pl.col("price")).all()).item()


def test_ratings_follow_the_status_and_texts_follow_rating_and_category() -> None:
    reviews = tables()["reviews"].join(tables()["products"], left_on="product_id", right_on="id")
    assert near(reviews, pl.col("text").is_null(), truth.TEXT_MISSING)
    assert near(reviews, pl.col("text") == "", truth.TEXT_EMPTY)
    texts = reviews.filter(pl.col("text").str.len_chars() > 0).with_columns(pl.col("text").str.to_lowercase())
    for category, word in truth.PLANTED.items():
        has, here = pl.col("text").str.contains(word), pl.col("category") == category
        assert texts.select((has == here).all()).item()
    for word, low, high in ((truth.GOOD_WORD, 4, 5), (truth.BAD_WORD, 1, 2)):
        group = pl.col("rating").is_between(low, high)
        assert near(texts.filter(group), pl.col("text").str.contains(word), truth.SIGNAL)
        assert not texts.filter(~group).select(pl.col("text").str.contains(word).any()).item()
    delivered = np.array(truth.RATINGS["delivered"]) * truth.STATUSES["delivered"]
    returned = np.array(truth.RATINGS["returned"]) * truth.STATUSES["returned"]
    shares = (delivered + returned) / (truth.STATUSES["delivered"] + truth.STATUSES["returned"])
    assert all(near(reviews, pl.col("rating") == rating + 1, shares[rating]) for rating in range(5))
