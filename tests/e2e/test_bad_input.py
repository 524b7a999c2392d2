"""What goes wrong for a user ends in a message that says what, where and what to do; never in a traceback."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.command import no_traceback, semblant

if TYPE_CHECKING:
    from pathlib import Path


def _refused(*arguments: str | Path, code: int, cwd: Path, says: tuple[str, ...]) -> str:
    done = semblant(*arguments, cwd=cwd, timeout=120)
    no_traceback(done)
    assert done.returncode == code, (done.returncode, done.stderr[-2000:], done.stdout[-500:])
    text = " ".join(done.stderr.split()).lower()
    for word in says:
        assert word.lower() in text, (word, done.stderr)
    return done.stderr


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("empty.csv", b"", 2, ("empty.csv", "empty")),
        ("header.csv", b"a,b,c\n", 2, ("header", "row")),
        ("one.csv", b"a,b\n1,2\n", 2, ("small", "one")),
        ("nul.csv", b"a,b\n" + b"1,\x00\x00\n" * 50, 2, ("nul.csv",)),
        (
            "stacked.csv",
            b"id,name\n" + b"1,x\n2,y\n" * 20 + b",\ncode,text\n" + b"7,one\n8,two\n" * 20,
            2,
            ("stacked.csv", "line 43"),
        ),
    ],
)
@pytest.mark.feature(77, 79)
def test_a_file_that_cannot_be_learned_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, code: int, says: tuple[str, ...]
) -> None:
    (tmp_path / name).write_bytes(content)
    _refused("run", name, "-o", "out", code=code, cwd=tmp_path, says=says)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("*.parquet"))


def test_a_missing_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("a\n1\n")
    _refused("run", "custmers.csv", "-o", "out", code=3, cwd=tmp_path, says=("custmers.csv", "customers.csv"))


def test_a_truncated_parquet_file_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(1000))}), tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content[: len(content) // 2])
    _refused("run", "t.parquet", "-o", "out", code=3, cwd=tmp_path, says=("t.parquet",))


def test_a_truncated_archive_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    (tmp_path / "t.csv.gz").write_bytes(whole[: len(whole) // 2])
    _refused("run", "t.csv.gz", "-o", "out", code=3, cwd=tmp_path, says=("t.csv.gz",))


def test_ten_mistakes_in_a_spec_are_ten_findings_with_line_and_path(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n" + "1,x\n" * 100)
    (tmp_path / "spec.yaml").write_text(
        "semblant: 1\n"
        "sorce: nothing\n"
        "source:\n"
        "  type: files\n"
        "  path: data.csv\n"
        "  delimitr: ';'\n"
        "seed: -4\n"
        "model:\n"
        "  size: huge\n"
        "  max_epochs: 0\n"
        "  early_stop_delta: 7\n"
        "generation:\n"
        "  records: many\n"
        "  top_p: 2\n"
        "report:\n"
        "  univariate_columns: 0\n"
        "  holdout: [1]\n"
    )
    text = _refused(
        "check",
        "spec.yaml",
        code=2,
        cwd=tmp_path,
        says=(
            "sorce",
            "source.delimitr",
            "seed",
            "model.size",
            "model.max_epochs",
            "model.early_stop_delta",
            "generation.records",
            "generation.top_p",
            "report.univariate_columns",
            "report.holdout",
        ),
    )
    assert all(str(line) in text for line in (2, 6, 7, 9, 10, 11, 13, 14, 16, 17))


@pytest.mark.feature(77)
def test_a_finding_about_the_data_has_the_line_of_the_spec(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n" + "1,x\n" * 100)
    (tmp_path / "spec.yaml").write_text(
        "source: {type: files, path: data.csv}\ntables:\n  data:\n    columns:\n      c: {include: false}\n"
    )
    _refused("check", "spec.yaml", code=2, cwd=tmp_path, says=("tables.data.columns.c", "line 5"))


@pytest.mark.feature(77)
def test_a_column_that_no_model_can_learn_is_a_finding_before_any_work(tmp_path: Path) -> None:
    rows = "".join(f'{{"a": {i % 7}, "tags": {list(range(i, i + 2000))}}}\n' for i in range(100))
    (tmp_path / "data.jsonl").write_text(rows)
    text = _refused("run", "data.jsonl", "-o", "out", code=2, cwd=tmp_path, says=("tags", "list", "include: false"))
    assert "AI training" not in text
    done = semblant("plan", "data.jsonl", "--set", "tables.data.columns.tags.include=false", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_an_unknown_plugin_is_named_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("source:\n  type: filez\n  path: data.csv\n")
    _refused("check", "spec.yaml", code=2, cwd=tmp_path, says=("filez", "files"))


@pytest.mark.parametrize(
    "content", ["a\n" + "7\n" * 200, "a,b\n" + "7,\n" * 200, "a,b\n" + "".join(f"{i % 5},{i}\n" for i in range(30))]
)
def test_dull_tables_still_work(tmp_path: Path, content: str) -> None:
    (tmp_path / "dull.csv").write_text(content)
    done = semblant("run", "dull.csv", "--records", "50", "--no-report", "-o", "out", cwd=tmp_path)
    no_traceback(done)
    assert done.returncode == 0, done.stderr[-2000:]
    assert pq.read_table(tmp_path / "out" / "dull.parquet").num_rows == 50


@pytest.mark.feature(72)
def test_a_destination_that_cannot_be_written_is_told_before_training(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n" + "".join(f"{i % 5},{i}\n" for i in range(100)))
    (tmp_path / "out").write_text("a file is in the way")
    text = _refused("run", "data.csv", "--destination", "out", code=3, cwd=tmp_path, says=("out",))
    assert "AI training" not in text
    _refused("run", "data.csv", "-o", "out", code=2, cwd=tmp_path, says=("out", "file"))
