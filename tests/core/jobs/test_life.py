"""One real job from order to deletion, on both stores: what is recorded, shown, downloaded and taken away."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from semblant.home import Kind
from semblant.jobs.details import details_of
from semblant.jobs.orders import OrderKind
from semblant.jobs.states import JobType, PartState, State
from tests.core.jobs.scene import QUICK

REPORTED = [*QUICK[:3], "generation.records=60", "report.formats=[json]"]


@pytest.fixture(scope="module")
def done(shared):
    """Do one job with a report by a worker, and one of a catalog by the command line."""
    job = shared.order(*REPORTED)
    shared.work()
    return shared.job(job)


@pytest.mark.feature(74, 90, 91, 102, 106, 107)
def test_a_worker_does_what_waits_and_the_store_says_so(done):
    assert (done.state, done.type, done.share, done.attempt) == (State.FINISHED, JobType.AD_HOC, 1.0, 1), done.fault
    assert done.created <= done.started <= done.ended
    assert done.rows_made == 60
    assert done.processor_seconds > 1
    assert done.bytes > 10_000
    assert done.lease_until is None


@pytest.mark.feature(100, 111, 112, 113, 114, 115, 116, 117, 119, 120, 121, 122, 123)
@pytest.mark.feature(124, 125, 127, 128, 129, 130, 131, 132, 133)
def test_its_details_tell_tables_tasks_steps_and_what_was_used(done, shared):
    found = details_of(shared.store, done)
    assert found.tasks_done == (3, 3)
    assert [(task.kind, task.table_name) for task in found.tasks] == [
        ("synthesizing table", "customers"),
        ("packaging", ""),
        ("quality report", ""),
    ]
    assert [step.step for step in found.steps if step.task == 0] == [
        "organizing data",
        "data analysis",
        "transforming data",
        "AI training",
        "generating",
    ]
    assert {str(step.state) for step in found.steps} == {"finished"}
    (table,) = found.tables
    assert (table.name, table.task, table.state, table.rows) == ("customers", "synthesizing table", "finished", 60)
    assert table.seconds
    assert table.used["training_rows"] > 400
    assert (table.used["goal"], table.used["size"]) == ("speed", "small")
    assert 0 < table.used["epochs"] <= 2
    assert table.used["batch_size"] >= 1
    assert found.tests["identical matches"] is True
    assert isinstance(found.tests["dissimilarity"], bool)


@pytest.mark.feature(93)
def test_its_summary_has_the_report(done, shared):
    dataset = shared.store.datasets.of(done.id)
    assert json.loads((shared.folder / dataset.report["json"]).read_text(encoding="utf-8"))
    assert 0 < dataset.scores["accuracy"] <= 1
    shown = shared.command("jobs", "show", done.name)
    assert "accuracy" in shown.stdout
    assert "identical matches  passed" in shown.stdout


@pytest.mark.feature(135)
def test_the_training_history_is_data_and_a_picture(done, shared):
    history = json.loads(shared.command("jobs", "history", done.id, "--json").stdout)
    assert {"epoch", "loss", "validation_loss", "learning_rate"} <= set(history["customers"][-1])
    assert shared.command("jobs", "history", done.id, "-o", "losses.svg").returncode == 0
    picture = (shared.folder / "losses.svg").read_text(encoding="utf-8")
    assert picture.count("<polyline") == 2
    assert "customers" in picture


@pytest.mark.feature(84)
def test_the_list_is_a_list_of_objects(done, shared):
    (entry,) = [job for job in json.loads(shared.command("jobs", "list", "--json").stdout) if job["id"] == done.id]
    assert {"id", "name", "type", "state", "started", "tasks_done", "tasks"} <= set(entry)
    assert (entry["state"], entry["type"], entry["tasks_done"], entry["tasks"]) == ("finished", "ad hoc", 3, 3)
    assert json.loads(shared.command("jobs", "list", "--state", "failed", "--json").stdout) == []


@pytest.mark.feature(126)
def test_the_columns_are_told_with_their_encodings(done, shared):
    columns = json.loads(shared.command("jobs", "columns", done.name, "--json").stdout)["customers"]
    encodings = {entry["column"]: entry["encoding"] for entry in columns}
    assert encodings == {"id": "made by the engine", "age": "integer", "region": "categorical", "spent": "number"}


@pytest.mark.feature(75, 76)
def test_the_generator_is_listed_with_its_status_and_timeline(done, shared):
    (entry,) = [g for g in json.loads(shared.command("generators", "list", "--json").stdout) if g["name"] == done.name]
    assert (entry["status"], entry["tables"], entry["job"]) == ("ready", ["customers"], done.id)
    assert list(entry["timeline"]) == ["data loading", "preprocessing, tabular", "training, tabular"]
    assert {stage["state"] for stage in entry["timeline"].values()} == {"finished"}
    assert entry["timeline"]["training, tabular"]["seconds"] > 0


@pytest.mark.feature(95, 96, 97, 110)
def test_data_settings_and_logs_are_downloaded_whatever_the_destination(done, shared):
    for words in (("--format", "parquet"), ("--format", "csv"), ("--what", "settings"), ("--what", "logs")):
        file = f"{words[1]}.bin"
        made = shared.command("jobs", "download", done.name, *words, "-o", file)
        assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(shared.folder / "parquet.bin") as archive:
        assert archive.namelist() == ["customers.parquet"]
        table = pq.read_table(io.BytesIO(archive.read("customers.parquet")))
    with zipfile.ZipFile(shared.folder / "csv.bin") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("customers.csv").decode("utf-8-sig"))))
    assert [row["region"] for row in rows] == table["region"].to_pylist()
    assert len(rows) == 60
    assert shared.command("check", "settings.bin").returncode in {0, 2, 3}
    assert "max_epochs: 2" in (shared.folder / "settings.bin").read_text(encoding="utf-8")
    with zipfile.ZipFile(shared.folder / "logs.bin") as archive:
        assert "log.jsonl" in archive.namelist()


@pytest.mark.feature(94)
def test_more_is_generated_from_the_trained_model_as_a_job_of_its_own(done, shared):
    made = shared.command("generate", done.name, "-n", 9, "-o", "more", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["rows"] == {"customers": 9}
    job = shared.store.lookup.job(json.loads(made.stdout)["name"])
    assert (job.type, job.state, job.generator, job.rows_made) == (JobType.GENERATE, State.FINISHED, done.name, 9)
    assert job.destination.endswith("more")
    assert [task.kind for task in shared.store.lookup.tasks(job.id)] == ["synthesizing table", "packaging"]
    (table,), (trained,) = details_of(shared.store, job).tables, details_of(shared.store, done).tables
    assert (table.used, table.rows) == (trained.used, 9)


@pytest.mark.feature(94)
def test_generating_more_is_left_to_a_worker(done, shared):
    ordered = shared.command("generate", done.name, "-n", 7, "--queue", "--json")
    assert ordered.returncode == 0, ordered.stderr
    job = shared.store.lookup.job(json.loads(ordered.stdout)["id"])
    assert (job.state, job.type, job.rows_reserved) == (State.QUEUED, JobType.GENERATE, 7)
    shown = shared.command("jobs", "show", job.id).stdout
    assert "application storage" in shown
    assert "semblant worker" in shown
    shared.work()
    assert (shared.job(job).state, shared.job(job).rows_made) == (State.FINISHED, 7)


@pytest.mark.feature(97)
def test_the_log_says_in_words_what_began_and_what_took_how_long(done, shared):
    lines = [line.split("  ", 2)[-1].strip() for line in shared.command("jobs", "logs", done.name).stdout.splitlines()]
    assert any("customers: AI training begins" in line for line in lines)
    assert any("customers: AI training is done in " in line for line in lines)
    steps = [line for line in lines if " begins" in line or " is done" in line]
    assert len(set(steps)) == len(steps) > 10


@pytest.mark.feature(75)
def test_a_generator_that_was_deleted_is_not_listed_and_its_job_says_so(shared):
    job = shared.order(*QUICK[:3], kind=OrderKind.TRAIN)
    shared.work()
    listed = [entry["name"] for entry in json.loads(shared.command("generators", "list", "--json").stdout)]
    assert job.name in listed
    assert shared.command("generators", "delete", job.name).returncode == 0
    assert job.name not in shared.command("generators", "list").stdout
    assert "was deleted" in shared.command("jobs", "columns", job.id).stderr
    missing = shared.command("generators", "show", job.name)
    assert (missing.returncode, "help: semblant help not-there" in missing.stderr) == (2, True)


@pytest.mark.feature(81)
def test_quotas_are_shown_in_units_and_periods(local):
    local.command("quota", "--set", "storage=20G", "--set", "rows=1000000")
    shown = local.command("quota").stdout
    assert "20.0 GB" in shown
    assert "1,000,000" in shown
    assert "this month" in shown
    assert "at a time" in shown


@pytest.mark.feature(266)
def test_a_generator_goes_to_another_home_as_one_file_and_makes_the_same_rows(done, shared):
    assert shared.command("generators", "export", done.name, "-o", "moved.semblant").returncode == 0
    assert shared.command("generators", "import", "moved.semblant").returncode == 2
    assert shared.command("generators", "import", "moved.semblant", "--name", "moved").returncode == 0
    (entry,) = [g for g in json.loads(shared.command("generators", "list", "--json").stdout) if g["name"] == "moved"]
    assert (entry["status"], entry["job"], entry["tables"]) == ("ready", None, ["customers"])
    with Engine(home=shared.home.root) as engine:
        rows = [engine.generate(name, records=25, seed=5).table() for name in (done.name, "moved")]
    assert rows[0].equals(rows[1])
    assert shared.command("generators", "delete", "moved").returncode == 0
    copied = shared.home.path(Kind.GENERATORS, "copied")
    copied.write_bytes((shared.folder / "moved.semblant").read_bytes())
    shared.home.path(Kind.GENERATORS, "torn").write_bytes(copied.read_bytes()[:-100])
    entries = {g["name"]: g for g in json.loads(shared.command("generators", "list", "--json").stdout)}
    assert (entries["copied"]["status"], entries["copied"]["tables"]) == ("ready", ["customers"])
    assert (entries["torn"]["status"], entries["torn"]["tables"]) == ("damaged", [])
    content = bytearray((shared.folder / "moved.semblant").read_bytes())
    content[len(content) // 2] ^= 1
    (shared.folder / "bad.semblant").write_bytes(content)
    refused = shared.command("generators", "import", "bad.semblant", "--name", "bad")
    assert refused.returncode == 3
    assert "damaged" in refused.stderr
    assert not any(line.startswith("bad ") for line in shared.command("generators", "list").stdout.splitlines())


@pytest.mark.feature(85, 103, 108, 109)
def test_a_catalog_is_saved_changed_run_and_deleted(done, shared):
    options = [word for setting in QUICK for word in ("--set", setting)]
    assert shared.command("catalogs", "create", "shop", "customers.csv", *options).returncode == 0
    assert "max_epochs: 2" in shared.command("catalogs", "show", "shop").stdout
    assert shared.command("catalogs", "edit", "shop", "--set", "generation.records=11").returncode == 0
    ran = shared.command("catalogs", "run", "shop", "-o", "from-catalog", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["rows"] == {"customers": 11}
    job = shared.store.lookup.job(json.loads(ran.stdout)["name"])
    assert (job.type, job.catalog) == (JobType.CATALOG, "shop")
    shown = shared.command("jobs", "show", job.name).stdout
    assert "catalog      shop" in shown
    assert "from-catalog" in shown
    assert shared.command("catalogs", "create", "shop", "customers.csv").returncode == 2
    assert shared.command("catalogs", "delete", "shop").returncode == 0
    assert json.loads(shared.command("catalogs", "list", "--json").stdout) == []


@pytest.mark.feature(99)
def test_deleting_takes_workspace_data_and_report_and_leaves_what_was_used_up(shared):
    job = shared.order(*QUICK)
    shared.work()
    assert shared.job(job).state is State.FINISHED
    used = {quota.resource: quota.used for quota in shared.store.quotas.list("somebody")}["rows"]
    assert shared.command("jobs", "delete", job.name, "--yes").returncode == 0
    assert not shared.home.path(Kind.JOBS, job.name).exists()
    assert not shared.home.path(Kind.DATASETS, job.name).exists()
    assert shared.home.path(Kind.GENERATORS, job.name).is_file()
    assert shared.command("jobs", "show", job.name).returncode == 2
    assert {quota.resource: quota.used for quota in shared.store.quotas.list("somebody")}["rows"] == used
    assert shared.store.lookup.tasks(job.id) == []


def test_the_live_view_draws_tables_bars_and_losses(done, shared):
    from rich.console import Console

    from semblant.cli.show.watching import view
    from semblant.jobs.history import history_of

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(view(details_of(shared.store, done), history_of(shared.store, done)))
    shown = console.export_text()
    assert "customers: synthesizing table" in shown
    assert "validation loss" in shown
    assert "━" in shown
    assert shared.command("jobs", "watch", done.name).returncode == 0


def test_every_task_was_finished_and_none_was_left_open(done, shared):
    assert {task.state for task in shared.store.lookup.tasks(done.id)} == {PartState.FINISHED}
