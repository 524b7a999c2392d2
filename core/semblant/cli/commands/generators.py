"""``semblant generators``."""

from __future__ import annotations

from semblant.cli.groups import Group

command = Group(
    "generators",
    "List generators, export, import or delete them.",
    {
        "list": ("generators_keep", "List the generators with their status."),
        "show": ("generators_keep", "Show a generator: tables, timeline, where it was trained."),
        "export": ("generators_keep", "Write a generator as one file, for another machine."),
        "import": ("generators_keep", "Take in a generator file; all of it is checked, nothing of it is run."),
        "delete": ("generators_keep", "Delete a generator; jobs and data stay."),
    },
)
