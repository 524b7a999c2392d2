"""Options of one table, and what is told of the step that generates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from semblant.engine import Engine
from semblant.events import Event, EventKind, Step
from semblant.host import PluginHost
from tests import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant.spec.model import Spec

ROWS = 400


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    random = np.random.default_rng(0)
    plain.TABLES["shop"] = {
        "customers": pa.table(
            {
                "id": np.arange(1, ROWS + 1),
                "city": random.choice(["Bern", "Graz", "Turin"], ROWS),
                "spent": random.gamma(2.0, 30.0, ROWS).round(2),
            }
        )
    }
    plain.ShuffledBackend.trained.clear()
    host = PluginHost()
    host.add(plain.PlainPlugin(), "plain")
    with Engine(home=tmp_path / "home", host=host) as made:
        yield made


def spec_of(engine: Engine, **parts: Any) -> Spec:
    return engine.load({"source": {"type": "memory", "path": "shop"}, "report": {"enabled": False}, **parts})


@pytest.mark.feature(10)
def test_a_table_can_have_a_model_of_its_own(engine: Engine) -> None:
    usual = engine.plan(spec_of(engine)).as_dict()["tables"][0]["backend"]
    own = spec_of(engine, tables={"customers": {"model": {"backend": "shuffled"}}})

    assert usual != "shuffled"
    assert engine.plan(own).as_dict()["tables"][0]["backend"] == "shuffled"
    assert engine.run(own).rows == {"customers": ROWS}
    assert plain.ShuffledBackend.trained == ["customers"]


def generating(engine: Engine, **generation: Any) -> tuple[pa.Table, list[Event]]:
    heard: list[Event] = []
    unsubscribe = engine.subscribe(heard.append)
    spec = spec_of(engine, model={"backend": "shuffled"}, generation=generation)
    result = engine.run(spec)
    unsubscribe()
    return result.table(), [event for event in heard if event.step is Step.GENERATE]


@pytest.mark.feature(123)
def test_generating_tells_how_far_it_is_until_it_has_every_row(engine: Engine) -> None:
    table, events = generating(engine, records=2_500)

    assert table.num_rows == 2_500
    assert (events[0].kind, events[-1].kind) == (EventKind.STEP_STARTED, EventKind.STEP_FINISHED)
    assert {event.table for event in events} == {"customers"}
    done = [event.done or 0.0 for event in events if event.kind is EventKind.STEP_PROGRESS]
    assert done == sorted(done)
    assert done[-1] == 2_500
    assert events[-1].seconds is not None


@pytest.mark.feature(123)
def test_generating_streams_as_many_rows_at_once_as_it_is_told(engine: Engine) -> None:
    def steps(batch_size: int) -> int:
        _, events = generating(engine, records=2_000, batch_size=batch_size)
        return sum(event.kind is EventKind.STEP_PROGRESS for event in events)

    assert steps(100) > steps(1_000)
