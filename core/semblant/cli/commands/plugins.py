"""``semblant plugins``."""

from __future__ import annotations

from semblant.cli.groups import Group

command = Group(
    "plugins",
    "List what is installed and what is missing; write a plugin, check one.\n\n"
    "Without a command it lists, with the options of 'semblant plugins list'.",
    {
        "list": ("plugins_list", "List every component with its distribution, what it can do and how it is."),
        "new": ("plugins_new", "Write the distribution of a plugin, to start from."),
        "check": ("plugins_check", "Run the conformance kit against an installed distribution."),
    },
    default="list",
)
