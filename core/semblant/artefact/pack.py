"""Pack a folder into one ``.semblant`` file, and open it again without trusting it."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from semblant.artefact import bookkeeping
from semblant.atomic import atomic_write
from semblant.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = "manifest.json"
FORMAT = 1
_UNREADABLE = (
    zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError, struct.error,
)  # fmt: skip
"""What ``zipfile`` raises where an archive is not what it says."""
_MAX_FILES = 10_000
_MAX_MANIFEST = 16 * 2**20
_CHUNK = 2**20


def pack(folder: Path, target: Path, *, made_by: str) -> None:
    """Write all files below ``folder`` into ``target``, atomically; equal content gives equal bytes."""
    names = sorted(str(PurePosixPath(path.relative_to(folder))) for path in folder.rglob("*") if path.is_file())
    files = {name: _entry(folder / name) for name in names}
    manifest = json.dumps({"format": FORMAT, "made_by": made_by, "files": files}, indent=1, sort_keys=True)
    with atomic_write(target) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(MANIFEST, bookkeeping.EPOCH), manifest)
        for name in names:
            info = zipfile.ZipInfo(name, bookkeeping.EPOCH)
            info.file_size = (folder / name).stat().st_size
            with (folder / name).open("rb") as source, archive.open(info, "w") as sink:
                shutil.copyfileobj(source, sink, _CHUNK)


def unpack(path: Path, folder: Path) -> None:
    """Check every name, size and hash of ``path`` and lay its files below ``folder``.

    Raises :class:`ArtefactError` for anything that is not exactly as the manifest says; nothing is
    ever written outside ``folder``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = _manifest(archive, path)
            _check_names(archive, files, path)
            with path.open("rb") as plain:
                for fault in bookkeeping.faults(archive, plain):
                    raise _damaged(path, fault)
            for name, entry in files.items():
                _extract(archive, name, entry, folder, path)
    except FileNotFoundError as exc:
        msg = f"there is no generator at '{path}'"
        raise ArtefactError(msg, fix="name a .semblant file or a generator that `semblant train` made") from exc
    except _UNREADABLE as exc:
        raise _damaged(path, str(exc)) from exc


def _entry(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            digest.update(chunk)
    return {"sha256": digest.hexdigest(), "bytes": path.stat().st_size}


def _damaged(path: Path, reason: str) -> ArtefactError:
    msg = f"'{path}' is damaged or no generator: {reason}"
    return ArtefactError(msg, fix="copy or train it again")


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, dict[str, Any]]:
    if len(archive.infolist()) > _MAX_FILES:
        raise _damaged(path, f"more than {_MAX_FILES:,} files")
    try:
        info = archive.getinfo(MANIFEST)
    except KeyError:
        raise _damaged(path, "it has no manifest") from None
    if info.file_size > _MAX_MANIFEST or info.compress_type != zipfile.ZIP_STORED:
        raise _damaged(path, "its manifest is too large or compressed")
    try:
        data = json.loads(archive.read(info))
    except (ValueError, RecursionError) as exc:
        raise _damaged(path, f"its manifest is no JSON ({exc})") from exc
    if not isinstance(data, dict) or not isinstance(data.get("format"), int):
        raise _damaged(path, "its manifest has no format number")
    if data["format"] > FORMAT:
        made_by = str(data.get("made_by", "?"))[:40]
        msg = f"'{path}' was made by Semblant {made_by} in a newer format ({data['format']})"
        raise ArtefactError(msg, fix=f"pip install 'semblant>={made_by}'")
    files = data.get("files")
    if not isinstance(files, dict) or not all(map(_is_entry, files.values())):
        raise _damaged(path, "its manifest lists no files")
    return files


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("sha256"), str) and isinstance(entry.get("bytes"), int)


def _check_names(archive: zipfile.ZipFile, files: dict[str, dict[str, Any]], path: Path) -> None:
    listed = [info.filename for info in archive.infolist()]
    if len(set(listed)) != len(listed):
        raise _damaged(path, "a file stands in it twice")
    if set(listed) != {*files, MANIFEST}:
        raise _damaged(path, "its files are not those of the manifest")
    for name in _unsafe(listed):
        raise _damaged(path, f"the file name {name!r} is not allowed")
    for info in archive.infolist():
        plain = info.compress_type == zipfile.ZIP_STORED and info.file_size == info.compress_size
        if not plain or (info.external_attr >> 28) == 0xA:
            raise _damaged(path, f"'{info.filename}' is compressed or a link")
        if info.filename != MANIFEST and info.file_size != files[info.filename]["bytes"]:
            raise _damaged(path, f"'{info.filename}' has the wrong size")


def _unsafe(names: list[str]) -> Iterator[str]:
    for name in names:
        parts = PurePosixPath(name).parts
        if (
            not parts
            or name.startswith("/")
            or ".." in parts
            or "\\" in name
            or ":" in name
            or "\0" in name
            or name.endswith("/")
        ):
            yield name


def _extract(archive: zipfile.ZipFile, name: str, entry: dict[str, Any], folder: Path, path: Path) -> None:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with archive.open(name) as source, target.open("xb") as sink:
        for chunk in iter(lambda: source.read(_CHUNK), b""):
            digest.update(chunk)
            sink.write(chunk)
    if digest.hexdigest() != entry["sha256"]:
        target.unlink()
        raise _damaged(path, f"the content of '{name}' was changed")
