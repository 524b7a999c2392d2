"""Rows to start from, and numbers of rows, for tables below others."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from semblant.errors import ConfigError
from semblant.pipeline.relations.given import spread
from semblant.spec.model import GenerationSpec

if TYPE_CHECKING:
    from semblant.engine import Engine

DAYS = [dt.date(2020, 3, 1), None, dt.date(2020, 1, 5), dt.date(2020, 2, 1)]


@pytest.mark.feature(223)
def test_rows_of_a_child_table_are_kept_and_their_parents_made(engine: Engine, result: Any) -> None:
    orders = pa.table({"id": [901, 902, 903, 904], "customer": ["N-1", "N-1", "N-1", "N-2"], "day": DAYS})
    made = engine.generate(result.generator_path, given={"order": orders})
    got = made.table("order")
    assert got["id"].to_pylist() == [901, 902, 903, 904]
    assert got["customer"].to_pylist() == orders["customer"].to_pylist()
    days = got["day"].to_pylist()
    assert [days[0], days[2], days[3]] == [DAYS[0], DAYS[2], DAYS[3]]
    assert days[1] is not None
    assert sorted(made.table("customer")["id"].to_pylist()) == ["N-1", "N-2"]
    assert made.table("customer")["land"].null_count == 0
    assert set(made.table("line")["order"].to_pylist()) <= {901, 902, 903, 904}
    assert made.table("line").num_rows > 0, "everything below given rows is made"


@pytest.mark.feature(223)
def test_given_columns_of_a_child_are_kept_and_the_others_follow_them(engine: Engine, result: Any) -> None:
    lines = pa.table({"currency": ["EUR", "CHF"] * 150, "sku": ["P001", None, "P007"] * 100})
    made = engine.generate(result.generator_path, records=200, given={"line": lines})
    got = made.table("line")
    assert got["currency"].to_pylist() == lines["currency"].to_pylist()
    sku = got["sku"].to_pylist()
    assert (sku[::3], sku[2::3]) == (["P001"] * 100, ["P007"] * 100)
    assert len(set(sku[1::3])) > 10
    assert made.table("customer").num_rows == 200, "parents that are not given are as many as asked for"
    assert pc.all(pc.is_in(got["order"], value_set=made.table("order")["id"].combine_chunks())).as_py()
    assert len(got["order"].unique()) > 60, "they are shared out among the parents"


@pytest.mark.feature(223)
def test_keys_to_other_given_rows_are_kept_and_matched_where_they_are_empty(engine: Engine, result: Any) -> None:
    clerks = pa.table({"id": [1, 2, 3, 4], "office": ["Wien", "Wien", "Bern", "Bern"], "boss": [None, 1, 1, 3]})
    lines = pa.table({"clerk": [4, None] * 20, "currency": ["EUR"] * 40})
    made = engine.generate(result.generator_path, records=50, given={"clerk": clerks, "line": lines})
    assert made.table("clerk").equals(clerks.cast(made.table("clerk").schema))
    clerk = made.table("line")["clerk"].to_pylist()
    assert clerk[::2] == [4] * 20
    assert set(clerk[1::2]) <= {1, 2, 3, 4}


@pytest.mark.feature(223)
def test_a_number_of_rows_is_met_by_a_child_table(engine: Engine, result: Any) -> None:
    made = engine.generate(result.generator_path, generation=GenerationSpec(records=300, rows={"order": 777}))
    assert made.table("order").num_rows == 777
    assert made.table("customer").num_rows == 300
    null = made.table("order")["customer"].null_count
    assert abs(null / 777 - 0.05) < 0.03
    counts = np.bincount(made.table("order")["customer"].drop_null().value_counts().field("counts").to_numpy())
    assert len(counts) > 3, "numbers per parent differ as they do in the data"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nobody": {"a": [1]}}, "no such table"),
        ({"product": {"sku": ["P001"]}}, "copied unchanged"),
        ({"line": {"sku": ["P001", "P999"]}}, "row 2 .* sku P999, not in 'product'"),
        ({"line": {"clerk": [3]}}, "keys are made anew"),
        ({"order": {"customer": ["A"]}, "customer": {"land": ["AT"]}}, "have no such column"),
        ({"order": {"day": ["soon"]}}, "does not fit the type"),
        ({"order": {"id": [1, 1]}}, "repeats itself"),
        ({"order": {"day": []}}, "empty table"),
    ],
)
def test_given_rows_that_do_not_fit_are_refused_before_any_work(
    engine: Engine, result: Any, given: dict[str, dict[str, list[Any]]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        engine.generate(result.generator_path, given={name: pa.table(rows) for name, rows in given.items()})


def test_a_number_of_records_beside_given_roots_is_refused(engine: Engine, result: Any) -> None:
    with pytest.raises(ConfigError, match="'customer' are given"):
        engine.generate(result.generator_path, records=5, given={"order": pa.table({"customer": ["A"]})})


def test_scaled_numbers_add_up() -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 9, 500)
    for total in (0, 1, 499, 10_000):
        made = spread(counts, total, rng)
        assert made.sum() == total
        assert not made[counts == 0].any()
    assert spread(np.zeros(3, int), 4, rng).sum() == 4
