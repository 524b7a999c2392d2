"""A database file that is to be written: a lock beside it, a private copy of what comes, the rename at the end."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from semblant.atomic import prove_writable
from semblant.errors import DestinationError


def failure(path: Path, exc: OSError) -> DestinationError:
    """Say in words what the operating system refused."""
    reason = exc.strerror or str(exc)
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return DestinationError(f"the disk of '{path}' is full", fix="free space there; nothing was delivered")
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DestinationError(f"'{path}' cannot be written: {reason}", fix="make file and folder writable")
    if exc.errno in (errno.ENOENT, errno.ENOTDIR):
        return DestinationError(f"the folder of '{path}' does not exist", fix="make it, or name another file")
    if exc.errno == errno.EEXIST:
        return DestinationError(f"'{path}' appeared while the data were written", fix="deliver again")
    return DestinationError(f"writing '{path}' failed: {reason}", fix="nothing was delivered; mend the cause")


class FilePlace:
    """The file, and the names beside it that a delivery uses."""

    def __init__(self, path: str) -> None:
        """Take the path; nothing is touched."""
        self.path = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - links stay links
        self.stage = self.path.with_name(f".{self.path.name}.semblant-new")
        self._lock_path = self.path.with_name(f".{self.path.name}.semblant-lock")
        self._handle: int | None = None

    def exists(self) -> bool:
        """Tell whether the file is there, with something in it."""
        if self.path.is_dir():
            raise DestinationError(f"'{self.path}' is a folder", fix="name a file")
        return self.path.exists() and self.path.stat().st_size > 0

    def lock(self) -> None:
        """Keep other deliveries out and clear what one that died left.

        :raises DestinationError: when another delivery is under way, or the folder cannot be written.
        """
        try:
            self._handle = _locked(self._lock_path)
        except OSError as exc:
            raise failure(self.path, exc) from exc
        if self._handle is None:
            raise DestinationError(
                f"another delivery to '{self.path}' is under way",
                fix="wait until it has finished, or write to another file",
            )
        self.clear()

    def clear(self) -> None:
        """Remove the private copy."""
        for path in (self.stage, *self.path.parent.glob(f"{_plain(self.stage.name)}[-.]*")):
            with contextlib.suppress(OSError):
                path.unlink()

    def appear(self) -> None:
        """Make the private copy the file, which must not be there, or be empty."""
        try:
            with self.stage.open("rb") as stream:
                os.fsync(stream.fileno())
            if self.path.exists():
                os.replace(self.stage, self.path)
            else:
                os.link(self.stage, self.path)
                self.stage.unlink()
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as exc:
            raise failure(self.path, exc) from exc

    def prove(self) -> None:
        """Prove that files can be made beside it."""
        try:
            prove_writable(self.path.parent)
        except OSError as exc:
            raise failure(self.path, exc) from exc

    def release(self) -> None:
        """Let other deliveries in; calling it twice is allowed."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self.clear()
            with contextlib.suppress(OSError):
                self._lock_path.unlink()
            with contextlib.suppress(OSError):
                os.close(handle)


def _plain(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def _locked(path: Path) -> int | None:
    """Give a handle that holds the lock, or None when somebody else does; the system lets go when we die."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            return handle
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # whoever held it may have removed the file between our opening and locking it
        if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
            return handle
    except (BlockingIOError, PermissionError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None
