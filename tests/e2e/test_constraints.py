"""Constraints, shares, holes and scores from a spec to files, with the default backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from semblant.constraints.checking import violations
from semblant.engine import Engine
from semblant.spec.model import GenerationSpec
from tests.core.constraints.test_guarded import TRIPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULES: list[dict[str, Any]] = [
    {"inequality": {"low": "start", "high": "end"}},
    {"inequality": {"low": "born", "high": "hired", "strict": True}},
    {"inequality": {"low": "low", "high": "high"}},
    {"range": {"column": "age", "min": 20, "max": 50}},
    {"combinations": {"columns": ["city", "country"]}},
    {"sum": {"parts": ["net", "tip"], "total": "gross"}},
    {"unique": {"columns": ["code", "age"]}},
    {"dependency": {"columns": ["city"], "determines": ["zone"]}},
    {"exclusive": {"columns": ["card", "cash"], "exactly_one": True}},
]
pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(home=tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def generator(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trips")
    pq.write_table(TRIPS, folder / "trips.parquet")
    spec = engine.load(
        {
            "source": {"type": "files", "path": str(folder / "trips.parquet")},
            "tables": {
                "trips": {
                    "primary_key": None,
                    "constraints": RULES,
                    "columns": {name: {"rebalance": True} for name in ("city", "age", "card")},
                }
            },
            "model": {"size": "small", "max_epochs": 15},
        }
    )
    return engine.train(spec, output=folder / "trips.semblant").path


@pytest.mark.feature(217)
def test_no_generated_row_breaks_a_constraint(engine: Engine, generator: Path) -> None:
    made = pq.read_table(engine.generate(generator, records=5000).tables["trips"])
    rules = engine.load({"source": {"type": "files", "path": "x"}, "tables": {"t": {"constraints": RULES}}})
    assert [violations(rule, made, TRIPS) for rule in rules.tables["t"].constraints] == [0] * len(RULES)
    minutes = pc.seconds_between(made["start"], made["end"]).drop_null().to_numpy() / 60
    assert abs(np.median(minutes) - 45) < 15


@pytest.mark.feature(222)
def test_shares_hold_beside_constraints(engine: Engine, generator: Path) -> None:
    wanted = {"trips": {"city & card": {"c3 & true": 0.4}, "age": {"20..29": 0.5}}}
    result = engine.generate(generator, generation=GenerationSpec(rebalance=wanted, records=3000))
    made = pq.read_table(result.tables["trips"])
    city = pc.equal(made["city"].cast(pa.string()), "c3")
    assert pc.mean(pc.and_(city, made["card"]).cast(pa.int8())).as_py() == pytest.approx(0.4, abs=0.01)
    assert pc.mean(pc.less(made["age"], 30).cast(pa.int8())).as_py() == pytest.approx(0.5, abs=0.01)


@pytest.mark.feature(221, 225)
def test_holes_are_filled_and_rows_are_scored(engine: Engine, generator: Path) -> None:
    holes = TRIPS.set_column(TRIPS.schema.get_field_index("age"), "age", pa.nulls(TRIPS.num_rows, pa.int64()))
    filled = engine.impute(generator, holes.slice(0, 300))
    assert filled["age"].null_count == 0
    assert filled.drop_columns(["age"])["net"].equals(TRIPS["net"].slice(0, 300))
    mixed = TRIPS.set_column(TRIPS.schema.get_field_index("zone"), "zone", TRIPS["zone"].take(np.arange(1999, -1, -1)))
    assert engine.log_prob(generator, TRIPS).mean() > engine.log_prob(generator, mixed).mean()
