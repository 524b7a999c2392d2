"""The documentation is whole and true: each hook, setting, command and feature has its page, what they show exists."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import tomllib

import attrs
import click
import pytest
from ruamel.yaml import YAML

from semblant import hookspecs, load_spec
from semblant.cli.groups import Group
from semblant.cli.main import COMMANDS, program
from semblant.host import KINDS, PluginHost
from semblant.spec.model import Spec
from tests.meta.tree import ROOT

DOCS = ROOT / "docs"
WRITTEN = [path for path in sorted(DOCS.rglob("*.md")) if not {"made", "_build"} & set(path.parts)]
FEATURES = tomllib.loads((ROOT / "spec" / "features.toml").read_text(encoding="utf-8"))["features"]


def load_pages():
    spec = importlib.util.spec_from_file_location("pages", DOCS / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = load_pages()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    PAGES.write(folder)
    return {path.name: path.read_text(encoding="utf-8") for path in (folder / PAGES.MADE).iterdir()}


def name_of(path):
    return str(path.relative_to(DOCS))


def commands():
    """Give every command with its words."""
    for name in COMMANDS:
        found = program.get_command(click.Context(program), name)
        if isinstance(found, Group):
            for member in found.lazy:
                yield (name, member), found.get_command(click.Context(found), member)
        else:
            yield (name,), found


@pytest.mark.feature(87)
@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("semblant_")])
def test_a_hook_has_its_heading_and_signature(hook, made):
    assert f"## {hook}\n" in made["hooks.md"]
    assert f"def {hook}(" in made["hooks.md"]


@pytest.mark.feature(87)
@pytest.mark.parametrize(("words", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in commands()])
def test_a_command_has_its_heading_and_options(words, command, made):
    heading = f"{'#' * (len(words) + 1)} semblant {' '.join(words)}\n"
    assert heading in made["commands.md"]
    page = made["commands.md"].partition(heading)[2].partition("\n## ")[0]
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in {"as_json", "verbosity"}:
            assert option.opts[0] in page
            assert option.help, f"{words} {option.opts[0]} has no help"


@pytest.mark.feature(87)
def test_every_setting_has_its_line(made):
    host = PluginHost(third_party=False)
    rows = [row for row in host.plugins() if row.kind in KINDS and row.status == "ok"]
    classes = [Spec, *(host.get(row.kind, row.name).settings for row in rows)]
    named = [(cls.__name__, attribute.name) for cls in classes for attribute in attrs.fields(cls)]
    bare = [f"{cls}.{name}" for cls, name in named if f"| `{name}` |" not in made["settings.md"]]

    assert bare == []


@pytest.mark.feature(87)
def test_every_public_name_is_on_the_page_of_python(made):
    import semblant

    assert [name for name in semblant.__all__ if not re.search(rf"\b{name}\b", made["api.md"])] == []


@pytest.mark.feature(87)
@pytest.mark.parametrize("number", [int(number) for number, row in FEATURES.items() if row["done"]])
def test_a_feature_that_is_there_is_explained(number):
    title = FEATURES[str(number)]["title"]
    assert PAGES.pages_by_feature(DOCS).get(number), f"no page begins with 'features: … {number}': {title}"


def test_a_page_names_features_that_exist():
    assert set(PAGES.pages_by_feature(DOCS)) <= {int(number) for number in FEATURES}


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_a_page_can_be_reached(path):
    index = (DOCS / "index.md").read_text(encoding="utf-8")

    assert path.name == "index.md" or f"\n{path.relative_to(DOCS).with_suffix('').as_posix()}\n" in index


def test_every_generated_page_can_be_reached(made):
    index = (DOCS / "index.md").read_text(encoding="utf-8")

    assert [name for name in made if f"\n{PAGES.MADE}/{name.removesuffix('.md')}\n" not in index] == []


def lines_of(path):
    """Give the command lines that a page shows."""
    text = path.read_text(encoding="utf-8")
    fences = re.findall(r"```(?:shell|text)\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`(semblant [^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*(line for fence in fences for line in fence.splitlines()), *spans]:
        for part in re.split(r" && |\s{2,}", line):
            if part.startswith("semblant "):
                yield part.replace("\\|", "|")


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_what_a_page_shows_on_the_command_line_exists(path):
    for line in lines_of(path):
        words = shlex.split(line.rstrip("…").rstrip())[1:]
        while words and words[0].startswith("--"):
            known = {name: parameter for parameter in program.params for name in parameter.opts}
            option = words.pop(0)
            assert option in known, line
            if not getattr(known[option], "is_flag", False):
                words.pop(0)
        if not words:
            continue
        command = program.get_command(click.Context(program), words[0])
        assert command is not None, line
        rest = words[1:]
        if isinstance(command, Group) and rest and not rest[0].startswith("-"):
            member = rest.pop(0).rstrip(",")
            command = command.get_command(click.Context(command), member)
            assert command is not None, line
        elif isinstance(command, Group):
            command = command.get_command(click.Context(command), command.default) if command.default else command
        assert command is not None, line
        options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        unknown = [word for word in rest if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in options]
        assert unknown == [], line


def specs_of(path):
    text = path.read_text(encoding="utf-8")
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("path", [path for path in WRITTEN if specs_of(path)], ids=name_of)
def test_the_specs_that_a_page_shows_are_valid(path):
    host = PluginHost(third_party=False)
    if path.name == "write-a-model.md":
        sys.path.insert(0, str(ROOT / "tests" / "thirdparty" / "trees"))
        try:
            host.add(importlib.import_module("semblant_trees"), "trees")
        finally:
            sys.path.pop(0)
    for text in specs_of(path):
        data = YAML(typ="safe", pure=True).load(text)
        spec = load_spec({"source": {"type": "files", "path": "a.csv"}, **data}, host, environment={})

        assert spec.semblant == 1


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_the_files_that_a_page_includes_are_there(path):
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"```\{(?:literal)?include\} (\S+)", text)

    assert [name for name in named if not (path.parent / name).is_file()] == []
