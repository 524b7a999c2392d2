"""Write a plugin's distribution: a folder with ``pyproject.toml``, code that works, and its conformance tests."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from semblant.atomic import atomic_folder
from semblant.errors import ConfigError
from semblant.settings.suggest import suggest

if TYPE_CHECKING:
    from pathlib import Path

KINDS: Final = {
    "source": "reads tables from somewhere",
    "destination": "writes tables to somewhere",
    "model": "learns tables and makes new rows",
    "text-model": "learns columns of free text and writes new texts",
    "section": "measures something for the quality report",
    "renderer": "writes the quality report in a format of its own",
    "validator": "checks a spec before anything is trained",
    "executor": "runs work elsewhere",
    "observer": "hears of every event of every job",
}
"""What can be written, and what each is for."""

_STEPS: Final = {
    "source": "`check`, `discover`, `read` and `count` in `source.py` reach your store instead of a folder",
    "destination": "`check`, `open`, `write`, `commit` and `abort` in `destination.py` reach your store",
    "model": "`prepare`, `fit`, `generate`, `save` and `load` in `backend.py` are your model's",
    "text-model": "`prepare`, `fit`, `generate`, `save` and `load` in `backend.py` are your model's",
    "section": "`measure` and `render` in `section.py` are about your figures",
    "renderer": "`render` in `renderer.py` writes your format, every kind of block included",
    "validator": "`check` in `validator.py` finds your faults",
    "executor": "`submit` in `executor.py` runs work where you want it",
    "observer": "`semblant_job_event` does what you want with an event",
}
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def write_plugin(kind: str, name: str, folder: Path, *, version: str) -> list[Path]:
    """Write a distribution into ``folder``, which must not exist; gives the files, sorted.

    :param kind: one of :data:`KINDS`.
    :param name: of the component, as it will stand in specs: lower case, digits, single dashes.
    :param version: of the Semblant that it is made for; its next major one is excluded.
    :raises ConfigError: an unknown kind, a name that cannot be one, a folder that is there.

    >>> import tempfile
    >>> from pathlib import Path
    >>> place = Path(tempfile.mkdtemp()) / "semblant-acme"
    >>> [str(path.relative_to(place)) for path in write_plugin("section", "acme", place, version="0.1.0")]
    ['README.md', 'pyproject.toml', 'semblant_acme/__init__.py', 'semblant_acme/conformance.py',
     'semblant_acme/section.py', 'tests/test_acme.py']
    """
    if kind not in KINDS:
        near = suggest(kind, KINDS)
        msg = f"there is no kind of plugin '{kind}'"
        raise ConfigError(msg, fix=f"did you mean '{near}'?" if near else f"one of {', '.join(KINDS)}")
    if not _NAME.fullmatch(name):
        msg = f"'{name}' cannot be the name of a plugin"
        raise ConfigError(msg, fix="use lower case letters, digits and single dashes, such as my-store")
    if folder.exists():
        msg = f"'{folder}' is there already"
        raise ConfigError(msg, fix="remove it, or name another folder with -o")
    if not folder.parent.is_dir():
        msg = f"there is no folder '{folder.parent}' to write into"
        raise ConfigError(msg, fix="make it, or name another folder with -o")
    words = _words(kind, name, version)
    templates = files("semblant.scaffold") / "templates"
    package = words["@MODULE@"]
    wanted = {
        "pyproject.toml": ("common", "pyproject.toml"),
        "README.md": ("common", "README.md"),
        f"tests/test_{package.removeprefix('semblant_')}.py": ("common", "test.py"),
    }
    wanted |= {
        f"{package}/{entry.name.removesuffix('.txt')}": (kind, entry.name.removesuffix(".txt"))
        for entry in (templates / kind).iterdir()
        if entry.name.endswith(".txt")
    }
    with atomic_folder(folder) as place:
        for path, (where, template) in wanted.items():
            (place / path).parent.mkdir(exist_ok=True)
            text = (templates / where / f"{template}.txt").read_text(encoding="utf-8")
            (place / path).write_text(_filled(text, words), encoding="utf-8")
    return sorted(folder / path for path in wanted)


def _words(kind: str, name: str, version: str) -> dict[str, str]:
    """Give what the templates leave open."""
    numbers = re.findall(r"\d+", version)[:2]
    return {
        "@NAME@": name,
        "@PLUGIN@": name,
        "@CODE@": name,
        "@DIST@": f"semblant-{name}",
        "@MODULE@": f"semblant_{name.replace('-', '_')}",
        "@CLASS@": "".join(part.capitalize() for part in name.split("-")),
        "@CONSTANT@": name.replace("-", "_").upper(),
        "@SUMMARY@": f"A {kind.replace('-', ' ')} for Semblant that {KINDS[kind]}",
        "@STEPS@": f"Yours is when {_STEPS[kind]}; `conformance.py` says what the kit needs to know.",
        "@SINCE@": ".".join(numbers),
        "@BEFORE@": str(int(numbers[0]) + 1),
    }


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
