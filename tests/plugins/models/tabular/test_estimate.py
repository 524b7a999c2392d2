"""What a training would cost is told from facts alone, and is near to what it does cost."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from semblant.complexity import ColumnFacts, Cost, TableFacts
from semblant.machine import Speed, measured
from semblant.spec.training import ModelSpec
from semblant.vocabulary import EncodingType, Goal, ModelSize
from semblant_models.settings import ColumnArSettings
from semblant_models.tabular.cost import parameters, step_bytes
from semblant_models.tabular.estimate import estimate, fields_of
from semblant_models.tabular.prepared import PreparedTable
from semblant_models.tabular.shape import Shape
from tests.plugins.models.tabular.making import backend_with, people, run_in, training_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.events import Event

SPEED = Speed(processors=2, operations=1e11, numbers=2e9, loops=8e7)
NUMBER = ColumnFacts(name="n", encoding=EncodingType.NUMBER, distinct=10**6)
GRADE = ColumnFacts(name="g", encoding=EncodingType.CATEGORICAL, distinct=7)


def cost(
    rows: int = 20_000, columns: tuple[ColumnFacts, ...] = (NUMBER, GRADE) * 5, records: int = 100, **spec: Any
) -> Cost:
    facts = TableFacts(name="t", rows=rows, records=records, columns=columns)
    return estimate(ColumnArSettings(), ModelSpec(**spec), facts, SPEED)


@pytest.mark.feature(57)
@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"columns": (NUMBER,) * 5}, {"columns": (NUMBER,) * 10}),
        ({"goal": Goal.SPEED}, {"goal": Goal.ACCURACY}),
        ({"size": ModelSize.SMALL}, {"size": ModelSize.MEDIUM}),
        ({"size": ModelSize.MEDIUM}, {"size": ModelSize.LARGE}),
        ({"max_epochs": 2}, {"max_epochs": 4}),
        ({"early_stop_delta": 0.001}, {"early_stop_delta": 0.0}),
        ({"stopped_at_step": 50}, {}),
        ({"max_minutes": 0.01}, {}),
        ({"rows": 20_000}, {"rows": 200_000}),
    ],
)
def test_each_setting_moves_the_estimate_as_it_moves_the_cost(less: dict[str, Any], more: dict[str, Any]) -> None:
    assert cost(**less).training_seconds < cost(**more).training_seconds


@pytest.mark.feature(57)
def test_generation_grows_with_the_rows_asked_for_and_memory_with_the_size() -> None:
    assert cost(records=10**6).generation_seconds == pytest.approx(100 * cost(records=10**4).generation_seconds)
    assert cost(size=ModelSize.LARGE).memory_bytes > cost(size=ModelSize.SMALL).memory_bytes
    shares = cost().column_shares
    assert shares["n"] > shares["g"]


def test_a_slower_machine_takes_longer_and_a_table_of_constants_hardly_anything() -> None:
    facts = TableFacts(name="t", rows=10_000, records=1, columns=(NUMBER,) * 4)
    slow = Speed(processors=1, operations=1e10, numbers=2e8, loops=8e6)
    one, other = (estimate(ColumnArSettings(), ModelSpec(), facts, speed) for speed in (SPEED, slow))
    assert other.training_seconds > 10 * one.training_seconds
    constant = ColumnFacts(name="c", encoding=EncodingType.CATEGORICAL, distinct=1)
    assert cost(columns=(constant,) * 3).training_seconds < 1


def test_the_estimate_imports_no_jax() -> None:
    program = "import sys, semblant_models.tabular.estimate; sys.exit('jax' in sys.modules or 'optax' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("encoding", list(EncodingType))
@pytest.mark.parametrize("distinct", [0, 1, 2, 200, 100_000])
def test_every_encoding_has_an_estimate_of_its_tokens(encoding: EncodingType, distinct: int) -> None:
    for rows in (1, 50, 10**6):
        facts = ColumnFacts(name="c", encoding=encoding, distinct=distinct, missing_share=0.5, fractional=True)
        fields = fields_of(facts, rows, 10)
        assert all(1 < field.cardinality <= 257 for field in fields)
        assert all(field.parent is None or field.parent < place for place, field in enumerate(fields))


def test_the_tokens_of_a_real_table_are_foreseen(tmp_path: Path) -> None:
    table = people(4000)
    prepared = backend_with().prepare(training_table(table), run_in(tmp_path))
    facts = TableFacts(
        name="t",
        rows=4000,
        records=1,
        columns=tuple(
            ColumnFacts(
                name=plan.name,
                encoding=plan.encoding,
                distinct=len(table[plan.name].unique()),
                missing_share=table[plan.name].null_count / 4000,
            )
            for plan in training_table(table).columns
        ),
    )
    found = estimate(ColumnArSettings(), ModelSpec(), facts, SPEED).details
    assert isinstance(prepared, PreparedTable)
    assert found["tokens"] == pytest.approx(prepared.encoding.layout.tokens, abs=2)


def test_weights_and_bytes_are_those_of_the_network() -> None:
    from semblant_models.tabular.network import parameter_shapes

    for tokens, flexible in ((10, False), (10, True), (70, False), (70, True)):
        shape = Shape(
            tokens=tokens,
            cardinality=(9,) * tokens,
            parent=(-1,) * tokens,
            embedding=4,
            hidden=16,
            summary=64,
            flexible=flexible,
            heads=(),
        )
        assert parameters(shape) == sum(int(np.prod(size)) for size in parameter_shapes(shape).values())
        assert step_bytes(shape, 1024) > step_bytes(shape, 512) > 4 * parameters(shape)


CONFIGURATIONS = [
    (1000, 5, ()),
    (1000, 60, ()),
    (10_000, 20, ()),
    (20_000, 12, ("model.goal=speed",)),
    (20_000, 12, ("model.size=large", "model.max_epochs=2")),
    (50_000, 40, ("model.max_epochs=1",)),
    (200_000, 8, ("model.max_epochs=1",)),
]


@pytest.mark.nightly
@pytest.mark.feature(57)
def test_four_of_five_predictions_are_within_a_factor_of_two(tmp_path: Path) -> None:
    """Compared is processor time, so that other work on the machine hardly matters; compiled programs are not kept."""
    from semblant.engine import Engine
    from semblant.events import EventKind, Step
    from semblant.spec.write import spec_data
    from tests.benchmarks.growth import made

    ratios = []
    for rows, columns, overrides in CONFIGURATIONS:
        path = tmp_path / f"{rows}x{columns}.parquet"
        pq.write_table(made(rows, columns), path)
        marks: list[float] = []

        def hear(event: Event, marks: list[float] = marks) -> None:
            if event.step is Step.TRAIN and event.kind in (EventKind.STEP_STARTED, EventKind.STEP_FINISHED):
                marks.append(time.process_time())

        with Engine(home=tmp_path / "home", on_event=hear) as engine:
            spec = engine.load(spec_data(engine.spec_for(str(path))), ["report.enabled=false", *overrides])
            assessment = engine.plan(spec).assessment
            assert assessment is not None
            (expected,) = assessment.tables.values()
            engine.train(spec)
        ratios.append(expected.training_seconds * measured().gain / (marks[1] - marks[0]))
    print([round(ratio, 2) for ratio in ratios])
    assert sum(0.5 <= ratio <= 2 for ratio in ratios) >= 0.8 * len(ratios), ratios
