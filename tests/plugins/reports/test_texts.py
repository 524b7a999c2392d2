"""The section on texts: what it says of good texts, of replayed ones, and of texts that do not go with their row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

pytest.importorskip("sklearn")

from semblant.components import NoSettings
from semblant.report.blocks import Table
from semblant.report.inputs import ReportLimits
from semblant.run import Run
from semblant.testing.report_material import letters, report_inputs
from semblant_reports.measure.runs import Words, longest_runs
from semblant_reports.sections.texts import Texts

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1200


def measured(folder: Path, synthetic: pa.Table, **more: Any) -> dict[str, Any]:
    inputs = report_inputs(letters(ROWS, 1), synthetic, letters(ROWS, 3), **more)
    run = Run(job="test", seed=1, workspace=folder)
    (table,) = Texts(NoSettings()).measure(inputs, run)["tables"]
    return dict(table)


def mixed(table: pa.Table) -> pa.Table:
    """Give the texts to other rows."""
    order = np.random.default_rng(1).permutation(table.num_rows)
    return table.set_column(1, "letter", table.column("letter").take(pa.array(order)))


def told(column: dict[str, Any]) -> str:
    return " ".join(f"{item['tone']}: {item['text']}" for item in column["verdicts"])


def test_texts_like_real_ones_are_called_good(tmp_path: Path) -> None:
    (column,) = measured(tmp_path, letters(ROWS, 2))["columns"]
    assert column["sizes"]["synthetic"]["texts"] == pytest.approx(0.95 * ROWS, rel=0.05)
    assert max(column["differences"]["synthetic"].values()) < 0.06
    assert column["vocabulary"]["used"] == 1.0
    (label,) = column["labels"]
    assert label["label"] == "kind"
    assert label["forward"] > 0.95
    assert {word for item in label["words"] for word in item["synthetic"]} >= {"lovely", "broken", "late"}
    assert {item["tone"] for item in column["verdicts"]} == {"good"}


def test_figures_of_real_and_of_synthetic_texts_stand_under_their_own_heading(tmp_path: Path) -> None:
    figures = measured(tmp_path, letters(ROWS, 2))
    (column,) = figures["columns"]
    blocks = Texts(NoSettings()).render({"tables": [figures]})
    (table,) = (block for block in blocks if isinstance(block, Table) and block.columns[0] == "words")
    shown = {row[0]: row[1:] for row in table.rows}
    assert table.columns == ("words", "synthetic", "real")
    assert shown["words that enough subjects of the original use"] == ("", str(column["vocabulary"]["common"]))
    assert shown["of these in the synthetic texts"] == ("100.0%", "")
    assert shown["longest run in common with as many holdout texts, 99th percentile"][1] == "–"


def test_texts_that_do_not_go_with_their_row_are_called_poor(tmp_path: Path) -> None:
    (column,) = measured(tmp_path, mixed(letters(ROWS, 2)))["columns"]
    (label,) = column["labels"]
    assert abs(label["forward"]) < 0.2
    assert "bad: Texts go with kind" in told(column)


def test_replayed_texts_are_found_and_called_poor(tmp_path: Path) -> None:
    own = letters(ROWS, 1)
    ends = [
        f" it is number {n * 7919 % 100_003} of {n * 104_729 % 99_991} in my own long list of things"
        for n in range(ROWS)
    ]
    texts = [
        None if text is None else text + end for text, end in zip(own.column("letter").to_pylist(), ends, strict=True)
    ]
    original = own.set_column(1, "letter", pa.array(texts))
    inputs = report_inputs(original, original, letters(ROWS, 3))
    (table,) = Texts(NoSettings()).measure(inputs, Run(job="t", seed=1, workspace=tmp_path))["tables"]
    (column,) = table["columns"]
    assert column["copies"]["synthetic"]["texts"] == column["copies"]["synthetic"]["of"]
    assert column["copies"]["runs"]["training"]["high"] > 2 * column["copies"]["runs"]["holdout"]["high"]
    assert "bad: " in told(column)
    assert "word for word" in told(column)


def test_the_longest_run_is_that_of_whole_words_within_one_text() -> None:
    known = Words.of(pl.Series(["one two three four", "five six", None, ""]))
    texts = Words.of(pl.Series(["x One two three y", "three four five six", "seven", "ONE-two three; four"]))
    assert longest_runs(texts, known).tolist() == [3, 2, 0, 4]


def test_the_limit_of_columns_leaves_texts_out(tmp_path: Path) -> None:
    found = measured(tmp_path, letters(ROWS, 2), limits=ReportLimits(univariate=0))
    assert (found["columns"], found["left_out"]) == ([], 1)


def test_columns_of_several_words_are_texts_where_nobody_says_how_they_were_learned(tmp_path: Path) -> None:
    def numbered(table: pa.Table) -> pa.Table:
        texts = [f"{text} {n}" for n, text in enumerate(table.column("letter").to_pylist())]
        return table.set_column(1, "letter", pa.array(texts))

    sides = [numbered(letters(ROWS, seed)) for seed in (1, 2, 3)]
    inputs = report_inputs(*sides, full=False)
    (table,) = Texts(NoSettings()).measure(inputs, Run(job="t", seed=1, workspace=tmp_path))["tables"]
    assert [column["column"] for column in table["columns"]] == ["letter"]
