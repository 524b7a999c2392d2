"""From exceptions to messages and exit statuses."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import click
import pytest

from semblant import errors
from semblant.cli.failures import failure_of
from semblant.cli.session import Session
from semblant.findings import Finding, Severity

STATUSES = {
    errors.ConfigError("bad"): 2,
    errors.DataError("bad"): 2,
    errors.PluginError("bad"): 2,
    errors.PrivacyError("bad"): 2,
    errors.GateError("bad"): 1,
    errors.SourceError("bad"): 3,
    errors.DestinationError("bad"): 3,
    errors.ArtefactError("bad"): 3,
    errors.ModelError("bad"): 4,
    errors.JobError("bad", step="AI training"): 4,
    errors.Cancelled("bad"): 130,
    KeyboardInterrupt(): 130,
    click.Abort(): 130,
    click.UsageError("bad"): 2,
    MemoryError(): 4,
    ZeroDivisionError("bad"): 4,
    FileNotFoundError(errno.ENOENT, "no", "a.csv"): 3,
    PermissionError(errno.EACCES, "no", "a.csv"): 3,
}


@pytest.mark.parametrize(("error", "status"), STATUSES.items(), ids=lambda value: type(value).__name__)
def test_every_error_has_its_status(error, status):
    assert failure_of(error, Session()).exit_code == status


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("IO error: No space left on device (os error 28)"),
        errors.DestinationError("cannot write"),
    ],
)
def test_a_full_disk_is_named_wherever_it_shows(error):
    if isinstance(error, errors.DestinationError):
        error.__cause__ = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    session = Session(job="calm-otter-1", resume_command="semblant run a.csv --resume calm-otter-1")
    failure = failure_of(error, session)
    assert failure.code == "disk-full"
    assert failure.exit_code == 3
    assert "--resume calm-otter-1" in failure.command


def test_lack_of_memory_is_named_also_when_jax_says_it():
    failure = failure_of(RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8589934592 bytes"), Session())
    assert failure.code == "out-of-memory"
    assert "--size small" in failure.fix


def test_an_unexpected_error_is_one_line_with_the_log(call, csv):
    result = call("run", csv, fault=ZeroDivisionError("secret stuff\nwith two lines"))
    assert result.exit_code == 4
    assert "Traceback" not in result.stderr
    lines = result.stderr.strip().splitlines()
    assert lines[-4] == "error: an unexpected error: ZeroDivisionError: secret stuff"
    log = Path(lines[-3].partition("the log is ")[2].partition(";")[0])
    record = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    assert "ZeroDivisionError" in record["traceback"]
    assert record["command"] == "semblant run"


def test_the_traceback_is_shown_under_vv_only(call, csv):
    assert "Traceback" not in call("run", csv, "-v", fault=ZeroDivisionError("x")).stderr
    assert "Traceback" in call("run", csv, "-vv", fault=ZeroDivisionError("x")).stderr


def test_a_password_in_an_error_is_not_shown_anywhere(call, csv):
    fault = RuntimeError("cannot connect to postgresql://ann:hunter22@db/shop")
    for words in ((), ("--json",), ("-vv",)):
        result = call("run", csv, *words, fault=fault)
        assert "hunter22" not in result.output
        assert "postgresql://ann:***@db/shop" in result.output


def test_a_connection_that_breaks_is_no_closed_reader(call, csv):
    result = call("run", csv, fault=BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert result.exit_code == 3
    assert "the connection was closed by the other side" in result.stderr


@pytest.mark.feature(77)
def test_all_findings_are_shown_gravest_first_and_safe(call, csv):
    findings = [
        Finding(severity=Severity.WARNING, path="b", code="x", message="second\x1b[31m"),
        Finding(severity=Severity.ERROR, path="a", code="y", message="first", fix="mend it", line=3),
    ]
    result = call("run", csv, fault=errors.ConfigError("two things", findings=findings))
    assert result.exit_code == 2
    assert result.stderr.index("first") < result.stderr.index("second")
    assert "a (line 3)" in result.stderr
    assert "\x1b" not in result.stderr


def test_thousands_of_findings_are_counted_and_json_has_them_all(call, csv):
    findings = [
        Finding(severity=Severity.WARNING if n else Severity.ERROR, path=f"c{n}", code="x", message=f"number {n}")
        for n in range(1000)
    ]
    shown = call("check", csv, findings=findings)
    assert "number 0" in shown.stderr
    assert "900 warnings besides" in shown.stderr
    assert len(json.loads(call("check", csv, "--json", findings=findings).stdout)["error"]["findings"]) == 1000


@pytest.mark.parametrize("width", [60, 80])
def test_messages_fit_a_narrow_screen(call, csv, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    finding = Finding(
        severity=Severity.ERROR,
        path="tables." + "long" * 30,
        code="x",
        message="what is wrong here is told at some length, with 顧客名 and 🛒",
        fix="and how to mend it as well, which takes a second line",
    )
    result = call("check", csv, findings=[finding])
    body = [line for line in result.stderr.splitlines() if not line.startswith(("error:", "fix:"))]
    from rich.cells import cell_len

    assert max(map(cell_len, body)) <= width
    assert "long" * 30 in "".join(line.strip() for line in body)
