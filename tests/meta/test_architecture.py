"""The borders of the house: who may import what, what is never called, and how long a module may be."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from typing import TYPE_CHECKING

from semblant.plugins.discovery import normalized
from tests.meta.tree import MODULES, PACKAGES, ROOT, called, imported, module_name, parsed

if TYPE_CHECKING:
    from pathlib import Path

OWN = {package.name for package in PACKAGES}
CORE = [path for path in MODULES if path.is_relative_to(ROOT / "core")]
PLUGINS = [path for path in MODULES if path.is_relative_to(ROOT / "plugins")]
RUNS_CODE = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml"}
CALLS_CODE = {"eval", "exec", "compile", "__import__", "yaml.load", "yaml.unsafe_load", "np.load", "numpy.load"}
LONGEST = 400
LEFT = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImplemented" + "Error")


def imports_of(path: Path, packages: set[str]) -> list[str]:
    """Give the imports of a module from some top-level packages."""
    return [f"{module_name(path)} imports {name}" for name in imported(path) if name.partition(".")[0] in packages]


def test_the_tree_holds_the_packages_that_the_wheel_ships() -> None:
    assert len(MODULES) > 50
    assert {"semblant", "semblant_sources", "semblant_models"} <= OWN


def test_the_core_imports_no_plugin() -> None:
    assert [line for path in CORE for line in imports_of(path, OWN - {"semblant"})] == []


def test_a_plugin_package_imports_no_other() -> None:
    found = []
    for path in PLUGINS:
        own = module_name(path).partition(".")[0]
        found += imports_of(path, OWN - {"semblant", own})

    assert found == []


def test_nothing_that_could_run_code_from_a_file_is_imported() -> None:
    assert [line for path in MODULES for line in imports_of(path, RUNS_CODE)] == []


def test_nothing_that_could_run_code_from_a_file_is_called() -> None:
    found = []
    for path in MODULES:
        safe = {"np.load", "numpy.load"} if "allow_pickle=False" in path.read_text(encoding="utf-8") else set()
        found += [f"{module_name(path)} calls {name}" for name in (called(path) & CALLS_CODE) - safe]

    assert found == []


def test_whatever_is_imported_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    declared = {normalized(re.split(r"[\s<>=!\[;]", line)[0]) for line in lines}
    installed = importlib.metadata.packages_distributions()
    missing = set()
    for path in MODULES:
        for name in {name.partition(".")[0] for name in imported(path)} - OWN - sys.stdlib_module_names - {"msvcrt"}:
            if not {normalized(distribution) for distribution in installed.get(name, [name])} & declared:
                missing.add(f"{module_name(path)} imports {name}")

    assert missing == set()


def test_a_module_has_one_idea() -> None:
    lines = {module_name(path): path.read_text(encoding="utf-8").count("\n") for path in MODULES}

    assert {name: count for name, count in lines.items() if count > LONGEST} == {}, "split them by ideas"


def test_a_module_says_what_it_is_for() -> None:
    assert [module_name(path) for path in MODULES if parsed(path).body and not ast.get_docstring(parsed(path))] == []


def test_annotations_are_postponed() -> None:
    annotated = ast.FunctionDef | ast.AsyncFunctionDef | ast.AnnAssign
    eager = [
        module_name(path)
        for path in MODULES
        if any(isinstance(node, annotated) for node in ast.walk(parsed(path))) and "__future__" not in imported(path)
    ]

    assert eager == []


def test_nothing_is_left_to_do() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if LEFT.search(line)
    ]

    assert found == []


def test_every_package_that_is_shipped_is_typed_and_every_module_is_in_one() -> None:
    assert [package.name for package in PACKAGES if not (package / "py.typed").is_file()] == []
    assert [module_name(path) for path in MODULES if not (path.parent / "__init__.py").is_file()] == []


def test_every_default_plugin_comes_in_by_an_entry_point_like_a_strangers() -> None:
    points = importlib.metadata.entry_points(group="semblant")

    assert {point.value for point in points if point.dist and point.dist.name == "semblant"} == OWN - {"semblant"}
