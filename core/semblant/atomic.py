"""Files and folders that appear whole or not at all.

Everything is written beside its place under a hidden temporary name, forced to disk, and renamed.
An error, Ctrl-C included, removes the temporary; a kill leaves at most a hidden ``.NAME.XXXX.partial``
that :func:`sweep` removes. Errors of the operating system (a full disk) pass through unchanged.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTIAL = ".partial"
"""Ending of every temporary; readers of folders leave names that start with a dot alone."""
_ASIDE = ".replaced"


def partial_path(path: Path) -> Path:
    """Give a fresh hidden name beside ``path`` for its unfinished form.

    >>> partial_path(Path("/data/a.json")).name.startswith(".a.json.")
    True
    """
    stem = path.name.encode()[:180].decode(errors="ignore")
    return path.with_name(f".{stem}.{secrets.token_hex(4)}{PARTIAL}")


def sync_folder(path: Path) -> None:
    """Force the entries of a folder to disk; does nothing where the system cannot (Windows)."""
    with contextlib.suppress(PermissionError, NotImplementedError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as exc:
            if exc.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(handle)


def sync_tree(path: Path) -> None:
    """Force every file below ``path``, and every folder, to disk."""
    for folder, _, names in os.walk(path):
        for name in names:
            handle = os.open(Path(folder, name), os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        sync_folder(Path(folder))


def remove(path: Path) -> None:
    """Remove a file, link or folder; nothing happens where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_write(path: Path | str, *, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Open a file for writing bytes that takes the place of ``path`` when the block ends well.

    :param path: the file; its folder must exist. A link is followed, so that it stays a link.
    :param mode: permissions, less the process's umask.
    :raises OSError: as the system reports it; what was at ``path`` is then still there, unchanged.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_write(target) as file:
    ...     _ = file.write(b"whole")
    >>> target.read_bytes()
    b'whole'
    """
    target = Path(os.path.realpath(path))
    partial = partial_path(target)
    done = False
    try:
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
        done = True
    finally:
        if not done:
            partial.unlink(missing_ok=True)
    sync_folder(target.parent)


@contextlib.contextmanager
def atomic_folder(path: Path | str, *, mode: int = 0o755) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``path`` when the block ends well.

    A folder that was there is moved aside, and removed once the new one stands; if the process is
    killed between these two renames, :func:`sweep` puts the old one back.

    :param path: the folder to make or to replace; its parent must exist.
    :param mode: permissions, less the process's umask.
    :raises OSError: as the system reports it; what was at ``path`` is then still there.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "set"
    >>> with atomic_folder(target) as folder:
    ...     _ = (folder / "a.txt").write_text("whole")
    >>> [file.name for file in target.iterdir()]
    ['a.txt']
    """
    target = Path(os.path.realpath(path))
    partial = partial_path(target)
    done = False
    try:
        partial.mkdir(mode=mode)
        yield partial
        sync_tree(partial)
        _exchange(partial, target)
        done = True
    finally:
        if not done:
            remove(partial)
    sync_folder(target.parent)


def _exchange(new: Path, target: Path) -> None:
    """Put ``new`` in the place of ``target``, whatever is there."""
    if not os.path.lexists(target):
        os.rename(new, target)
        return
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_ASIDE}")
    os.rename(target, aside)
    try:
        os.rename(new, target)
    except BaseException:
        os.rename(aside, target)
        raise
    remove(aside)


def sweep(folder: Path, *, older_than_seconds: float = 24 * 3600.0) -> list[Path]:
    """Clear a folder of what killed writers left behind, and put back what was moved aside.

    :param folder: where to look; not below it.
    :param older_than_seconds: younger leftovers may belong to a living writer and are left alone;
        a folder whose replacement never came is put back after ten seconds at most.
    :returns: the leftovers that were dealt with.
    """
    found = []
    for entry in sorted(folder.glob(".*")):
        if entry.suffix not in (PARTIAL, _ASIDE):
            continue
        original = entry.with_name(entry.name[1:].rsplit(".", 2)[0])
        orphan = entry.suffix == _ASIDE and not os.path.lexists(original)
        if time.time() - entry.lstat().st_ctime < (min(10.0, older_than_seconds) if orphan else older_than_seconds):
            continue
        if orphan:
            os.rename(entry, original)
        else:
            remove(entry)
        found.append(entry)
    return found


def write_json(path: Path | str, data: Any, *, mode: int = 0o644) -> None:
    """Write ``data`` as indented JSON in UTF-8, whole or not at all.

    :raises ValueError: for what JSON cannot hold (NaN, infinity); nothing is written then.
    :raises TypeError: for objects that are not plain data; nothing is written then.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.json"
    >>> write_json(target, {"rows": 3})
    >>> target.read_text()
    '{\\n  "rows": 3\\n}\\n'
    """
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_write(path, mode=mode) as file:
        file.write(text.encode())


def prove_writable(folder: Path) -> None:
    """Write to a file in ``folder`` that has no name where the system can do that: a kill leaves nothing.

    :raises OSError: it cannot be written to.
    """
    with tempfile.TemporaryFile(dir=folder, prefix=".semblant-check-") as file:
        file.write(b"semblant")
        file.flush()
        os.fsync(file.fileno())
