"""One file somewhere: local path or fsspec URL."""

from __future__ import annotations

import difflib
import posixpath
from typing import IO, TYPE_CHECKING, Any

from attrs import evolve, frozen

from semblant.errors import SourceError
from semblant.remote.filesystem import mark_of, open_filesystem
from semblant.remote.patient import PatientFilesystem
from semblant.retry import Retry

if TYPE_CHECKING:
    from semblant.remote.manifest import StoredTable
    from semblant.remote.settings import Access

_HERE = ("file", "local", "memory")


@frozen(eq=False)
class Place:
    """A file (or folder) on a file system; shown the way its user wrote it."""

    filesystem: Any
    path: str
    shown: str
    credentials: str = "the credentials"
    """The settings with the keys, for messages; of a place on another machine."""
    remote: bool = False
    stored: StoredTable | None = None
    """What the manifest of a set says of this object; None for a file that stands alone."""

    def __str__(self) -> str:
        """Give what a message calls it."""
        return self.shown

    @property
    def name(self) -> str:
        """Last part of the path."""
        return posixpath.basename(self.path.rstrip("/"))

    def open(self) -> IO[bytes]:
        """Open for reading bytes.

        :raises SourceError: when the object is no longer the one of the set's manifest.
        """
        self.unchanged()
        return self.filesystem.open(self.path, "rb")  # type: ignore[no-any-return]

    def unchanged(self) -> None:
        """Make sure that an object of a set is still the one that the manifest names.

        :raises SourceError: when a delivery replaced or removed it: two tables read would be of two sets.
        """
        if self.stored is None:
            return
        try:
            details = self.filesystem.info(self.path)
        except FileNotFoundError:
            details = {"size": -1}
        if int(details["size"]) != self.stored.bytes or mark_of(details) != (self.stored.mark or mark_of(details)):
            msg = f"the table at '{self}' was replaced while the set was read"
            raise SourceError(msg, fix="read the set again; a delivery was under way")

    def child(self, path: str) -> Place:
        """Give a file below this folder by its full path."""
        inside = path.rstrip("/")[len(self.path.rstrip("/")) :].lstrip("/")
        return evolve(self, path=path.rstrip("/"), shown=f"{self.shown.rstrip('/')}/{inside}")

    def table(self, stored: StoredTable) -> Place:
        """Give the object of a table that the manifest of this folder names."""
        folder, shown = self.path.rstrip("/"), self.shown.rstrip("/")
        return evolve(self, path=f"{folder}/{stored.place}", shown=f"{shown}/{stored.key}", stored=stored)

    def missing(self) -> SourceError:
        """Make the error for a place where nothing is, with the nearest name that exists."""
        parent = posixpath.dirname(self.path.rstrip("/"))
        try:
            siblings = [posixpath.basename(p.rstrip("/")) for p in self.filesystem.ls(parent or ".", detail=False)]
        except Exception:  # noqa: BLE001 - advice only; any fault of a remote listing leaves it out
            siblings = []
        near = difflib.get_close_matches(self.name, siblings, n=1, cutoff=0.6)
        fix = f"did you mean '{near[0]}'?" if near else "check the path"
        return SourceError(f"there is no file or folder '{self.shown}'", fix=fix)


def place_of(location: str, access: Access | None = None, retry: Retry | None = None) -> Place:
    """Find the file system of a path or URL.

    :param access: settings with keys, where it takes any.
    :param retry: how often a place on another machine is asked again.

    >>> place_of("memory://a.csv").name
    'a.csv'
    """
    filesystem, path = open_filesystem(location, access)
    protocol = filesystem.protocol
    if (protocol if isinstance(protocol, str) else protocol[0]) in _HERE:
        return Place(filesystem, path, location)
    patient = PatientFilesystem(filesystem, retry or Retry())
    credentials = access.credentials if access is not None else "the credentials"
    return Place(patient, path, location, credentials=credentials, remote=True)
