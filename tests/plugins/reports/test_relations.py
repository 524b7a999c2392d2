"""Foreign keys: counted by hand, told apart from shuffled children, the same as the independent rig measures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve

from semblant.demo import write_shop
from semblant.engine import Engine
from semblant.report.inputs import Database, ReportInputs
from semblant.schema import ForeignKey
from semblant.spec.model import ReportSpec
from tests.plugins.reports.material import Keys, database, figures

KEY = ForeignKey(columns=("owner",), references="people", referenced_columns=("id",))
KEYS: Keys = {"people": (("id",), ()), "pets": ((), (KEY,))}


def families(people: int, seed: int, **change: Any) -> Database:
    """Make people with 0 to 4 pets: rich people have heavy pets, pets of one owner weigh alike."""
    rng = np.random.default_rng(seed)
    rich = rng.random(people) < 0.5
    count = np.where(rich, rng.integers(1, 5, people), rng.integers(0, 2, people))
    owner = np.repeat(np.arange(people), count)
    weight = 10.0 * rich[owner] + 3 * rng.normal(size=people)[owner] + rng.normal(size=len(owner))
    kind = rng.choice(["cat", "dog"], len(owner)).tolist()
    pets = {"owner": owner, "weight": weight, "kind": kind} | {
        name: value(owner, weight) for name, value in change.items()
    }
    return database(
        {"people": pa.table({"id": np.arange(people), "rich": rich.tolist()}), "pets": pa.table(pets)}, KEYS
    )


def shop(synthetic: Database, holdout: Database | None = None) -> ReportInputs:
    return ReportInputs(title="pets", original=families(2500, 1), synthetic=synthetic, holdout=holdout)


def only(given: ReportInputs) -> dict[str, Any]:
    found: dict[str, Any] = figures("relational", given)["relations"][0]
    return found


@pytest.mark.feature(252)
def test_families_like_the_original_pass_everything() -> None:
    found = only(shop(families(2500, 2), families(2500, 3)))

    assert found["verdict"]["tone"] == "good"
    assert found["children"]["synthetic"]["agreement"] > 0.97
    assert found["integrity"]["synthetic"] == {"missing": 0.0, "dangling": 0.0, "repeated": 0.0}
    assert found["detection"]["auc"] == pytest.approx(0.5, abs=0.03)


@pytest.mark.feature(252)
def test_children_dealt_out_at_random_are_told_by_parent_siblings_and_families() -> None:
    rng = np.random.default_rng(0)
    good = only(shop(families(2500, 2), families(2500, 3)))

    torn = only(shop(families(2500, 2, weight=lambda owner, weight: rng.permutation(weight)), families(2500, 3)))

    assert torn["children"] == good["children"]
    assert torn["parent_child"]["synthetic"] < good["parent_child"]["synthetic"] - 0.03
    assert torn["siblings"]["synthetic"] < good["siblings"]["synthetic"] - 0.1
    assert torn["detection"]["auc"] > 0.75
    assert torn["pairs"][0]["child"] == "weight"
    assert torn["verdict"]["tone"] == "bad"
    assert "whole families can be told apart" in torn["verdict"]["text"].lower()


@pytest.mark.feature(252)
def test_keys_that_name_nobody_and_keys_that_are_missing_are_counted() -> None:
    def lost(owner: np.ndarray, weight: np.ndarray) -> pa.Array:
        place = np.arange(len(owner))
        return pa.array(np.where(place % 10 == 0, 99_999, owner), mask=place % 20 == 1)

    found = only(shop(families(2500, 2, owner=lost)))

    assert found["integrity"]["synthetic"]["dangling"] == pytest.approx(0.10, abs=0.001)
    assert found["integrity"]["synthetic"]["missing"] == pytest.approx(0.05, abs=0.001)
    assert found["integrity"]["original"]["dangling"] == 0.0
    assert found["verdict"]["tone"] == "bad"
    assert "keys name no parent" in found["verdict"]["text"]


@pytest.mark.feature(252)
def test_another_number_of_children_is_told() -> None:
    twice = families(2500, 2)
    pets = twice.tables["pets"].load(None, None)
    people = twice.tables["people"].load(None, None)
    doubled = database({"people": people, "pets": pa.concat_tables([pets, pets])}, KEYS)

    found = only(shop(doubled))

    by_hand = [
        np.bincount(side.tables["pets"].load(None, None)["owner"].to_numpy(), minlength=2500)
        for side in (families(2500, 1), doubled)
    ]
    gaps = [abs(float((by_hand[0] <= count).mean() - (by_hand[1] <= count).mean())) for count in range(9)]
    assert found["children"]["synthetic"]["agreement"] == pytest.approx(1 - max(gaps), abs=1e-5)
    assert found["children"]["synthetic"]["mean"] == pytest.approx(by_hand[1].mean(), abs=1e-3)
    assert "number of children" in found["verdict"]["text"]


def test_the_number_of_children_of_one_parent_is_not_shown() -> None:
    original = families(2500, 1)
    pets = original.tables["pets"].load(None, None)
    hoarder = pa.concat_tables([pets, pets.slice(0, 1).take(np.zeros(777, dtype=np.int64))])
    planted = database({"people": original.tables["people"].load(None, None), "pets": hoarder}, KEYS)
    given = evolve(shop(families(2500, 2)), original=planted)

    assert "777" not in str(only(given)["shape"])


@pytest.mark.parametrize("people", [0, 1, 3, 50])
def test_small_families_are_measured_or_left_with_a_reason(people: int) -> None:
    given = evolve(shop(families(people, 2)), original=families(people, 1))

    found = only(given)

    assert (found["note"] == "") is (people > 0)


@pytest.mark.feature(252, 256)
def test_two_folders_of_related_files_are_compared_by_keys_that_are_found(tmp_path: Path) -> None:
    for seed, name in enumerate(("original", "synthetic", "holdout"), start=1):
        write_shop(tmp_path / name, seed=seed, customers=300)
    places = {name: str(tmp_path / name) for name in ("original", "synthetic", "holdout")}

    options = ReportSpec(sections=("relational",))
    made = Engine(home=tmp_path / "home").report(**places, out=tmp_path / "out", formats=("json",), options=options)

    found = json.loads(made.paths["json"].read_text(encoding="utf-8"))["sections"][0]["figures"]["relations"]
    assert {(item["child"], item["parent"]) for item in found} == {
        ("order_lines", "orders"),
        ("order_lines", "products"),
        ("orders", "customers"),
        ("reviews", "customers"),
        ("reviews", "products"),
    }
    assert all(item["children"].keys() == {"original", "synthetic", "holdout"} for item in found)
    assert all(set(item["integrity"]["synthetic"].values()) == {0.0} for item in found)


@pytest.mark.feature(252)
@pytest.mark.nightly
def test_the_figures_are_those_of_the_rig(test_data: Path) -> None:
    """Players and seasons, the holdout in place of synthetic rows; the rig's figures were measured once."""
    folder = test_data / "bench" / "baseball"
    key = ForeignKey(columns=("players_id",), references="parent", referenced_columns=("id",))
    keys: Keys = {"parent": (("id",), ()), "child": ((), (key,))}
    train, held = (
        database({name: pq.read_table(folder / f"{part}_{name}.parquet") for name in ("parent", "child")}, keys)
        for part in ("train", "holdout")
    )

    found = only(ReportInputs(title="baseball", original=train, synthetic=held, holdout=held))

    assert found["children"]["synthetic"]["agreement"] == pytest.approx(RIG["agreement"], abs=0.0005)
    assert found["parent_child"]["synthetic"] == pytest.approx(RIG["parent_child"], abs=0.005)
    assert found["siblings"]["synthetic"] == pytest.approx(RIG["siblings"], abs=0.005)
    assert found["detection"]["auc"] == pytest.approx(RIG["families"], abs=0.02)
    assert found["verdict"]["tone"] == "good"


RIG = {"agreement": 0.99406, "parent_child": 0.96086, "siblings": 0.95823, "families": 0.50058}
