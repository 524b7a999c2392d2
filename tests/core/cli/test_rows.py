"""Commands about rows that are there: what they ask the engine for, write and say."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def holes(tmp_path):
    path = tmp_path / "holes.csv"
    path.write_text("id,age,mine\n1,,a\n2,40,\n3,,c\n", encoding="utf-8")
    return path


@pytest.mark.feature(221)
def test_impute_writes_the_filled_file_and_says_how_many_cells(call, holes, tmp_path):
    result = call("impute", "calm-otter-1", holes, "-o", tmp_path / "out", "--format", "csv", "--draws", 9, "--seed", 4)
    assert result.exit_code == 0, result.stderr
    asked, arguments = result.engine.asked[-1]
    assert asked == "impute"
    assert arguments["generator"] == "calm-otter-1"
    assert (arguments["draws"], arguments["seed"], arguments["table"]) == (9, 4, None)
    assert (tmp_path / "out" / "holes.csv").read_text().splitlines()[:2] == ["id,age,mine", "1,40,a"]
    assert "3 cells filled" in result.stdout
    assert "holes.csv" in result.stdout


def test_impute_does_not_overwrite_unless_it_is_told_to(call, holes, tmp_path):
    assert call("impute", "calm-otter-1", holes, "-o", tmp_path / "out").exit_code == 0
    again = call("impute", "calm-otter-1", holes, "-o", tmp_path / "out")
    assert again.exit_code != 0
    assert "overwrite" in again.stderr
    assert call("impute", "calm-otter-1", holes, "-o", tmp_path / "out", "--overwrite").exit_code == 0


@pytest.mark.feature(225)
def test_score_names_the_least_probable_rows_and_keeps_all_scores(call, csv, tmp_path):
    result = call("score", "calm-otter-1", csv, "-o", tmp_path / "out", "--format", "csv")
    assert result.exit_code == 0, result.stderr
    assert "-3.000 nats" in result.stdout
    assert "3 (-4.50), 2 (-3.00), 1 (-1.50)" in result.stdout
    assert (tmp_path / "out" / "scores.csv").read_text().splitlines()[1] == "1,-1.5"
    document = json.loads(call("score", "calm-otter-1", csv, "--json").stdout)
    assert document["mean"] == -3.0
    assert document["least_probable"][0] == {"row": 3, "log_probability": -4.5}


def test_a_file_without_rows_or_a_generator_that_is_not_there_is_named(call, csv, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("id,age\n", encoding="utf-8")
    assert "has no rows" in call("score", "calm-otter-1", empty).stderr
    assert "no.semblant" in call("score", tmp_path / "no.semblant", csv).stderr


@pytest.mark.feature(226)
def test_generate_refuses_what_contradicts_itself(call, csv):
    assert call("generate", "calm-otter-1", "--scale", 2, "--records", 3).exit_code == 2
    assert call("generate", "calm-otter-1", "--scale", 2, "--given", csv).exit_code == 2
    wrong = call("generate", "calm-otter-1", "--set", "model.size=small")
    assert wrong.exit_code == 2
    assert "has no effect on a generator that is trained" in wrong.stderr


@pytest.mark.feature(223)
def test_given_files_are_the_rows_of_the_tables_they_are_named_for(call, csv, holes):
    result = call("generate", "calm-otter-1", "--given", csv, "--given", f"orders={holes}")
    assert result.exit_code == 0, result.stderr
    given = result.engine.asked[-1][1]["given"]
    assert {name: rows.num_rows for name, rows in given.items()} == {"": 3, "orders": 3}
    assert call("generate", "calm-otter-1", "--given", f"orders={holes}", "--records", 5).exit_code == 0
    assert call("generate", "calm-otter-1", "--given", csv, "--records", 5).exit_code == 2
    twice = call("generate", "calm-otter-1", "--given", f"orders={holes}", "--given", f"orders={csv}")
    assert "names table 'orders' twice" in twice.stderr
