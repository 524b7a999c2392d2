"""The engine on a small plugin: what is read, kept, taken over, refused and delivered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve

from semblant.engine import Engine
from semblant.errors import ConfigError, DataError, DestinationError, SemblantError
from semblant.events import Event, EventKind, Step
from semblant.home import Kind
from semblant.host import PluginHost
from tests import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant.spec.model import Spec


def _customers(rows: int = 600) -> pa.Table:
    random = np.random.default_rng(0)
    return pa.table(
        {
            "id": np.arange(1, rows + 1),
            "city": random.choice(["Bern", "Graz", "Turin"], rows),
            "spent": random.gamma(2.0, 30.0, rows).round(2),
            "secret": [f"s{i}" for i in range(rows)],
        }
    )


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    host = PluginHost()
    host.add(plain.PlainPlugin(), "plain")
    plain.READ.clear()
    plain.ShuffledBackend.trained.clear()
    plain.ShuffledBackend.fail_first.clear()
    plain.TABLES["shop"] = {"customers": _customers()}
    with Engine(home=tmp_path / "home", host=host) as made:
        yield made


def _spec(engine: Engine, **parts: Any) -> Spec:
    base: dict[str, Any] = {
        "source": {"type": "memory", "path": "shop"},
        "model": {"backend": "shuffled"},
        "report": {"enabled": False},
    }
    return engine.load(base | parts)


@pytest.mark.feature(48, 60)
def test_a_run_without_a_destination_goes_to_application_storage(engine: Engine) -> None:
    result = engine.run(_spec(engine, generation={"records": 250}))
    assert result.rows == {"customers": 250}
    table = result.table("customers")
    assert table.schema.names == ["id", "city", "spent", "secret"]
    assert table.column("id").to_pylist() == list(range(1, 251))
    stored = engine.home.find(Kind.DATASETS, result.name)
    assert stored.is_dir() and str(stored) in result.location


@pytest.mark.feature(7)
def test_an_excluded_column_is_never_read_reported_or_written(engine: Engine) -> None:
    spec = _spec(engine, tables={"customers": {"columns": {"secret": {"include": False}}}})
    result = engine.run(spec)
    assert result.table().schema.names == ["id", "city", "spent"]
    assert plain.READ and all("secret" not in columns for _, columns in plain.READ)
    for path in engine.home.root.rglob("*"):
        if path.is_file():
            assert b"s599" not in path.read_bytes()


@pytest.mark.feature(6)
def test_an_excluded_table_is_never_read_and_does_not_come_out(engine: Engine) -> None:
    plain.TABLES["shop"]["log"] = pa.table({"id": [1, 2, 3] * 20, "text": ["x"] * 60})
    result = engine.run(_spec(engine, tables={"log": {"include": False}}))
    assert set(result.tables) == {"customers"}
    assert {table for table, _ in plain.READ} == {"customers"}


@pytest.mark.feature(14, 17, 18)
def test_an_original_table_comes_out_equal_in_values_types_and_order(engine: Engine) -> None:
    cities = pa.table({"city": ["Turin", "Bern", "Graz"], "people": pa.array([847, 134, None], pa.int16())})
    plain.TABLES["shop"]["cities"] = cities
    spec = _spec(
        engine,
        source={"type": "memory", "path": "shop", "keys": {"customers": ["city", "cities", "city"]}},
        tables={"cities": {"treatment": "original", "primary_key": "city"}},
    )
    result = engine.run(spec)
    assert result.table("cities").equals(cities)
    assert result.copied == ("cities",)
    assert set(result.table("customers").column("city").to_pylist()) <= {"Turin", "Bern", "Graz"}
    plan = engine.plan(spec)
    assert [table.copied for table in plan.tables] == [True, False]
    assert plan.as_dict()["tables"][0]["treatment"] == "original"


@pytest.mark.feature(47)
def test_generation_can_be_switched_off(engine: Engine) -> None:
    result = engine.run(_spec(engine, generation={"enabled": False}))
    assert result.generator_path is not None and result.generator_path.is_file()
    assert result.rows == {} and engine.home.names(Kind.DATASETS) == []


@pytest.mark.feature(3)
def test_a_name_is_used_and_a_second_job_of_that_name_gets_a_number(engine: Engine) -> None:
    names = [engine.run(_spec(engine, name="spring")).name for _ in range(2)]
    assert names == ["spring", "spring-2"]
    unnamed = {engine.run(_spec(engine)).name for _ in range(2)}
    assert len(unnamed) == 2 and not unnamed & set(names)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(engine: Engine) -> None:
    first, again, other = (engine.run(_spec(engine, seed=seed)).table() for seed in (4, 4, 5))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.feature(94, 266)
def test_a_generator_file_generates_what_the_job_did(engine: Engine, tmp_path: Path) -> None:
    result = engine.run(_spec(engine, seed=7, generation={"records": 90}), out=tmp_path / "out")
    made = engine.generate(tmp_path / "out" / "generator.semblant", records=90, out=tmp_path / "more")
    assert made.table().equals(result.table())
    assert engine.generate(result, records=5, out=tmp_path / "few").rows == {"customers": 5}
    more = engine.generate(result.name, records=30, seed=8, out=tmp_path / "other")
    assert pq.read_table(tmp_path / "other" / "customers.parquet").num_rows == 30 == more.rows["customers"]


@pytest.mark.feature(105)
def test_given_rows_keep_what_was_given(engine: Engine, tmp_path: Path) -> None:
    result = engine.run(_spec(engine))
    given = pa.table({"id": [7, 8, 9], "city": ["Bern", None, "Graz"]})
    made = engine.generate(result.name, given=given, out=tmp_path / "given").table()
    assert made.column("id").to_pylist() == [7, 8, 9]
    cities = made.column("city").to_pylist()
    assert (cities[0], cities[2]) == ("Bern", "Graz") and cities[1] is not None
    with pytest.raises(ConfigError, match="town"):
        engine.generate(result.name, given=pa.table({"town": ["Bern"]}), out=tmp_path / "none")


def test_a_job_of_the_same_name_in_another_home_delivers_its_own_rows(engine: Engine, tmp_path: Path) -> None:
    first = engine.run(_spec(engine, name="daily"), out=tmp_path / "out")
    with Engine(home=tmp_path / "other", host=engine.host) as another:
        spec = _spec(another, name="daily", destination={"type": "folder", "path": "unused", "mode": "replace"})
        second = another.run(evolve(spec, seed=7), out=tmp_path / "out")
    assert first.name == second.name
    assert pq.read_table(tmp_path / "out" / "customers.parquet").equals(second.table("customers"))
    assert not second.table("customers").equals(first.table("customers"))


def test_a_job_interrupted_after_its_delivery_is_resumed(engine: Engine, tmp_path: Path) -> None:
    place = {"type": "folder", "path": str(tmp_path / "there"), "mode": "fail"}
    spec = _spec(engine, name="late", destination=place, report={"enabled": True, "formats": ["json"]})

    def interrupt(event: Event) -> None:
        if event.kind is EventKind.STEP_STARTED and event.step is Step.REPORT:
            raise KeyboardInterrupt

    stop = engine.subscribe(interrupt)
    with pytest.raises(KeyboardInterrupt):
        engine.run(spec)
    stop()
    assert engine.run(spec, resume="late").rows == {"customers": 600}
    assert pq.read_metadata(tmp_path / "there" / "customers.parquet").num_rows == 600


@pytest.mark.parametrize("keys", [[1, None, 3], [1, 2, 1]])
def test_given_primary_keys_must_name_every_row_once(engine: Engine, tmp_path: Path, keys: list[int | None]) -> None:
    result = engine.run(_spec(engine))
    given = pa.table({"id": keys, "city": ["Bern", None, "Graz"]})
    with pytest.raises(ConfigError, match="primary key 'id'"):
        engine.generate(result.name, given=given, out=tmp_path / "given")
    assert not (tmp_path / "given").exists()


def test_out_holds_everything_a_run_leaves(engine: Engine, tmp_path: Path) -> None:
    engine.run(_spec(engine), out=tmp_path / "out", file_format="csv")
    found = {path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")}
    assert {"customers.csv", "generator.semblant", "spec.yaml", "timings.json"} <= found
    times = json.loads((tmp_path / "out/timings.json").read_text())
    assert {"start", "organizing data", "AI training", "generating", "total", "peak_memory_mb"} <= set(times)
    again = engine.load(tmp_path / "out" / "spec.yaml")
    assert again.generation.records == 600 and again.column("customers", "city").encoding != "auto"


@pytest.mark.feature(260)
def test_a_job_that_died_goes_on_from_its_last_complete_step(engine: Engine) -> None:
    plain.ShuffledBackend.fail_first.append(RuntimeError("the plug was pulled"))
    with pytest.raises(RuntimeError):
        engine.run(_spec(engine, name="spring", seed=3))
    events: list[Event] = []
    unsubscribe = engine.subscribe(events.append)
    plain.READ.clear()
    result = engine.run(_spec(engine, name="spring", seed=3), resume="spring")
    unsubscribe()
    skipped = {str(event.step) for event in events if event.kind is EventKind.STEP_SKIPPED}
    assert {"organizing data", "data analysis", "transforming data"} <= skipped
    assert result.name == "spring"
    assert result.table().equals(engine.run(_spec(engine, seed=3)).table())
    with pytest.raises(ConfigError, match="finished"):
        engine.run(_spec(engine), resume="spring")


@pytest.mark.feature(260)
def test_a_job_that_goes_on_with_another_spec_takes_over_nothing_that_it_changes(engine: Engine) -> None:
    def interrupt(event: Event) -> None:
        if event.kind is EventKind.STEP_STARTED and event.step is Step.REPORT:
            raise KeyboardInterrupt

    parts: dict[str, Any] = {"name": "edited", "report": {"enabled": True, "formats": ["json"]}}
    stop = engine.subscribe(interrupt)
    with pytest.raises(KeyboardInterrupt):
        engine.run(_spec(engine, **parts))
    stop()
    rule = {"range": {"column": "spent", "min": 50}}
    changed = _spec(engine, **parts, tables={"customers": {"constraints": [rule]}})
    result = engine.run(changed, resume="edited")
    assert min(result.table("customers")["spent"].to_pylist()) >= 50
    assert result.generator_path is not None
    again = engine.generate(result.generator_path, records=300)
    assert min(pq.read_table(again.tables["customers"])["spent"].to_pylist()) >= 50


def test_no_real_row_stays_in_the_home_after_a_finished_job(engine: Engine) -> None:
    spec = _spec(engine, tables={"customers": {"columns": {"secret": {"include": False}}}})
    result = engine.run(spec)
    assert result.workspace is not None
    names = [path.name for path in result.workspace.iterdir()]
    assert not any(name.startswith(("organizing", "data-analysis", "transforming")) for name in names)


@pytest.mark.feature(263)
def test_a_report_that_fails_costs_neither_data_nor_generator(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        msg = "no ink"
        raise RuntimeError(msg)

    monkeypatch.setattr("semblant.pipeline.reporting.measure", broken)
    result = engine.run(_spec(engine, report={"enabled": True}))
    assert "no ink" in result.report_fault
    assert result.rows == {"customers": 600} and result.generator_path is not None and result.generator_path.is_file()


def test_a_cancelled_job_delivers_nothing(engine: Engine, tmp_path: Path) -> None:
    def cancel(event: Event) -> None:
        if event.kind is EventKind.STEP_STARTED and str(event.step) == "generating":
            engine.cancel()

    engine.subscribe(cancel)
    with pytest.raises(SemblantError) as caught:
        engine.run(_spec(engine), out=tmp_path / "out")
    assert caught.value.exit_code == 130
    assert not (tmp_path / "out" / "customers.parquet").exists()


def test_a_table_in_the_way_is_refused_before_any_training(engine: Engine, tmp_path: Path) -> None:
    engine.run(_spec(engine), out=tmp_path / "out")
    plain.ShuffledBackend.trained.clear()
    before = (tmp_path / "out" / "customers.parquet").read_bytes()
    with pytest.raises(DestinationError):
        engine.run(_spec(engine), out=tmp_path / "out")
    assert plain.ShuffledBackend.trained == []
    assert (tmp_path / "out" / "customers.parquet").read_bytes() == before


@pytest.mark.feature(79)
def test_an_empty_table_is_named(engine: Engine) -> None:
    plain.TABLES["shop"]["customers"] = _customers().slice(0, 0)
    with pytest.raises((DataError, ConfigError), match="customers"):
        engine.run(_spec(engine))


@pytest.mark.feature(5)
def test_a_preview_shows_the_first_rows_without_excluded_columns(engine: Engine) -> None:
    spec = _spec(engine, tables={"customers": {"columns": {"secret": {"include": False}}}})
    table = engine.preview(spec, rows=3)["customers"]
    assert table.column("id").to_pylist() == [1, 2, 3]
    assert "secret" not in table.schema.names


@pytest.mark.feature(264)
def test_a_plan_does_no_work(engine: Engine) -> None:
    plan = engine.plan(_spec(engine, generation={"records": 10}))
    assert plain.ShuffledBackend.trained == [] and engine.home.names(Kind.JOBS) == []
    entry = plan.as_dict()["tables"][0]
    assert entry["primary_key"] == ["id"] and entry["backend"] == "shuffled"
    assert plan.destination == "application storage"


def test_two_engines_in_one_process_do_not_hear_each_other(engine: Engine, tmp_path: Path) -> None:
    heard: list[Event] = []
    with Engine(home=tmp_path / "other", host=engine.host, on_event=heard.append):
        engine.run(_spec(engine))
    assert heard == []
