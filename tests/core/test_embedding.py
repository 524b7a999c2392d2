"""Semblant within another program: engines beside each other, heard and cancelled from outside, silent."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

import semblant
from semblant import Cancelled, Engine, EventKind, PluginHost, Step
from tests import plain
from tests.meta.tree import ROOT


def people(rows=400, seed=0):
    random = np.random.default_rng(seed)
    return pa.table({"city": random.choice(["Bern", "Graz"], rows), "age": random.integers(18, 90, rows)})


def engine_in(folder, **options):
    host = PluginHost(third_party=False)
    host.add(plain.PlainPlugin(), "plain")
    return Engine(home=folder, host=host, **options)


@pytest.fixture(autouse=True)
def _tables():
    plain.TABLES["people"] = {"people": people()}
    plain.ShuffledBackend.trained.clear()
    plain.ShuffledBackend.fail_first.clear()


def spec(engine, **parts):
    base = {
        "source": {"type": "memory", "path": "people"},
        "model": {"backend": "shuffled"},
        "report": {"enabled": False},
    }
    return engine.load(base | parts)


def test_several_engines_work_at_once_each_in_its_own_home(tmp_path):
    heard: dict[int, list[semblant.Event]] = {n: [] for n in range(4)}
    engines = [engine_in(tmp_path / str(n), on_event=heard[n].append) for n in range(4)]

    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(one.run, spec(one, seed=n, name=f"job{n}", generation={"records": 100 + n}))
            for n, one in enumerate(engines)
        ]
        results = [job.result(timeout=120) for job in jobs]

    for n, result in enumerate(results):
        assert result.rows == {"people": 100 + n}
        assert str(tmp_path / str(n)) in result.location
        assert {event.job for event in heard[n]} == {f"job{n}"}
    alone = engine_in(tmp_path / "alone")
    assert alone.run(spec(alone, seed=2, generation={"records": 102})).table().equals(results[2].table())


def test_one_engine_does_several_jobs_at_once(tmp_path):
    with engine_in(tmp_path) as engine, ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(engine.run, spec(engine, name=f"job{n}", seed=n)) for n in range(3)]
        tables = [job.result(timeout=120).table() for job in jobs]

    assert not tables[0].equals(tables[1])
    assert [table.num_rows for table in tables] == [400] * 3


def test_listeners_come_and_go_from_two_threads_while_a_job_runs(tmp_path):
    engine = engine_in(tmp_path)
    whole: list[semblant.Event] = []
    engine.subscribe(whole.append)
    over, faults, counts = threading.Event(), [], [0, 0]

    def come_and_go(place):
        try:
            while not over.is_set():
                mine: list[semblant.Event] = []
                leave = engine.subscribe(mine.append)
                leave()
                leave()
                counts[place] += 1
        except Exception as exc:  # noqa: BLE001 - told in the thread that asserts
            faults.append(exc)

    threads = [threading.Thread(target=come_and_go, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    try:
        engine.run(spec(engine))
    finally:
        over.set()
        for thread in threads:
            thread.join(60)

    assert faults == []
    assert min(counts) > 10
    kinds = [event.kind for event in whole]
    assert (kinds[0], kinds[-1]) == (EventKind.JOB_STARTED, EventKind.JOB_FINISHED)
    assert engine._listeners == [whole.append]


def test_a_listener_that_left_hears_nothing_more(tmp_path):
    engine = engine_in(tmp_path)
    first: list[semblant.Event] = []
    second: list[semblant.Event] = []
    leave = engine.subscribe(first.append)
    engine.subscribe(second.append)
    leave()

    engine.run(spec(engine))

    assert first == []
    assert second


def cancelled_at(engine, step, cancel):
    """Run, and have another thread cancel as soon as the step begins."""
    reached = threading.Event()

    def listen(event):
        if event.kind is EventKind.STEP_STARTED and event.step is step:
            reached.set()
            time.sleep(0.05)  # the other thread gets its turn before the step goes on

    engine.subscribe(listen)
    other = threading.Thread(target=lambda: (reached.wait(60), cancel()))
    other.start()
    try:
        with pytest.raises(Cancelled) as caught:
            engine.run(spec(engine))
    finally:
        other.join(60)
    return caught.value


@pytest.mark.parametrize("step", [Step.TRANSFORM, Step.TRAIN, Step.GENERATE])
def test_a_job_is_cancelled_from_another_thread_and_delivers_nothing(step, tmp_path):
    engine = engine_in(tmp_path)

    error = cancelled_at(engine, step, engine.cancel)

    assert error.exit_code == 130
    assert not list((tmp_path / "datasets").glob("*")) if (tmp_path / "datasets").exists() else True
    assert engine._running == set()


def test_cancelling_one_engine_leaves_the_other(tmp_path):
    one, other = engine_in(tmp_path / "one"), engine_in(tmp_path / "other")

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(other.run, spec(other))
        cancelled_at(one, Step.TRAIN, one.cancel)

        assert job.result(timeout=120).rows == {"people": 400}


def test_closing_cancels_what_runs(tmp_path):
    engine = engine_in(tmp_path)

    cancelled_at(engine, Step.TRAIN, engine.close)


def test_the_logging_of_the_program_is_left_as_it_is_and_hears_the_engine(tmp_path, caplog):
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("semblant").propagate, logging.root.manager.disable)
    engine = engine_in(tmp_path / "home")

    with caplog.at_level(logging.INFO, "semblant"):
        result = engine.run(spec(engine, name="heard"))

    assert any(record.name.startswith("semblant") for record in caplog.records)
    assert (root.level, list(root.handlers)) == (before[0], before[1]) or caplog.handler in root.handlers
    assert (logging.getLogger("semblant").propagate, logging.root.manager.disable) == before[2:]
    assert (engine.home.jobs / result.name / "log.jsonl").is_file()


def test_all_that_is_kept_lies_in_the_home_that_was_given(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "nobody").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path / "another"))

    engine = engine_in(tmp_path / "mine")
    engine.run(spec(engine))

    assert {path.name for path in tmp_path.iterdir()} == {"here", "nobody", "mine"}
    assert list((tmp_path / "here").iterdir()) == list((tmp_path / "nobody").iterdir()) == []


PROGRAM = """
    import numpy as np, pyarrow as pa
    from semblant import Engine, PluginHost
    from tests import plain
    plain.TABLES["people"] = {"people": pa.table({"age": np.arange(400) % 70})}
    host = PluginHost(third_party=False)
    host.add(plain.PlainPlugin(), "plain")
    with Engine(home="home", host=host) as engine:
        spec = engine.load({"source": {"type": "memory", "path": "people"}, "model": {"backend": "shuffled"},
                            "report": {"enabled": False}})
        assert engine.run(spec).rows == {"people": 400}
    import signal, threading
    assert threading.enumerate() == [threading.main_thread()]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""


def test_nothing_is_printed_and_the_process_is_left_as_it_was(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def service(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "examples"))
    from service import Service  # type: ignore[import-not-found]

    host = PluginHost(third_party=False)
    host.add(plain.PlainPlugin(), "plain")
    made = Service(tmp_path / "home", host)
    yield made
    made.close()


SPEC = {"source": {"type": "memory", "path": "people"}, "model": {"backend": "shuffled"}, "report": {"enabled": False}}


def test_the_example_application_runs_jobs_and_shows_them(service):
    key = service.start(SPEC | {"generation": {"records": 50}})
    other = service.start(SPEC | {"seed": 3})

    assert service.table(key, "people").num_rows == 50
    assert service.table(other, "people").num_rows == 400
    assert service.look(key)["state"] == "finished"
    assert service.look(key)["error"] is None


def test_the_example_application_refuses_what_cannot_run_with_every_fault(service):
    with pytest.raises(semblant.ConfigError) as caught:
        service.start(SPEC | {"modle": {}, "generation": {"records": -1}})

    assert len(caught.value.findings) == 2


def test_the_example_application_cancels_one_job(service, monkeypatch):
    began, go = threading.Event(), threading.Event()
    real = plain.ShuffledBackend.fit

    def slow(self, training, prepared, run):
        began.set()
        go.wait(60)
        run.check()
        return real(self, training, prepared, run)

    monkeypatch.setattr(plain.ShuffledBackend, "fit", slow)
    key = service.start(SPEC)
    assert began.wait(60)
    service.cancel(key)
    go.set()

    with pytest.raises(Cancelled):
        service.table(key, "people")
    assert service.look(key)["state"] == "cancelled"


def test_the_example_application_is_one_page():
    text = (ROOT / "docs" / "examples" / "service.py").read_text(encoding="utf-8")

    assert text.count("\n") <= 100
    assert "print" not in text.partition('"""\n\nfrom')[2]
