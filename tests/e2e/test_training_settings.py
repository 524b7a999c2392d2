"""Settings of training through the whole engine: reruns from the effective spec, tiny and odd tables."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from semblant.events import EventKind, Step
from semblant.spec.write import spec_data
from tests.e2e.command import no_traceback, semblant

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.events import Event
    from semblant.results import JobResult


def people(rows: int) -> pa.Table:
    random = np.random.default_rng(1)
    city = random.choice(["Bern", "Graz", "Turin"], rows)
    return pa.table({"city": city, "pay": np.where(city == "Graz", 2000, 900) + random.integers(0, 30, rows) * 10})


def run(folder: Path, table: pa.Table, *overrides: str, stop_after: float | None = None) -> JobResult:
    """Run without a report; with ``stop_after`` training is stopped after so many epochs."""
    folder.mkdir(exist_ok=True)
    pq.write_table(table, folder / "people.parquet")

    def hear(event: Event) -> None:
        trains = event.step is Step.TRAIN and event.kind is EventKind.STEP_PROGRESS
        if trains and stop_after is not None and (event.done or 0) > stop_after:
            engine.stop_training()

    with Engine(home=folder / "home", on_event=hear) as engine:
        spec = engine.load(
            spec_data(engine.spec_for(str(folder / "people.parquet"))), ["report.enabled=false", *overrides]
        )
        return engine.run(spec, out=folder / "out")


@pytest.mark.feature(26, 134)
def test_a_run_from_the_effective_spec_of_a_stopped_one_makes_the_same_rows(tmp_path: Path) -> None:
    first = run(tmp_path / "a", people(400), "model.max_epochs=100", "model.early_stop_delta=0", stop_after=2.0)
    at = first.settings_used["people"]["stopped_at_step"]
    assert at > 0
    with Engine(home=tmp_path / "home") as engine:
        spec = engine.load(tmp_path / "a" / "out" / "spec.yaml")
        decided = spec.tables["people"].model
        assert decided["stopped_at_step"] == at
        assert decided["auto_batching"] is False
        assert decided["batch_size"] == first.settings_used["people"]["batch_size"]
        assert not [
            finding for finding in engine.check(spec) if finding.step is not None and finding.severity == "error"
        ]
        again = engine.run(spec, out=tmp_path / "b")
    assert again.settings_used["people"]["stopped_at_step"] == at
    assert again.table("people").equals(first.table("people"))
    assert "stopped_at_step" in (tmp_path / "b" / "spec.yaml").read_text()


@pytest.mark.feature(79)
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4])
def test_too_few_rows_are_refused_within_seconds(rows: int, tmp_path: Path) -> None:
    pq.write_table(people(rows), tmp_path / "people.parquet")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = semblant("run", "people.parquet", "-o", "out", cwd=tmp_path, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    no_traceback(done)
    assert done.returncode == 2
    assert "data set too small" in " ".join(done.stderr.split())
    # two processes start beside each other, the supervisor and the job: 2.1 s of processor time beside other work
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3.2


@pytest.mark.parametrize("rows", [5, 20])
def test_the_smallest_tables_are_learned(rows: int, tmp_path: Path) -> None:
    made = run(tmp_path, people(rows), "generation.records=50", "model.max_epochs=5").table("people")
    assert made.num_rows == 50
    assert made.schema.names == ["city", "pay"]


@pytest.mark.parametrize(
    "columns",
    [
        {"same": ["x"] * 40},
        {"none": pa.nulls(40, pa.float64())},
        {"same": [1.5] * 40, "none": pa.nulls(40, pa.string())},
    ],
    ids=["constant", "empty", "both"],
)
def test_columns_with_nothing_to_learn_come_out_as_they_are(columns: dict[str, Any], tmp_path: Path) -> None:
    made = run(tmp_path, pa.table(columns), "generation.records=7").table("people")
    assert made.num_rows == 7
    for name, values in columns.items():
        expected = None if name == "none" else values[0]
        assert made[name].to_pylist() == [expected] * 7


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("model.learning_rate=0.01", "the rate is adaptive"),
        ("model.batch_size=100", "batching is automatic"),
        ("model.gradient_accumulation=2", "batching is automatic"),
        ("model.early_stop_delta=1", "got 1"),
        ("model.validation_fraction=0.9", "got 0.9"),
        ("model.max_minutes=0", "must be"),
        ("model.stopped_at_step=0", "at least 1, got 0"),
        ("model.steps_between_validations=0", "at least 1, got 0"),
    ],
)
@pytest.mark.feature(56, 77)
def test_bad_settings_are_findings_with_place_and_mend(
    setting: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from semblant.cli.main import program

    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path / "home"))
    pq.write_table(people(100), tmp_path / "people.parquet")
    with pytest.raises(SystemExit, match="2"):
        program.main(["check", str(tmp_path / "people.parquet"), "--set", setting])
    said = " ".join(capsys.readouterr().err.split())
    assert says in said
    assert setting.partition("=")[0] in said
