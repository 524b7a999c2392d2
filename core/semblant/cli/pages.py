"""The page of every error code: what it means and what helps; ``spec/errors.md`` is made from it."""

from __future__ import annotations

import os
from typing import Final

from attrs import frozen

from semblant.errors import ConfigError

VARIABLE: Final = "SEMBLANT_SUPPORT"
"""Environment variable by which whoever runs Semblant for others says where they ask."""


@frozen
class Page:
    """What one code means, and what helps."""

    meaning: str
    helps: tuple[str, ...]


_DOCTOR: Final = "'semblant doctor' checks this machine and installation"
_CHECK: Final = "'semblant check SPEC' says everything that is wrong with a spec, with its line"
_JOB: Final = "'semblant jobs show NAME' and 'semblant jobs logs NAME' say what happened"
_RESUME: Final = "'semblant jobs resume NAME' goes on from what is finished; nothing that is done is lost"

PAGES: Final = {
    "config": Page("the spec, a setting or the command line is wrong", (_CHECK, "'semblant schema' is for editors")),
    "data": Page("the data can be read but not used: too few rows, two headers, other columns than before", (
        "'semblant preview DATA' and 'semblant detect DATA' show how they are read",)),
    "gate": Page("a score of the report is worse than --fail-under allows", (
        "what was made is kept; the report shows what is off",)),
    "usage": Page("a command was called in a way that it does not know", ("add --help behind the command",)),
    "plugin": Page("a plugin is broken", ("'semblant plugins' lists all of them, with the reason",)),
    "unknown-component": Page("no installed plugin offers that name", ("'semblant plugins' lists what there is",)),
    "duplicate-component": Page("two distributions offer the same name", (
        "uninstall one of them, or set SEMBLANT_DISABLED_PLUGINS",)),
    "missing-dependency": Page("a plugin needs a package that is not installed", ("the fix is a line for pip",)),
    "source": Page("a source cannot be reached or read", ("'semblant preview DATA' shows whether it can",)),
    "destination": Page("a destination cannot be reached or written; nothing was delivered", (_RESUME,)),
    "connection": Page("a connection was lost while it was used", (_RESUME,)),
    "artefact": Page("a generator file is damaged, hostile, or from a newer version", (
        "export it again from where it was trained: semblant generators export NAME",)),
    "model": Page("training or generating failed inside a model", (_JOB, "a smaller model may do: --size small")),
    "privacy": Page("a privacy promise cannot be kept with these settings", (_CHECK,)),
    "job": Page("a step of a job failed", (_JOB, _RESUME)),
    "process-died": Page("the process that worked on a job died again and again", (
        "most often the system ended it for want of memory: a smaller model (--size small) or fewer columns help",
        _JOB, _RESUME)),
    "cancelled": Page("the job was cancelled; nothing was delivered", (_RESUME,)),
    "interrupted": Page("the command was stopped from the keyboard or by a signal", (_RESUME,)),
    "home": Page("the application home cannot be used", ("SEMBLANT_HOME names another folder", _DOCTOR)),
    "store": Page("the store of jobs cannot be reached, read or written", (
        "SEMBLANT_STORE names it; without it, it is the file store.db in the home", _DOCTOR)),
    "not-there": Page("nothing in the store has that name", ("the command 'list' beside the one that you called",)),
    "name-taken": Page("something in the store has that name already", ("choose another name",)),
    "job-state": Page("a job is in no state for that", (_JOB,)),
    "job-lost": Page("another attempt at the job has begun", (_JOB,)),
    "privacy-budget": Page(
        "a release would spend more than the privacy budget holds",
        ("raise 'privacy.epsilon', or ask for less: fewer steps, fewer columns",),
    ),
    "privacy-ledger": Page(
        "private jobs on a source would spend more than they may together",
        ("'semblant privacy' shows every job with what it spent",),
    ),
    "quota": Page("a quota is reached", ("'semblant quota' shows all of them with their use",)),
    "disk-full": Page("a disk is full; nothing half-written was delivered", (_DOCTOR, _RESUME)),
    "out-of-memory": Page("there is not enough memory", (_DOCTOR, "a smaller model may do: --size small")),
    "file": Page("a file cannot be read or written", ("check the path and its permissions",)),
    "internal": Page("a fault of Semblant's own", ("the log that is named says where it happened", _DOCTOR)),
    "error": Page("something failed", (_JOB,)),
}  # fmt: skip
"""Per code its page."""


def page_of(code: str) -> Page:
    """Give the page of a code.

    :raises ConfigError: no error has that code.

    >>> page_of("quota").meaning
    'a quota is reached'
    """
    if code in PAGES:
        return PAGES[code]
    msg = f"no error has the code '{code}'"
    raise ConfigError(msg, fix="'semblant help' lists the codes")


def ask() -> str:
    """Say where to ask: what ``SEMBLANT_SUPPORT`` says, or what the distribution does."""
    given = os.environ.get(VARIABLE, "").strip()
    return given or "whoever set Semblant up for you"


def errors_reference() -> str:
    """Write all pages as Markdown.

    >>> errors_reference().splitlines()[0]
    '# Errors'
    """
    lines = [
        "# Errors",
        "",
        "Every error ends with its code, how to read its page (`semblant help CODE`) and where to ask; whoever runs",
        f"Semblant for others says that in the environment variable `{VARIABLE}`.",
        "",
    ]
    for code, page in sorted(PAGES.items()):
        lines += [f"## {code}", "", f"{page.meaning[:1].upper()}{page.meaning[1:]}.", ""]
        lines += [*(f"- {line}" for line in page.helps), ""]
    return "\n".join(lines)
