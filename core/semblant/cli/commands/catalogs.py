"""``semblant catalogs``."""

from __future__ import annotations

from semblant.cli.groups import Group

command = Group(
    "catalogs",
    "Save specs under a name, and run them again.",
    {
        "list": ("catalogs_keep", "List the catalogs."),
        "create": ("catalogs_keep", "Save a spec, or what is found out about data, under a name."),
        "show": ("catalogs_keep", "Print the spec of a catalog."),
        "edit": ("catalogs_keep", "Change settings of a catalog, or put another spec in its place."),
        "run": ("catalogs_run", "Make synthetic data from a catalog."),
        "delete": ("catalogs_keep", "Delete a catalog; its jobs stay."),
    },
)
