"""The default destinations of Semblant; what each offers is listed here, nothing heavy is imported."""

from __future__ import annotations

from semblant.components import DestinationType
from semblant.hookspecs import hookimpl
from semblant_destinations.settings import FORMATS, FolderSettings, StorageSettings

FOLDER = DestinationType(
    name="folder",
    factory="semblant_destinations.folder:Folder",
    summary="files in a folder of this machine: Parquet, CSV, JSON Lines or Arrow",
    settings=FolderSettings,
    schemes=("file",),
    from_location="semblant_destinations.folder:from_location",
    atomic=(
        "a new folder appears by one rename; in an existing one all files are staged, a journal makes the set final, "
        "and a publication cut short is finished when the folder is next opened"
    ),
    capabilities={"modes": ("fail", "replace", "append", "truncate"), "formats": FORMATS},
)

STORAGE = DestinationType(
    name="storage",
    factory="semblant_destinations.storage:Storage",
    summary="the application's own storage (default): Parquet in the application home, listed and kept by name",
    settings=StorageSettings,
    atomic=FOLDER.atomic,
    capabilities={"modes": ("fail", "replace", "append", "truncate"), "formats": ("parquet",), "default": True},
)


@hookimpl
def semblant_destinations() -> list[DestinationType]:
    """Offer the local folder and the application storage."""
    return [FOLDER, STORAGE]
