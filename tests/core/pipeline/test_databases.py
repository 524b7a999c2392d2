"""A whole small database: keys, numbers of children, dependence over tables, and what is generated of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

if TYPE_CHECKING:
    from semblant.engine import Engine


@pytest.fixture(scope="module")
def made(result: Any, real: dict[str, pa.Table]) -> dict[str, pa.Table]:
    return {name: result.table(name) for name in real}


@pytest.mark.feature(203)
def test_every_reference_points_to_a_row_and_no_key_comes_twice(made: dict[str, pa.Table]) -> None:
    for child, column, parent, key in (
        ("order", "customer", "customer", "id"),
        ("line", "order", "order", "id"),
        ("line", "sku", "product", "sku"),
        ("line", "clerk", "clerk", "id"),
        ("clerk", "boss", "clerk", "id"),
    ):
        values = made[child][column].drop_null()
        assert pc.all(pc.is_in(values, value_set=made[parent][key].combine_chunks())).as_py(), (child, column)
    for name, whole in (("customer", ["id"]), ("order", ["id"]), ("line", ["order", "sku"]), ("clerk", ["id"])):
        assert made[name].select(whole).group_by(whole).aggregate([]).num_rows == made[name].num_rows, name
    assert made["nothing"].num_rows == 0
    assert made["customer"].num_rows == 500


@pytest.mark.feature(207)
def test_keys_keep_their_type_and_form(made: dict[str, pa.Table], real: dict[str, pa.Table]) -> None:
    for name, table in real.items():
        assert made[name].schema.types == table.schema.types, name
    assert pc.all(pc.match_substring_regex(made["customer"]["id"], r"^C-\d{5}$")).as_py()
    assert pc.all(pc.match_substring_regex(made["order"]["customer"].drop_null(), r"^C-\d{5}$")).as_py()


def test_original_tables_come_out_equal(made: dict[str, pa.Table], real: dict[str, pa.Table]) -> None:
    assert made["product"].equals(real["product"])


@pytest.mark.feature(204)
def test_the_price_paid_goes_with_the_product(made: dict[str, pa.Table]) -> None:
    joined = made["line"].select(["sku", "paid"]).join(made["product"], "sku")
    paid, price = joined["paid"].to_numpy(), joined["price"].to_numpy()
    assert np.corrcoef(paid, price)[0, 1] > 0.7, "25 short epochs on 1,200 rows reach 0.78"
    shuffled = np.random.default_rng(0).permutation(paid)
    assert abs(np.corrcoef(shuffled, price)[0, 1]) < 0.2


def test_a_value_of_the_root_shows_two_levels_below(made: dict[str, pa.Table]) -> None:
    orders = made["order"].rename_columns(["order", "customer", "day"])
    joined = made["line"].join(orders, "order").join(made["customer"].rename_columns(["customer", "land"]), "customer")
    there = joined.filter(pc.is_valid(joined["land"]))
    expected = pc.if_else(pc.equal(there["land"], "AT"), "EUR", "CHF")
    assert pc.mean(pc.equal(there["currency"], expected)).as_py() > 0.9


def test_numbers_of_children_and_rates_of_null_keys_are_those_of_the_data(
    made: dict[str, pa.Table], real: dict[str, pa.Table]
) -> None:
    def shares(tables: dict[str, pa.Table]) -> np.ndarray:
        known = tables["order"]["customer"].drop_null()
        counts = np.bincount(known.value_counts().field("counts").to_numpy(), minlength=5)[:5].astype(float)
        counts[0] = tables["customer"].num_rows - len(known.unique())
        return counts / tables["customer"].num_rows

    assert np.abs(shares(made) - shares(real)).max() < 0.08
    null = made["order"]["customer"].null_count / made["order"].num_rows
    assert abs(null - 0.05) < 0.02


def test_dates_rise_within_each_customer_as_they_do_in_the_data(made: dict[str, pa.Table]) -> None:
    frame = made["order"].to_pandas()
    frame = frame[frame["customer"].notna()]
    steps = frame["day"].astype("datetime64[ns]").groupby(frame["customer"], sort=False).diff().dropna().dt.days
    assert (steps >= 0).all()
    assert 6 < steps.mean() < 9


@pytest.mark.feature(104)
def test_a_generator_makes_any_number_of_subjects_with_all_that_belongs_to_them(
    engine: Engine, result: Any, made: dict[str, pa.Table]
) -> None:
    more = engine.generate(result.generator_path, records=100)
    assert more.table("customer").num_rows == 100
    ratio = more.table("line").num_rows / made["line"].num_rows
    assert 0.1 < ratio < 0.35
    assert more.table("product").equals(made["product"])


@pytest.mark.feature(105)
def test_what_belongs_to_given_subjects_is_made_below_them(engine: Engine, result: Any) -> None:
    given = pa.table({"id": [f"X-{i}" for i in range(60)], "land": ["AT"] * 60})
    found = engine.generate(result.generator_path, given=given)
    assert found.table("customer")["id"].to_pylist() == given["id"].to_pylist()
    assert pc.all(
        pc.is_in(found.table("order")["customer"].drop_null(), value_set=given["id"].combine_chunks())
    ).as_py()
    assert pc.mean(pc.equal(found.table("line")["currency"], "EUR")).as_py() > 0.85


@pytest.mark.feature(226)
def test_a_factor_scales_everything_and_a_ratio_one_table(engine: Engine, result: Any) -> None:
    from semblant.spec.model import GenerationSpec

    plain = engine.generate(result.generator_path, generation=GenerationSpec())
    twice = engine.generate(result.generator_path, generation=GenerationSpec(scale=2.0))
    assert twice.table("customer").num_rows == 2 * plain.table("customer").num_rows
    assert 1.7 < twice.table("line").num_rows / plain.table("line").num_rows < 2.3
    fewer = engine.generate(result.generator_path, generation=GenerationSpec(ratios={"line": 0.5}))
    assert fewer.table("order").num_rows == plain.table("order").num_rows
    assert 0.4 < fewer.table("line").num_rows / plain.table("line").num_rows < 0.65
