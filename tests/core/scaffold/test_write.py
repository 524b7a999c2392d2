"""What ``semblant plugins new`` writes works at once, and says clearly when it cannot be written."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib

import pytest

from semblant.errors import ConfigError
from semblant.scaffold.write import KINDS, write_plugin

LONG = {"model", "text-model", "executor", "destination", "renderer"}
"""Kinds whose checks take longer than a commit should wait."""


def written(folder, kind, name="north-wind"):
    write_plugin(kind, name, folder, version="0.4.2")
    return folder


def checked(folder):
    """Run the tests of a distribution as its author would."""
    line = ["-m", "pytest", "-q", "--tb=line", "-W", "error", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir"]
    done = subprocess.run(
        [sys.executable, *line, str(folder), str(folder / "tests")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.nightly] * (k in LONG)) for k in KINDS])
def test_what_is_written_passes_its_tests_at_once(kind, tmp_path):
    code, said = checked(written(tmp_path / "semblant-north-wind", kind))

    assert code == 0, said
    assert " passed" in said


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_open_in_what_is_written(kind, tmp_path):
    folder = written(tmp_path / "semblant-north-wind", kind)
    files = sorted(path for path in folder.rglob("*") if path.is_file())

    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "@NAME@" not in text
        assert not [word for word in text.split() if word.startswith("@") and word.strip("@").isupper()], path.name
        if path.suffix == ".py":
            assert ast.get_docstring(ast.parse(text)), path.name
            assert max(map(len, text.splitlines())) <= 130, path.name
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "semblant-north-wind"
    assert project["project"]["dependencies"] == ["semblant>=0.4,<1"]
    assert project["project"]["entry-points"]["semblant"] == {"north-wind": "semblant_north_wind"}


def test_a_method_that_is_still_to_be_written_fails_with_its_name(tmp_path):
    folder = written(tmp_path / "semblant-north-wind", "section")
    module = folder / "semblant_north_wind" / "section.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace('return {"tables": tables}', 'return {"tables": tables, "at": float("nan")}'))

    code, said = checked(folder)

    assert code == 1
    assert "test_the_figures_are_json" in said


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("sauce", "acme", "did you mean 'source'"),
        ("teapot", "acme", "one of source, destination, model"),
        ("source", "Acme", "use lower case letters"),
        ("source", "a--b", "use lower case letters"),
        ("source", "../up", "use lower case letters"),
        ("source", "", "use lower case letters"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(kind, name, said, tmp_path):
    with pytest.raises(ConfigError) as caught:
        write_plugin(kind, name, tmp_path / "new", version="1.0")

    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").write_text("mine")

    with pytest.raises(ConfigError, match="is there already"):
        write_plugin("source", "acme", tmp_path / "new", version="1.0")
    with pytest.raises(ConfigError, match="no folder"):
        write_plugin("source", "acme", tmp_path / "lost" / "new", version="1.0")

    assert [path.name for path in tmp_path.rglob("*")] == ["new", "mine.txt"]
