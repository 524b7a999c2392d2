"""The program as a user meets it: a process with its streams, its exit status and the real engine."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

GATE = ("--fail-under", "accuracy=0.01")
"""Passed by any report that has the score."""
QUICK = ("--size", "small", "--goal", "speed", "--set", "model.max_epochs=2")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Give a folder with data, a home, and everything that this module makes."""
    folder = tmp_path_factory.mktemp("place")
    rows = [f"{n},{20 + n % 50},{'north' if n % 3 else 'south'},{n * 1.5:.2f}" for n in range(400)]
    (folder / "customers.csv").write_text("\n".join(["id,age,region,spent", *rows]) + "\n", encoding="utf-8")
    return folder


def semblant(place, *words, **options):
    environment = {**os.environ, "SEMBLANT_HOME": str(place / "home"), "COLUMNS": "80", **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "semblant", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=place,
        env=environment,
        timeout=300,
        check=False,
        **options,
    )


@pytest.fixture(scope="module")
def run(place):
    """Run the main command once, as in the README."""
    return semblant(place, "run", "customers.csv", "--records", 50, "-o", "out", "--name", "first", *GATE, *QUICK)


@pytest.mark.feature(255)
def test_a_gate_reads_the_scores_of_the_real_report(run):
    assert run.returncode == 0, run.stderr
    assert re.search(r"accuracy is 0\.\d+, at least 0\.01", run.stdout)


@pytest.mark.feature(2, 48)
def test_one_command_leaves_everything_in_one_folder(run, place):
    assert run.returncode == 0, run.stderr
    names = {path.name for path in (place / "out").iterdir()}
    assert {
        "customers.parquet",
        "report.pdf",
        "report.json",
        "generator.semblant",
        "spec.yaml",
        "timings.json",
    } <= names
    table = pq.read_table(place / "out" / "customers.parquet")
    assert table.num_rows == 50
    assert table.column_names == ["id", "age", "region", "spent"]
    assert "total" in json.loads((place / "out" / "timings.json").read_text(encoding="utf-8"))


def test_the_result_is_on_standard_output_and_the_progress_is_not(run):
    assert "first is done" in run.stdout
    assert "out/customers.parquet" in run.stdout
    assert "customers: AI training" in run.stderr
    assert "customers: AI training" not in run.stdout
    assert "\x1b" not in run.stdout + run.stderr
    assert "\r" not in run.stderr


def test_the_effective_spec_is_a_spec(run, place):
    assert semblant(place, "check", "out/spec.yaml").returncode == 0


def test_tables_that_are_there_are_not_overwritten_unasked(run, place):
    before = (place / "out" / "customers.parquet").read_bytes()
    again = semblant(place, "run", "customers.csv", "-o", "out", *QUICK)
    assert again.returncode == 3
    assert "customers.parquet" in again.stderr
    assert (place / "out" / "customers.parquet").read_bytes() == before


def test_more_data_come_from_the_generator_by_file_and_by_name(run, place):
    made = semblant(place, "generate", "out/generator.semblant", "-n", 7, "-o", "more", "--format", "csv", "--json")
    assert made.returncode == 0, made.stderr
    document = json.loads(made.stdout)
    assert document["rows"] == {"customers": 7}
    assert len((place / "more" / "customers.csv").read_text(encoding="utf-8").splitlines()) == 8
    assert semblant(place, "generate", "first", "-n", 3, "-o", "named").returncode == 0
    assert semblant(place, "generate", "frist", "-n", 3).returncode == 2


@pytest.mark.feature(224)
def test_the_temperature_changes_what_is_generated(run, place):
    shares = {}
    for temperature in (0.05, 1.0):
        out = place / f"at-{temperature}"
        done = semblant(place, "generate", "out/generator.semblant", "-n", 300, "--temperature", temperature, "-o", out)
        assert done.returncode == 0, done.stderr
        region = pq.read_table(out / "customers.parquet")["region"].to_pylist()
        shares[temperature] = region.count("north") / 300
    assert shares[0.05] > shares[1.0]


def test_ten_mistakes_in_a_spec_are_all_reported_with_their_places(place):
    (place / "bad.yaml").write_text(
        """semblant: 2
sourc: {type: files}
source: {type: filess, path: customers.csv}
seed: -1
model: {size: huge, max_epochs: 0, early_stop_delta: 2}
tables:
  customers:
    treatment: maybe
    columns: {age: {encoding: numbr}}
generation: {records: none, temperature: 0}
""",
        encoding="utf-8",
    )
    shown = semblant(place, "check", "bad.yaml")
    assert shown.returncode == 2
    assert "11 mistakes" in shown.stderr
    for path in ("semblant", "sourc", "source.type", "seed", "model.size", "model.max_epochs", "model.early_stop_delta",
                 "tables.customers.treatment", "tables.customers.columns.age.encoding", "generation.records",
                 "generation.temperature"):  # fmt: skip
        assert f" {path} (line " in shown.stderr, path
    findings = json.loads(semblant(place, "run", "bad.yaml", "--json").stdout)["error"]["findings"]
    assert len(findings) == 11
    assert all(finding["line"] and finding["fix"] for finding in findings)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--help"], 0),
        (["version"], 0),
        ([], 2),
        (["nonsense"], 2),
        (["run"], 2),
        (["run", "customers.csv", "--records", "many"], 2),
        (["run", "missing.csv"], 3),
        (["run", "customers.csv", "--holdout", "missing.csv"], 3),
        (["run", "customers.csv", "--set", "model.sise=small"], 2),
        (["run", "customers.csv", "--destination", "gopher://host/x"], 2),
        (["generate", "nobody"], 2),
        (["preview", "customers.csv", "--table", "orders"], 2),
        (["report", "customers.csv", "missing.csv", "-o", "r"], 3),
    ],
)
def test_exit_statuses(place, words, status):
    done = semblant(place, *words)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    if status:
        assert done.stdout == ""
        assert done.stderr.strip()


def test_a_file_that_is_no_generator_is_refused(place):
    (place / "fake.semblant").write_bytes(b"PK not really")
    done = semblant(place, "generate", "fake.semblant", "-n", 5)
    assert done.returncode == 3
    assert "fake.semblant" in done.stderr


def test_detect_writes_a_spec_that_checks_and_plans(place):
    done = semblant(place, "detect", "customers.csv", "-o", "spec.yaml", "--force")
    assert done.returncode == 0, done.stderr
    assert "path: customers.csv" in (place / "spec.yaml").read_text(encoding="utf-8")
    plan = json.loads(semblant(place, "plan", "spec.yaml", "-n", 12, "--json").stdout)
    assert plan["tables"][0]["primary_key"] == ["id"]
    assert "records: 12" in plan["spec"]


def test_a_reader_that_goes_away_is_no_error(place):
    command = f"'{sys.executable}' -m semblant plugins 2>err | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=place, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0"
    assert (place / "err").read_text(encoding="utf-8") == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_named(place):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "semblant", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 3
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr


def on_a_terminal(place, *words, **environment):
    """Run on a pseudo-terminal; give what it shows."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "semblant", *map(str, words)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=place,
        env={
            **os.environ,
            "SEMBLANT_HOME": str(place / "home"),
            "TERM": "xterm-256color",
            "COLUMNS": "80",
            **environment,
        },
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(master)
    process.wait(timeout=60)
    return shown.decode()


def test_colours_are_for_terminals_and_no_color_is_respected(place):
    assert "\x1b[" in on_a_terminal(place, "doctor", "--fast", NO_COLOR="")
    plain = on_a_terminal(place, "doctor", "--fast", NO_COLOR="1")
    assert "\x1b[3" not in plain
    assert "Installation" in plain
    assert "\x1b" not in semblant(place, "doctor", "--fast").stdout


def test_names_of_any_script_reach_a_terminal_that_knows_only_ascii(place):
    (place / "顧客🛒.csv").write_text("名,n\nあ,1\nい,2\n", encoding="utf-8")
    done = semblant(place, "preview", "顧客🛒.csv", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0, done.stderr
    assert "\\u540d" in done.stdout
    document = semblant(place, "preview", "顧客🛒.csv", "--json", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert json.loads(document.stdout)["tables"]["顧客🛒"]["rows"] == [["あ", 1], ["い", 2]]


@pytest.mark.feature(256)
def test_report_on_data_of_other_tools(place):
    (place / "synthetic.csv").write_text((place / "customers.csv").read_text(encoding="utf-8"), encoding="utf-8")
    done = semblant(place, "report", "customers.csv", "synthetic.csv", "-o", "compared", "--json")
    assert done.returncode == 0, done.stderr
    assert {"report.pdf", "report.json"} <= {path.name for path in (place / "compared").iterdir()}


def test_a_setting_of_a_format_is_given_on_the_command_line_and_checked(place):
    (place / "same.csv").write_text((place / "customers.csv").read_text(encoding="utf-8"), encoding="utf-8")
    command = ["report", "customers.csv", "same.csv", "-o", "letter", "--sections", "data", "--formats", "pdf"]
    done = semblant(place, *command, "--set", "pdf.paper=Letter")
    assert done.returncode == 0, done.stderr
    assert b"/MediaBox [0 0 612.00 792.00]" in (place / "letter" / "report.pdf").read_bytes()
    wrong = semblant(place, *command, "--set", "pdf.paper=Lettr", "--set", "pfd.paper=A4")
    assert wrong.returncode == 2
    assert "report.settings.pdf.paper" in wrong.stderr
    assert "did you mean 'pdf'" in wrong.stderr
    assert semblant(place, *command, "--set", "pdf=A4").returncode == 2


@pytest.mark.nightly
@pytest.mark.feature(92, 260)
def test_an_interrupted_run_goes_on_where_it_was(place):
    command = [sys.executable, "-m", "semblant", "run", "customers.csv", "-n", "20", "-o", "resumed", *QUICK]
    environment = {**os.environ, "SEMBLANT_HOME": str(place / "home")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=place, env=environment
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "AI training" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert not (place / "resumed" / "customers.parquet").exists()
    again = next(line.strip() for line in err.splitlines() if "--resume" in line)
    done = semblant(place, *shlex.split(again)[1:])
    assert done.returncode == 0, done.stderr
    assert "customers: organizing data: done before, taken up again" in done.stderr
    assert pq.read_table(place / "resumed" / "customers.parquet").num_rows == 20
