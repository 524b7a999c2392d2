"""One file somewhere: local path or fsspec URL."""

from __future__ import annotations

import difflib
import posixpath
from typing import IO, TYPE_CHECKING, Any

from attrs import frozen

from semblant.errors import MissingDependencyError, SourceError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_EXTRAS = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "abfs": "azure",
    "abfss": "azure",
    "az": "azure",
    "adl": "azure",
}


@frozen(eq=False)
class Place:
    """A file (or folder) on a file system; shown the way its user wrote it."""

    filesystem: Any
    path: str
    shown: str

    def __str__(self) -> str:
        """Give what a message calls it."""
        return self.shown

    @property
    def name(self) -> str:
        """Last part of the path."""
        return posixpath.basename(self.path.rstrip("/"))

    def open(self) -> IO[bytes]:
        """Open for reading bytes."""
        return self.filesystem.open(self.path, "rb")  # type: ignore[no-any-return]

    def child(self, path: str) -> Place:
        """Give a file below this folder by its full path."""
        inside = path.rstrip("/")[len(self.path.rstrip("/")) :].lstrip("/")
        return Place(self.filesystem, path.rstrip("/"), f"{self.shown.rstrip('/')}/{inside}")

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


def place_of(location: str) -> Place:
    """Find the file system of a path or URL.

    >>> place_of("memory://a.csv").name
    'a.csv'
    """
    from fsspec.core import url_to_fs

    scheme = location.partition("://")[0] if "://" in location else ""
    filesystem: AbstractFileSystem
    try:
        filesystem, path = url_to_fs(location)
    except ImportError as exc:
        extra = _EXTRAS.get(scheme, "")
        msg = f"'{scheme}://' needs a package that is not installed"
        advice = f"pip install 'semblant[{extra}]'" if extra else f"pip install '{exc.name or 'aiohttp'}'"
        raise MissingDependencyError(msg, fix=advice) from exc
    except ValueError as exc:
        msg = f"'{location}' cannot be opened: {exc}"
        raise SourceError(msg, fix="use a path or a URL such as file://, s3:// or https://") from exc
    return Place(filesystem, path, location)
