"""The destination ``folder``: one file per table in a folder of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from semblant.atomic import prove_writable
from semblant.errors import ConfigError, DestinationError
from semblant_destinations import formats
from semblant_destinations.delivery import FolderDelivery, failure

if TYPE_CHECKING:
    from semblant.schema import Schema
    from semblant.vocabulary import WriteMode
    from semblant_destinations.settings import FolderSettings


def from_location(location: str) -> dict[str, Any]:
    """Give the settings that a path or a ``file:`` URL stands for.

    >>> from_location("file:///data/my%20shop"), from_location("out")
    ({'path': '/data/my shop'}, {'path': 'out'})
    """
    if location.startswith("file:"):
        return {"path": unquote(urlsplit(location).path)}
    return {"path": location}


class Folder:
    """Writes tables as ``NAME.parquet`` (``.csv``, ``.jsonl``, ``.arrow``) into a folder.

    Names that a file system forbids are percent-encoded (:mod:`semblant.filenames`). A hidden
    ``.semblant.json`` lists what was delivered; other files in the folder are left alone.
    """

    def __init__(self, settings: FolderSettings) -> None:
        """Take the settings; nothing is created or checked on disk yet.

        :raises ConfigError: for settings that do not go together.
        """
        self._settings = settings
        self._path = Path(os.path.abspath(Path(settings.path).expanduser()))  # noqa: PTH100 - links stay links
        self._deliveries: list[FolderDelivery] = []
        formats.compression(settings)
        if len(settings.delimiter) != 1 or settings.delimiter in '"\r\n' or not settings.delimiter.isascii():
            msg = f"destination.delimiter: {settings.delimiter!r} is not one plain character"
            raise ConfigError(msg, fix="use ',', ';', '|' or a tab")

    def check(self) -> None:
        """Prove that files can be written there, with one that is gone at once.

        :raises DestinationError: with the reason when they cannot.
        """
        nearest = self._path
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
        try:
            if not nearest.is_dir():
                raise NotADirectoryError(20, "not a folder", str(nearest))
            prove_writable(nearest)
        except OSError as exc:
            raise failure(self._path, exc) from exc

    def open(self, schema: Schema, mode: WriteMode) -> FolderDelivery:
        """Begin a delivery of all tables of ``schema``.

        :raises DestinationError: when a table is there already and ``mode`` is ``fail``, when another
            delivery is under way, or when the folder cannot be written.
        """
        if not schema.tables:
            msg = "there is no table to deliver"
            raise DestinationError(msg, fix="include at least one table")
        delivery = FolderDelivery(self._path, self._settings, schema, mode)
        self._deliveries.append(delivery)
        return delivery

    def location(self) -> str:
        """Give the folder's path."""
        return str(self._path)

    def close(self) -> None:
        """Abort what was opened and never committed."""
        for delivery in self._deliveries:
            delivery.abort()
        self._deliveries.clear()
