"""``semblant connectors``."""

from __future__ import annotations

from semblant.cli.groups import Group

command = Group(
    "connectors",
    "Save sources and destinations under a name, try them out, use them in specs.",
    {
        "list": ("connectors_look", "List the connectors."),
        "create": ("connectors_keep", "Save a source or destination under a name."),
        "show": ("connectors_look", "Show the settings of a connector."),
        "edit": ("connectors_keep", "Change settings of a connector."),
        "test": ("connectors_try", "Try a connector out, step by step."),
        "delete": ("connectors_keep", "Delete a connector; specs that were loaded with it stay."),
    },
)
