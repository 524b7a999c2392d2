"""Every public name is documented, and every example in the documentation runs."""

from __future__ import annotations

import ast
import doctest
import importlib
from typing import TYPE_CHECKING

import pytest

import semblant
from semblant import hookspecs
from tests.meta.tree import MODULES, ROOT, module_name, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WITH_EXAMPLES = [path for path in MODULES if ">>> " in path.read_text(encoding="utf-8")]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def ids(path: Path) -> str:
    return module_name(path)


def public(
    node: ast.Module | ast.ClassDef, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Give public functions, classes and methods; what a function defines inside is its own."""
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            overload = any("overload" in ast.unparse(mark) for mark in getattr(child, "decorator_list", ()))
            setter = any(ast.unparse(mark).endswith(".setter") for mark in getattr(child, "decorator_list", ()))
            if not overload and not setter:
                yield f"{prefix}{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from public(child, f"{prefix}{child.name}.")


def test_every_public_name_has_a_docstring() -> None:
    bare = [
        f"{module_name(path)}:{name}"
        for path in MODULES
        for name, node in public(parsed(path))
        if not ast.get_docstring(node)
    ]

    assert bare == []


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=ids)
def test_the_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    for example in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(module_name(path))):
        runner.run(example, out=shown.append)

    assert runner.tries > 0, "the examples are not in docstrings that doctest finds"
    assert runner.failures == 0, "".join(shown)


@pytest.mark.parametrize("name", semblant.__all__)
def test_every_name_of_the_package_is_there(name: str) -> None:
    thing = getattr(semblant, name)

    assert name in dir(semblant)
    assert isinstance(thing, str) or thing.__doc__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'semblant' has no attribute 'Enginee'"):
        _ = semblant.Enginee


HOOKS = [name for name in vars(hookspecs) if name.startswith("semblant_")]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_says_when_it_is_called_what_it_returns_and_since_when(hook: str) -> None:
    text = getattr(hookspecs, hook).__doc__

    for part in ("Called ", ":returns:", "exception", ".. versionadded::"):
        assert part in text, f"'{hook}' does not say '{part}'"


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_test(hook: str) -> None:
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path.name != "test_documentation.py"]

    assert any(hook in path.read_text(encoding="utf-8") for path in tests)
