"""One writer at a time per folder; the system lets go of the lock when a writer dies."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from semblant.errors import DestinationError

if TYPE_CHECKING:
    from pathlib import Path


class FolderLock:
    """An exclusive lock on a folder, held by an open handle; on POSIX no file is left behind."""

    def __init__(self, folder: Path) -> None:
        """Take the lock.

        :raises DestinationError: when another writer has it.
        """
        self._handle: int | None = _locked(folder)
        if self._handle is None:
            msg = f"another delivery to '{folder}' is under way"
            raise DestinationError(msg, fix="wait until it has finished, or write to another folder")

    def release(self) -> None:
        """Let go; calling it twice is allowed."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)


def _locked(folder: Path) -> int | None:
    """Give a handle that holds the lock, or None when somebody else does."""
    if sys.platform == "win32":
        import msvcrt

        handle = os.open(folder / ".semblant-lock", os.O_RDWR | os.O_CREAT)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            os.close(handle)
            return None
        return handle
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
    except BlockingIOError:
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None
