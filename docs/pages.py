"""The pages that are made from the code: settings, hooks, commands, errors, features. Nothing here is kept in git."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path

import click

import semblant
from semblant.cli.groups import Group
from semblant.cli.main import COMMANDS, program
from semblant.spec.documents import documents

ROOT = Path(__file__).parents[1]
MADE = "reference/made"
FILES = {
    "settings.md": "settings.md",
    "hooks.md": "hooks.md",
    "errors.md": "errors.md",
    "findings.md": "findings.md",
    "glossary.md": "glossary.md",
    "job-states.md": "job-states.md",
}
KEPT = {"artefact.md": "artefact.md", "testing.md": "conformance.md", "compatibility.md": "compatibility.md"}
"""Documents of ``spec/`` that people wrote."""


def write(docs: Path) -> None:
    """Write every page that differs from what is there, so that a second build has less to do."""
    folder = docs / MADE
    folder.mkdir(parents=True, exist_ok=True)
    made = {name: plain(text) for name, text in documents().items() if name in FILES}
    made |= {to: plain((ROOT / "spec" / name).read_text(encoding="utf-8")) for name, to in KEPT.items()}
    made |= {"commands.md": commands(), "api.md": api(), "features.md": features(docs), "results.md": results()}
    for name, text in made.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def plain(text: str) -> str:
    """Turn the marks of docstrings into Markdown."""
    text = re.sub(r"<!--.*?-->\n*", "", text, flags=re.DOTALL)
    text = re.sub(r":(?:class|func|meth|mod|attr|data):`[~!]?([^`]+)`", lambda m: f"`{m[1].rpartition('.')[2]}`", text)
    text = re.sub(r"^:returns:", "**Returns** ", text, flags=re.MULTILINE)
    text = re.sub(r"^:raises (\w+):", r"**Raises** `\1` – ", text, flags=re.MULTILINE)
    text = re.sub(r"^:param (\w+):", r"**\1** – ", text, flags=re.MULTILINE)
    text = re.sub(r"^\.\. versionadded:: (.*)$", r"*Since \1.*", text, flags=re.MULTILINE)
    text = text.replace("``", "`")
    # links between the documents of spec/ and to files of the project
    return re.sub(r"\]\((?!https?:|#)([\w/.-]+?)(#[\w-]+)?\)", lambda m: _link(m[1], m[2] or ""), text)


def _link(target: str, anchor: str) -> str:
    name = target.rpartition("/")[2]
    if name in FILES or name in KEPT:
        return f"]({KEPT.get(name, name)}{anchor})"
    return f"](https://github.com/semblant/semblant/blob/main/{target.lstrip('./')})"


def commands() -> str:
    """Describe every command from its own help."""
    parts = [
        "# Commands\n",
        ("Every command takes `--json` (one JSON document on standard output) and `-v` (say more). Exit status: "
        "0 done, 1 a threshold of yours was not reached, 2 the spec, the data or the command line is wrong, 3 a file "
        "or connection failed, 4 something else, 130 interrupted.\n"),
        "Before every command: " + "; ".join(f"`{_names(o)}` {o.help}" for o in _options(program)) + "\n",
    ]
    for name in COMMANDS:
        found = program.get_command(click.Context(program), name)
        assert found is not None
        parts += _command(found, f"semblant {name}", 2)
    return "\n".join(parts)


def _command(command: click.Command, name: str, level: int) -> list[str]:
    parts = [f"{'#' * level} {name}\n"]
    if isinstance(command, Group):
        parts.append(f"{_text(command.help)}\n")
        for member in command.lazy:
            found = command.get_command(click.Context(command), member)
            assert found is not None
            parts += _command(found, f"{name} {member}", level + 1)
        return parts
    context = click.Context(command, info_name=name)
    arguments = [p.make_metavar(context) for p in command.params if isinstance(p, click.Argument)]
    parts += [f"```text\n{name} {' '.join(['[OPTIONS]', *arguments])}\n```\n", f"{_text(command.help)}\n"]
    options = [option for option in _options(command) if option.name not in {"as_json", "verbosity"}]
    if options:
        parts += ["| option | meaning |", "|---|---|"]
        parts += [f"| `{_names(option)}` | {_cell(option)} |" for option in options]
        parts.append("")
    return parts


def _options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option) and not parameter.hidden]


def _names(option: click.Option) -> str:
    context = click.Context(click.Command("any"))
    value = "" if option.is_flag or option.count else f" {option.make_metavar(context)}"
    return (", ".join(option.opts) + value).replace("|", "\\|")


def _cell(option: click.Option) -> str:
    return " ".join((option.help or "").split()).replace("|", "\\|")


def _text(text: str | None) -> str:
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc((text or "").replace("\b", "")))
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def api() -> str:
    """Give a page for the public names, by what they are for."""
    groups = {
        "What does the work": ["Engine", "synthesize", "load_spec", "Spec"],
        "Tables": ["Schema", "Table", "Column", "ForeignKey"],
        "What is heard": ["Event", "EventKind", "Step", "Finding", "Severity"],
        "What plugins return": [name for name in semblant.__all__ if name.endswith("Type")],
        "For plugins": ["PluginHost", "setting", "Secret"],
        "Errors": [name for name in semblant.__all__ if name.endswith("Error")] + ["Cancelled"],
    }
    named = {name for names in groups.values() for name in names} | {"hookimpl", "__version__"}
    assert named == set(semblant.__all__), named ^ set(semblant.__all__)
    parts = [
        "# Python\n",
        ("All that a program or a plugin needs is in `semblant`; `semblant.hookimpl` marks the functions of a plugin "
        "([hooks](hooks.md)), `semblant.__version__` is the version. Tables are Arrow tables.\n"),
    ]
    for title, names in groups.items():
        parts.append(f"## {title}\n")
        for name in names:
            thing = getattr(semblant, name)
            kind = "autoclass" if isinstance(thing, type) else "autofunction"
            parts.append(f"```{{eval-rst}}\n.. {kind}:: {thing.__module__}.{name}\n```\n")
    return "\n".join(parts)


def features(docs: Path) -> str:
    """List the rows of ``spec/features.toml`` with the page that explains each, and the settings it is about."""
    rows = tomllib.loads((ROOT / "spec" / "features.toml").read_text(encoding="utf-8"))["features"]
    where = pages_by_feature(docs)
    settings = _settings_by_feature()
    parts = [
        "# Features\n",
        ("Row by row, with the page that explains it and the settings that change it. A row that is *there* has a test "
        "that changes it alone and shows its effect.\n"),
        "| | feature | | explained in | settings |",
        "|---|---|---|---|---|",
    ]
    for number, row in rows.items():
        state = "there" if row["done"] else "web page, later" if row.get("page") else "not yet"
        links = ", ".join(f"[{title}](../../{page})" for page, title in where.get(int(number), []))
        keys = ", ".join(f"`{key}`" for key in settings.get(int(number), []))
        parts.append(f"| {number} | {row['title']} | {state} | {links} | {keys} |")
    return "\n".join(parts) + "\n"


def pages_by_feature(docs: Path) -> dict[int, list[tuple[str, str]]]:
    """Give per feature the pages (and their titles) whose first lines say ``features: 6-9, 14``."""
    found: dict[int, list[tuple[str, str]]] = {}
    for path in sorted(docs.rglob("*.md")):
        if MADE in path.as_posix():
            continue
        text = path.read_text(encoding="utf-8")
        said = re.match(r"---\nfeatures: ([\d, -]+)\n---\n", text)
        title = re.search(r"^# (.+)$", text, re.MULTILINE)
        for part in said[1].split(",") if said else ():
            low, _, high = part.strip().partition("-")
            for number in range(int(low), int(high or low) + 1):
                found.setdefault(number, []).append((path.relative_to(docs).as_posix(), title[1] if title else ""))
    return found


def _settings_by_feature() -> dict[int, list[str]]:
    import attrs

    from semblant.settings.fields import bounds
    from semblant.spec import constraints, model, training

    found: dict[int, list[str]] = {}
    for module in (model, training, constraints):
        for cls in vars(module).values():
            if isinstance(cls, type) and attrs.has(cls) and cls.__module__ == module.__name__:
                for attribute in attrs.fields(cls):
                    for number in bounds(attribute).get("feature", ()):
                        if attribute.name not in found.setdefault(number, []):
                            found[number].append(attribute.name)
    return found


def results() -> str:
    """Give the measured figures as they are kept."""
    text = (ROOT / "tests" / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    return text.replace("# Results", "# Measured figures", 1)

