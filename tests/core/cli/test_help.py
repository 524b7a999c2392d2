"""Every error ends with its code, its page and where to ask."""

from __future__ import annotations

import importlib
import json

import pytest

from semblant.cli.pages import PAGES, errors_reference
from semblant.errors import SemblantError
from tests.meta.tree import MODULES, module_name


@pytest.mark.feature(82)
def test_an_error_says_its_code_its_page_and_where_to_ask(call, monkeypatch):
    monkeypatch.setenv("SEMBLANT_SUPPORT", "data-team@example.org")
    done = call("run", "missing.csv")
    assert done.exit_code == 3
    assert done.stderr.splitlines()[-2:] == ["help: semblant help source", "ask: data-team@example.org"]
    document = json.loads(call("run", "missing.csv", "--json").stdout)["error"]
    assert (document["code"], document["help"], document["ask"]) == (
        "source",
        "semblant help source",
        "data-team@example.org",
    )
    monkeypatch.delenv("SEMBLANT_SUPPORT")
    assert "ask: whoever set Semblant up" in call("run", "missing.csv").stderr


def test_the_page_of_a_code_is_shown_and_an_unknown_one_is_an_error(call):
    shown = call("help", "quota")
    assert shown.exit_code == 0
    assert "a quota is reached" in shown.stdout
    assert "ask:" in shown.stdout
    assert {entry["code"] for entry in json.loads(call("help", "--json").stdout)} == set(PAGES)
    assert call("help", "nonsense").exit_code == 2


def errors(kind=SemblantError):
    yield kind
    for child in kind.__subclasses__():
        yield from errors(child)


def test_every_code_that_an_error_can_have_has_a_page():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if "Error)" in text and "\n    code = " in text:
            importlib.import_module(module_name(path))
    codes = {error.code for error in errors() if error.__module__.startswith("semblant")}
    assert codes <= set(PAGES)
    assert all(f"## {code}" in errors_reference() for code in PAGES)
