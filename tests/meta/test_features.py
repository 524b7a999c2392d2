"""``spec/features.toml`` and the tests are tied row by row."""

from __future__ import annotations

import ast
import importlib
import tomllib
from typing import TYPE_CHECKING

import attrs
import pytest

from semblant.settings.fields import bounds
from tests.meta.tree import MODULES, ROOT, module_name

if TYPE_CHECKING:
    from pathlib import Path

FEATURES: dict[int, dict[str, object]] = {
    int(number): row
    for number, row in tomllib.loads((ROOT / "spec" / "features.toml").read_text(encoding="utf-8"))["features"].items()
}
DONE = sorted(number for number, row in FEATURES.items() if row["done"])
EVERY_ROW = [
    *range(1, 137), *range(200, 208), *range(210, 218), *range(220, 227), *range(240, 246), *range(250, 257),
    *range(260, 270),
]  # fmt: skip


def marks_of(nodes: list[ast.expr]) -> set[int]:
    """Give the numbers in ``pytest.mark.feature(...)`` among some expressions."""
    calls = [call for node in nodes for call in ast.walk(node) if isinstance(call, ast.Call)]
    return {
        argument.value
        for call in calls
        if ast.unparse(call.func) == "pytest.mark.feature"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
    }


def marks_of_tests(node: ast.Module | ast.ClassDef, outer: set[int]) -> dict[str, set[int]]:
    """Give the tests that pytest would collect from a module, with the rows that they are marked with."""
    marked = [
        line.value
        for line in node.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "pytestmark"
    ]
    inherited = outer | marks_of(marked)
    found: dict[str, set[int]] = {}
    for child in node.body:
        if isinstance(child, ast.FunctionDef) and child.name.startswith("test_"):
            found[child.name] = inherited | marks_of(child.decorator_list)
        elif isinstance(child, ast.ClassDef) and child.name.startswith("Test"):
            found |= marks_of_tests(child, inherited | marks_of(child.decorator_list))
    return found


def marked_tests() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if (ROOT / "tests" / "thirdparty") in path.parents:
            continue
        for name, numbers in marks_of_tests(ast.parse(path.read_text(encoding="utf-8")), set()).items():
            for number in numbers:
                found.setdefault(number, []).append(f"{path.relative_to(ROOT)}::{name}")
    return found


TESTS = marked_tests()


def test_every_row_is_there_with_a_title() -> None:
    assert sorted(FEATURES) == EVERY_ROW
    assert all(str(row["title"]).strip() for row in FEATURES.values())


def test_there_are_rows_that_are_done() -> None:
    assert DONE


@pytest.mark.parametrize("number", DONE)
def test_a_row_that_is_done_has_a_test(number: int) -> None:
    assert TESTS.get(number), f"no test is marked with feature({number}): {FEATURES[number]['title']}"


def test_no_test_is_marked_with_an_unknown_row() -> None:
    assert {number: TESTS[number] for number in set(TESTS) - set(FEATURES)} == {}


def test_no_setting_names_an_unknown_row() -> None:
    unknown = {}
    for path in MODULES:
        if "setting(" not in path.read_text(encoding="utf-8"):
            continue
        for thing in vars(importlib.import_module(module_name(path))).values():
            if isinstance(thing, type) and attrs.has(thing):
                for attribute in attrs.fields(thing):
                    numbers = set(bounds(attribute).get("feature", ())) - set(FEATURES)
                    if numbers:
                        unknown[f"{thing.__name__}.{attribute.name}"] = numbers
    assert unknown == {}


def test_the_reader_of_marks_finds_them_where_pytest_does(tmp_path: Path) -> None:
    code = """
pytestmark = [pytest.mark.feature(1), pytest.mark.nightly]
@pytest.mark.feature(2, 3)
def test_one(): ...
def helper(): ...
class TestMany:
    @pytest.mark.parametrize("a", [pytest.param(1, marks=pytest.mark.feature(4))])
    def test_two(self, a): ...
"""
    assert marks_of_tests(ast.parse(code), set()) == {"test_one": {1, 2, 3}, "test_two": {1, 4}}
