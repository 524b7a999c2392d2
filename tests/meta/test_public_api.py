"""The public names say what a caller must know, and each has an example that runs."""

from __future__ import annotations

import doctest
import inspect
import re

import attrs
import pytest

import semblant

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NAMES = [name for name in semblant.__all__ if name not in {"__version__", "hookimpl"}]
"""``__version__`` is a text, ``hookimpl`` is pluggy's; the page of the hooks shows both in use."""
ARRAYS = re.compile(r"ndarray|pa\.Array")


def public_members():
    """Give every public function, and every public method that a public class defines, by name."""
    for name in NAMES:
        thing = getattr(semblant, name)
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            for base in thing.__mro__:
                if base.__module__.partition(".")[0] != "semblant":
                    continue
                for attribute, member in vars(base).items():
                    member = getattr(member, "__func__", member)  # noqa: PLW2901 - what a classmethod wraps
                    if inspect.isfunction(member) and not attribute.startswith("_"):
                        yield f"{name}.{attribute}", member


MEMBERS = dict(public_members())


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_has_an_example_that_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    thing = getattr(semblant, name)
    globs = {**vars(__import__(thing.__module__, fromlist=["*"])), name: thing}
    shown: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    for example in doctest.DocTestFinder(exclude_empty=True, recurse=False).find(thing, name, globs=globs):
        runner.run(example, out=shown.append)

    assert runner.tries > 0, f"{name} has no example"
    assert runner.failures == 0, "".join(shown)


@pytest.mark.parametrize("name", MEMBERS)
def test_every_parameter_is_explained(name):
    member = MEMBERS[name]
    text = inspect.getdoc(member) or ""
    owner = getattr(semblant, name.partition(".")[0])
    text += (inspect.getdoc(owner) or "") if "." in name else ""
    silent = [
        parameter
        for parameter in inspect.signature(member).parameters
        if parameter not in {"self", "cls"} and not re.search(rf"(:param {parameter}:|``{parameter}\b)", text)
    ]

    assert silent == [], f"{name} does not explain {', '.join(silent)}"


@pytest.mark.parametrize("name", [n for n in NAMES if attrs.has(getattr(semblant, n))])
def test_every_field_of_a_public_class_is_explained(name):
    cls = getattr(semblant, name)
    source = "".join(inspect.getsource(base) for base in cls.__mro__ if base.__module__.startswith("semblant"))
    bare = []
    for field in attrs.fields(cls):
        defined = rf"^    {field.name}: [^\n]*(\n        [^\n]*)*(\n    \S[^\n]*)?\n    \"\"\""
        documented = re.search(defined, source, re.MULTILINE)
        helped = re.search(rf"^    {field.name}: [^\n]*= setting\(", source, re.MULTILINE)
        told = re.search(rf"``{field.name}(\b|=)", source)
        if not (field.name.startswith("_") or documented or helped or told):
            bare.append(field.name)

    assert bare == []


@pytest.mark.parametrize("name", [n for n, m in MEMBERS.items() if ARRAYS.search(str(m.__annotations__.get("return")))])
def test_what_gives_an_array_says_its_type_and_shape(name):
    text = inspect.getdoc(MEMBERS[name]) or ""

    assert "shape (" in text
    assert re.search(r"float64|float32|int64|int32|bool", text)
    assert re.search(r"nats|seconds|rows|share", text), "in which unit?"


RAISES = {
    "Engine.connector", "Engine.discover", "Engine.generate", "Engine.impute", "Engine.load", "Engine.preview",
    "Engine.report", "Engine.run", "Engine.spec_for", "Engine.train", "PluginHost.add", "PluginHost.get", "load_spec",
    "synthesize",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(RAISES))
def test_what_can_fail_for_a_users_mistake_says_with_which_error(name):
    text = (inspect.getdoc(MEMBERS[name]) or "") + (inspect.getdoc(semblant.Engine) or "") * name.startswith("Engine.")

    assert re.search(r":raises \w+Error:|:class:`\w*Error`", text), f"{name} does not say what it raises"
