"""Folders of the cache that generators are unpacked into: held while they are used, removed after a killed process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from semblant.atomic import remove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.home import Home

PREFIX: Final = "generator-"
YOUNG_SECONDS: Final = 60.0
"""A folder younger than this may have been made just now, by a process that does not hold it yet."""


@contextlib.contextmanager
def unpacked(home: Home) -> Iterator[Path]:
    """Give an empty folder for a generator's files; it is gone afterwards, and so are those that dead processes left.

    >>> import tempfile
    >>> from semblant.home import Home
    >>> home = Home(Path(tempfile.mkdtemp()) / "home")
    >>> with unpacked(home) as folder:
    ...     folder.parent == home.cache
    True
    >>> folder.exists()
    False
    """
    sweep_unpacked(home)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=home.cache) as name, _held(Path(name)):
        yield Path(name)


def sweep_unpacked(home: Home) -> list[Path]:
    """Remove the folders of processes that were killed; give those that went.

    The system lets go of a dead process's hold; where a file system knows no holds, only a day makes a folder old.
    """
    gone = []
    for folder in home.cache.glob(f"{PREFIX}*"):
        # another process may remove the same one
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime < YOUNG_SECONDS:
                continue
            with _held(folder) as held:
                if held:
                    remove(folder)
                    gone.append(folder)
    return gone


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder for this process; gives False when another one does."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        except OSError:
            yield time.time() - folder.stat().st_mtime > 24 * 3600
        else:
            yield True
    finally:
        os.close(handle)
