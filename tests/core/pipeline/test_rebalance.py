"""Rebalancing: several columns, ranges, joint shares; within a point, and impossible ones by name."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from semblant.errors import ConfigError
from semblant.spec.constraints import Combinations
from tests.core.constraints.fake import guarded
from tests.core.pipeline.made import PEOPLE, Dependent, generated

if TYPE_CHECKING:
    from pathlib import Path


def share(mask: Any) -> float:
    return float(pc.mean(pc.fill_null(mask, False).cast(pa.float64())).as_py())


def balanced(folder: Path, shares: dict[str, dict[str, float]], **more: Any) -> pa.Table:
    return generated(folder, rebalance={"people": shares}, records=3000, **more)


@pytest.mark.feature(49)
def test_the_shares_of_one_column_are_met_and_without_them_they_are_those_of_the_data(tmp_path: Path) -> None:
    assert share(pc.equal(generated(tmp_path)["city"], "Bern")) == pytest.approx(0.1, abs=0.02)
    made = balanced(tmp_path, {"city": {"Bern": 0.5, "Rome": 0.5}})
    assert share(pc.equal(made["city"], "Bern")) == pytest.approx(0.5, abs=0.03)


@pytest.mark.feature(222)
def test_ranges_of_numbers_and_dates_have_shares(tmp_path: Path) -> None:
    made = balanced(tmp_path, {"age": {"18..30": 0.5, "80..": 0.2}, "joined": {"2021-01-01..2021-12-31": 0.9}})
    age = made["age"].to_numpy()
    assert np.mean(age <= 30) == pytest.approx(0.5, abs=0.01)
    assert np.mean(age >= 80) == pytest.approx(0.2, abs=0.01)
    year = [day.year for day in made["joined"].to_pylist()]
    assert np.mean(np.array(year) == 2021) == pytest.approx(0.9, abs=0.01)
    assert len(set(age[age <= 30])) == 13
    assert min(made["joined"].to_pylist()) < dt.date(2020, 12, 31)


@pytest.mark.feature(222)
def test_several_columns_are_rebalanced_and_keep_their_dependence(tmp_path: Path) -> None:
    city = PEOPLE["city"].to_pylist()
    table = PEOPLE.set_column(1, "member", pa.array([name == "Rome" for name in city]))
    made = balanced(tmp_path, {"city": {"Bern": 0.4}, "member": {"true": 0.5}}, model=Dependent(table))
    assert share(pc.equal(made["city"], "Bern")) == pytest.approx(0.4, abs=0.01)
    assert share(made["member"]) == pytest.approx(0.5, abs=0.01)
    assert share(pc.equal(made["city"], "Rome")) == pytest.approx(0.5, abs=0.01)
    assert made["member"].to_pylist() == [name == "Rome" for name in made["city"].to_pylist()]


@pytest.mark.feature(222)
def test_columns_have_shares_together(tmp_path: Path) -> None:
    made = balanced(tmp_path, {"city & age": {"Bern & 18..30": 0.3, "Rome & ..29": 0.2}, "member": {"true": 0.8}})
    young = pc.less_equal(made["age"], 30)
    assert share(pc.and_(pc.equal(made["city"], "Bern"), young)) == pytest.approx(0.3, abs=0.01)
    assert share(pc.and_(pc.equal(made["city"], "Rome"), pc.less(made["age"], 30))) == pytest.approx(0.2, abs=0.01)
    assert share(made["member"]) == pytest.approx(0.8, abs=0.01)


def test_the_missing_value_has_a_share_too(tmp_path: Path) -> None:
    made = balanced(tmp_path, {"height": {"null": 0.4, "180..": 0.4}})
    assert made["height"].null_count / 3000 == pytest.approx(0.4, abs=0.01)
    assert share(pc.greater_equal(made["height"], 180)) == pytest.approx(0.4, abs=0.01)


def test_a_value_too_rare_to_be_met_by_chance_is_asked_for(tmp_path: Path) -> None:
    rare = pa.array(["Pisa", *PEOPLE["city"].to_pylist()[1:]])
    model = Dependent(PEOPLE.set_column(0, "city", rare))
    made = balanced(tmp_path, {"city": {"Pisa": 0.5}, "member": {"true": 0.5}}, model=model)
    assert share(pc.equal(made["city"], "Pisa")) == pytest.approx(0.5, abs=0.01)
    assert share(made["member"]) == pytest.approx(0.5, abs=0.01)


def test_given_cells_win_over_shares(tmp_path: Path) -> None:
    given = pa.table({"city": ["Oslo", None] * 500})
    made = generated(tmp_path, given=given, rebalance={"people": {"city": {"Bern": 1.0}, "member": {"true": 1.0}}})
    assert made["city"].to_pylist() == ["Oslo", "Bern"] * 500
    assert share(made["member"]) == 1.0


def test_columns_that_are_learned_as_one_are_rebalanced_one_by_one(tmp_path: Path) -> None:
    table = PEOPLE.append_column("zone", pc.utf8_slice_codeunits(PEOPLE["city"], 0, 1)).select(["city", "zone"])
    model = guarded(table, Combinations(columns=("city", "zone")))
    from semblant.pipeline.rebalance import Rebalancer, joined, shares_of
    from semblant.run import Run
    from semblant.training import Sampling
    from tests.core.constraints.fake import drawn

    shares = shares_of("t", {"zone": {"B": 0.7}}, {"zone": pa.string(), "city": pa.string()})
    run = Run(job="test", seed=1, workspace=tmp_path)
    balancer = Rebalancer(table="t", model=model, shares=shares, sampling=Sampling(), seed=1, rows=1000, run=run)
    given, nulls = joined(None, balancer.draw(1000, 0))
    made = drawn(model, tmp_path, rows=1000, given=given, given_nulls=nulls)
    assert share(pc.equal(made["city"], "Bern")) == pytest.approx(0.7, abs=0.01)
    assert share(pc.equal(made["zone"], "B")) == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"age": {"200..300": 0.5}, "member": {"true": 0.5}}, r"no row with '200..300' in 'age'"),
        ({"town": {"Rome": 0.5}}, "no column 'town'"),
        ({"age": {"9..3": 0.5}}, "is no range of 'age'"),
        ({"city & age": {"Rome": 0.5}}, "has 1 parts for 2 columns"),
        ({"age": {"18..": 0.0}, "member": {"true": 0.5}}, "leave no value"),
        (
            {"city": {"Rome": 0.9}, "city & age": {"Oslo & 18..": 0.9}},
            "cannot hold together",
        ),
    ],
)
def test_impossible_shares_are_refused_by_name(tmp_path: Path, shares: dict[str, dict[str, float]], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        balanced(tmp_path, shares)
    assert "generation.rebalance.people" in str(caught.value)
    assert caught.value.fix


def test_the_same_seed_makes_the_same_rows(tmp_path: Path) -> None:
    shares = {"age": {"18..30": 0.5}, "city": {"Oslo": 0.5}}
    assert balanced(tmp_path, shares).equals(balanced(tmp_path, shares))
