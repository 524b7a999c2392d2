"""A server that is started anew in the middle costs nothing: all is written once, all is read out of one state."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from semblant.errors import DestinationError
from semblant.pipeline.deliver import deliver
from semblant.pipeline.job import TrainingJob
from semblant.pipeline.organize import TRAIN, organize
from semblant.pipeline.steps import Steps
from semblant.run import Run
from semblant.testing.material import schema_of, shop
from semblant.vocabulary import WriteMode
from tests.plugins.databases import servers
from tests.plugins.databases.places import SERVERS, DatabasePlace, place_of
from tests.plugins.databases.servers import RunningServer
from tests.plugins.databases.test_sets import read

pytestmark = [pytest.mark.feature(61, 62, 64)]


@pytest.fixture(scope="module", params=SERVERS)
def own(request: pytest.FixtureRequest) -> Iterator[tuple[str, RunningServer]]:
    """Give a server that no other test is connected to."""
    with getattr(servers, request.param)() as server:
        yield request.param, server


@pytest.fixture
def shaky(
    own: tuple[str, RunningServer],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[DatabasePlace, RunningServer]]:
    """Give an empty place on a server that a test may start anew."""
    kind, server = own
    monkeypatch.setattr(request, "getfixturevalue", lambda name: server)
    with place_of(kind, request, tmp_path) as place:
        yield place, server


def once(act: Callable[[], None]) -> Callable[[], bool]:
    """Give a function that acts when it is called first, and tells whether it did."""
    left = [act]

    def acts() -> bool:
        for one in left:
            one()
        done = bool(left)
        left.clear()
        return done

    return acts


class Disturbed:
    """A destination whose server is started anew after some batches of the first delivery."""

    def __init__(self, real: Any, moment: str, disturb: Callable[[], bool]) -> None:
        self.real, self.moment, self.disturb = real, moment, disturb

    def location(self) -> str:
        return str(self.real.location())

    def open(self, schema: Any, mode: WriteMode) -> Any:
        delivery, destination = self.real.open(schema, mode), self

        class Delivery:
            def write(self, table: str, batch: pa.RecordBatch) -> None:
                delivery.write(table, batch)
                if destination.moment == "written" and table == "orders":
                    destination.disturb()

            def commit(self) -> None:
                if destination.moment == "about to commit":
                    destination.disturb()
                delivery.commit()
                if destination.moment == "committed" and destination.disturb():
                    raise lost()

            def abort(self) -> None:
                delivery.abort()

        return Delivery()


def lost() -> DestinationError:
    made = DestinationError("the answer to the commit never came")
    made.passing = True
    return made


@pytest.mark.parametrize("moment", ["written", "about to commit", "committed"])
def test_a_delivery_is_made_again_and_arrives_once(
    moment: str, shaky: tuple[DatabasePlace, RunningServer], tmp_path: Path
) -> None:
    place, server = shaky
    files = {name: tmp_path / f"{name}.parquet" for name in shop()}
    for name, table in shop().items():
        pq.write_table(table, files[name])
    times: list[int] = []

    def disturb() -> None:
        times.append(1)
        server.restart()

    with contextlib.closing(place.writer(delivery="job-1")) as real:
        destination: Any = Disturbed(real, moment, once(disturb))
        deliver(destination, schema_of(shop()), WriteMode.APPEND, files, Run(job="j", seed=1, workspace=tmp_path))

    assert times == [1]
    assert {name: table.num_rows for name, table in read(place)[1].items()} == {"people": 20, "orders": 60}


def test_all_tables_are_read_anew_when_their_state_is_lost(
    shaky: tuple[DatabasePlace, RunningServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, server = shaky
    place.deliver(schema_of(shop()), shop())
    engine = Engine()
    plan = engine.plan(engine.load({"source": {"type": place.kind, **place.source}, "model": {"max_epochs": 1}}))
    read_tables: list[str] = []
    disturb = once(server.restart)

    def disturbed(source: Any, table: Any, run: Run, **settings: Any) -> None:
        read_tables.append(table.name)
        if len(read_tables) == 2:
            disturb()
        organize(source, table, run, **settings)

    monkeypatch.setattr("semblant.pipeline.job.organize", disturbed)
    monkeypatch.setattr(TrainingJob, "_learn", lambda *_: None)
    run = Run(job="j", seed=1, workspace=tmp_path)
    job = TrainingJob(plan=plan, name="j", host=engine.host, run=run, steps=Steps(run))
    with contextlib.closing(place.reader()) as source:
        job.train(source)

    names = [table.name for table in plan.tables]
    assert read_tables == [*names, *names], "tables that were read before are of a state that is gone"
    assert {name: pq.read_metadata(folder / TRAIN).num_rows for name, folder in job.organized.items()} == {
        "people": 20,
        "orders": 60,
    }
