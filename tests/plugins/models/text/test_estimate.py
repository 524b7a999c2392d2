"""What texts would cost is told from facts alone, and is near to what they do cost."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.complexity import ColumnFacts, Cost, TableFacts
from semblant.machine import Speed, measured
from semblant.spec.training import ModelSpec, TextModelSpec
from semblant.vocabulary import EncodingType, ModelSize
from semblant_models.text.estimate import estimate
from semblant_models.text.gru.batching import step_bytes
from semblant_models.text.settings import GruSettings

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.events import Event

SPEED = Speed(processors=2, operations=1e11, numbers=2e9, loops=8e7)


def cost(
    rows: int = 5000, characters: float = 120.0, columns: int = 1, records: int = 1000, own: Any = None, **spec: Any
) -> Cost:
    texts = tuple(
        ColumnFacts(name=f"text{i}", encoding=EncodingType.TEXT, distinct=rows, characters=characters)
        for i in range(columns)
    )
    number = ColumnFacts(name="n", encoding=EncodingType.NUMBER, distinct=rows, characters=characters)
    facts = TableFacts(name="t", rows=rows, records=records, columns=(*texts, number))
    return estimate(GruSettings(**(own or {})), ModelSpec(text=TextModelSpec(**spec)), facts, SPEED)


@pytest.mark.feature(57)
@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"rows": 100}, {"rows": 1000}),
        ({"rows": 400}, {"rows": 600}),
        ({"characters": 50.0, "max_epochs": 3}, {"characters": 120.0, "max_epochs": 3}),
        ({"columns": 1, "max_epochs": 3}, {"columns": 2, "max_epochs": 3}),
        ({"size": ModelSize.SMALL}, {"size": ModelSize.MEDIUM}),
        ({"size": ModelSize.MEDIUM}, {"size": ModelSize.LARGE}),
        ({"max_epochs": 2}, {"max_epochs": 4}),
        ({"early_stop_delta": 0.001, "rows": 1500}, {"early_stop_delta": 0.0, "rows": 1500}),
        ({"stopped_at_step": 50}, {}),
        ({"max_minutes": 0.01}, {}),
        ({"own": {"pieces": 500}}, {}),
        ({"own": {"training_characters": 50_000}}, {}),
    ],
)
def test_each_setting_moves_the_estimate_as_it_moves_the_cost(less: dict[str, Any], more: dict[str, Any]) -> None:
    assert cost(**less).training_seconds < cost(**more).training_seconds


@pytest.mark.feature(57)
def test_a_step_needs_the_memory_that_training_will_reckon_with() -> None:
    small, large = (cost(auto_batching=False, batch_size=size) for size in (32, 256))
    from semblant_models.text.gru.shape import Shape

    shape = Shape(tokens=3261, codes=100, narrow=128, width=256, layers=1)
    expected = step_bytes(shape, 256, 64) - step_bytes(shape, 32, 64)
    assert large.memory_bytes - small.memory_bytes == pytest.approx(expected, rel=0.01)


def test_columns_share_the_cost_by_their_characters() -> None:
    assert cost(columns=2).column_shares == pytest.approx({"text0": 0.5, "text1": 0.5})


def test_the_estimate_loads_no_jax() -> None:
    code = "import sys, semblant_models.text.estimate; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


WORDS = [f"{a}{b}{c}" for a in "bdfglmnprst" for b in "aeiou" for c in ("n", "st", "ra", "lo", "rick", "mend")]
CONFIGURATIONS = [
    (300, 60, ()),
    (800, 60, ()),
    (3000, 100, ("model.text.size=small",)),
    (3000, 100, ("model.text.max_epochs=2",)),
    (10_000, 60, ("model.text.max_epochs=1",)),
]


@pytest.mark.nightly
@pytest.mark.feature(57)
def test_four_of_five_predictions_are_within_a_factor_of_two(tmp_path: Path) -> None:
    """Compared is processor time, so that other work on the machine hardly matters; compiled programs are not kept."""
    from semblant.engine import Engine
    from semblant.events import EventKind, Step
    from semblant.spec.write import spec_data

    ratios = []
    for rows, characters, overrides in CONFIGURATIONS:
        rng = np.random.default_rng(1)
        shares = 1.0 / np.arange(1, len(WORDS) + 1)
        texts = [" ".join(rng.choice(WORDS, characters // 5, p=shares / shares.sum())) + "." for _ in range(rows)]
        path = tmp_path / f"{rows}x{characters}.parquet"
        pq.write_table(pa.table({"note": texts, "kind": rng.choice(["a", "b"], rows)}), path)
        marks: list[float] = []

        def hear(event: Event, marks: list[float] = marks) -> None:
            text = event.step in (Step.TRANSFORM, Step.TRAIN) and str(event.table).endswith("(text)")
            if text and event.kind in (EventKind.STEP_STARTED, EventKind.STEP_FINISHED):
                marks.append(time.process_time())

        with Engine(home=tmp_path / "home", on_event=hear) as engine:
            spec = engine.load(spec_data(engine.spec_for(str(path))), ["report.enabled=false", *overrides])
            assessment = engine.plan(spec).assessment
            assert assessment is not None
            (expected,) = assessment.texts.values()
            engine.train(spec)
        took = sum(end - begin for begin, end in zip(marks[::2], marks[1::2], strict=True))
        ratios.append(expected.training_seconds * measured().gain / took)
    print([round(ratio, 2) for ratio in ratios])
    assert sum(0.5 <= ratio <= 2 for ratio in ratios) >= 0.8 * len(ratios), ratios
