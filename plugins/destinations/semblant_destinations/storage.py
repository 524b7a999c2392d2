"""The destination ``storage``: synthetic datasets kept by name in the application home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.home import Home, Kind
from semblant_destinations.folder import Folder
from semblant_destinations.settings import FolderSettings

if TYPE_CHECKING:
    from semblant.schema import Schema
    from semblant.vocabulary import WriteMode
    from semblant_destinations.delivery import FolderDelivery
    from semblant_destinations.settings import StorageSettings


class Storage:
    """Writes Parquet files into ``datasets/NAME`` of the application home."""

    def __init__(self, settings: StorageSettings) -> None:
        """Take the settings.

        :raises ConfigError: for a name that cannot be a file name.
        :raises HomeError: when the home cannot be made.
        """
        self._home = Home(settings.home)
        path = self._home.path(Kind.DATASETS, settings.name)
        self._name = settings.name
        self._folder = Folder(FolderSettings(path=str(path), delivery=settings.delivery))

    def check(self) -> None:
        """Prove that the home can be written to."""
        self._home.check()
        self._folder.check()

    def open(self, schema: Schema, mode: WriteMode) -> FolderDelivery:
        """Begin a delivery; as :meth:`.Folder.open`."""
        return self._folder.open(schema, mode)

    def location(self) -> str:
        """Give name and place."""
        return f"application storage: {self._name} ({self._folder.location()})"

    def close(self) -> None:
        """Abort what was opened and never committed."""
        self._folder.close()
