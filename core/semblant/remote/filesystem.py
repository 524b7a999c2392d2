"""From a URL and settings to a file system, and the little that is asked of one."""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar, cast

from attrs import field, frozen

from semblant.errors import DestinationError, MissingDependencyError, SourceError
from semblant.remote.faults import fault, settings_fault
from semblant.retry import Retry
from semblant.revealed import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from semblant.remote.settings import Access

T = TypeVar("T")

BLOCK_BYTES: Final = 8 << 20
_SLOWEST: Final = 100_000
"""Bytes per second of a line that is slow, but not dead."""
_EXTRAS: Final = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "abfs": "azure",
    "abfss": "azure",
    "az": "azure",
    "adl": "azure",
}
_MARKS: Final = ("ETag", "etag", "generation", "md5Hash", "version_id", "created", "mtime", "last_modified")


def open_filesystem(location: str, access: Access | None = None) -> tuple[Any, str]:
    """Give the fsspec file system of a URL, made for this caller alone, and the path in it.

    :raises MissingDependencyError: when the driver is not installed; ``fix`` is the pip line.
    :raises SourceError: when the URL makes no sense.
    :raises ConfigError: when the driver does not take the settings.

    >>> open_filesystem("memory://lake/shop")[1]
    '/lake/shop'
    """
    from fsspec.core import url_to_fs

    scheme = location.partition("://")[0] if "://" in location else ""
    # the cache of fsspec would keep revealed secrets for the life of the process
    options = {**access.driver_options(), "skip_instance_cache": True} if access is not None else {}
    try:
        filesystem, path = url_to_fs(location, **options)
    except ImportError as exc:
        extra = _EXTRAS.get(scheme, "")
        msg = f"'{scheme}://' needs a package that is not installed"
        advice = f"pip install 'semblant[{extra}]'" if extra else f"pip install '{exc.name or 'aiohttp'}'"
        raise MissingDependencyError(msg, fix=advice) from exc
    except (ValueError, TypeError) as exc:
        clean(exc)
        wrong = settings_fault(exc, location, access.credentials) if access is not None else None
        if wrong is not None:
            raise wrong from exc
        msg = f"'{location}' cannot be opened: {exc}"
        raise SourceError(msg, fix="use a path or a URL such as file://, s3:// or https://") from exc
    _one_attempt(filesystem)
    seconds = getattr(access, "timeout_seconds", None)
    if seconds is not None and getattr(filesystem, "async_impl", False):
        _in_time(filesystem, float(seconds))
    return filesystem, path


def _one_attempt(filesystem: Any) -> None:
    """Keep drivers from trying again by themselves: our attempts times theirs would take minutes."""
    if type(filesystem).__module__.startswith("s3fs"):
        filesystem.retries = 1
    if type(filesystem).__module__.startswith("gcsfs"):
        once = getattr(type(filesystem)._request, "__wrapped__", None)  # noqa: SLF001 - it offers no setting
        if once is not None:
            filesystem._request = once.__get__(filesystem)  # noqa: SLF001 - as above


def _in_time(filesystem: Any, seconds: float) -> None:
    """Let no question and no write of a small object wait for longer.

    What drivers know of time is not enough: s3fs waits for ever for a server that is silent when something is put.
    """
    for name in ("info", "exists", "rm_file", "pipe_file"):
        function = getattr(filesystem, name)
        if hasattr(function, "__wrapped__"):  # fsspec's own: it takes the time and ends what takes longer
            setattr(filesystem, name, _limited(function, seconds))


def _limited(function: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    def call(path: str, *values: Any, **options: Any) -> Any:
        size = sum(len(value) for value in values if isinstance(value, bytes))
        return function(path, *values, timeout=seconds + size / _SLOWEST, **options)

    return call


@frozen(kw_only=True)
class Bucket:
    """A prefix in an object storage: objects by key, every operation repeated when it fails for a moment.

    >>> bucket = Bucket.open("memory://lake/doctest")
    >>> bucket.put("orders", b"1,2"); bucket.get("orders"), bucket.size("orders"), bucket.keys()
    (b'1,2', 3, ['orders'])
    >>> bucket.remove("orders"); bucket.exists("orders")
    False
    """

    filesystem: Any = field(repr=False)
    root: str
    """Path of the prefix in the file system, without a slash at its end."""
    shown: str
    """The URL as its user wrote it."""
    credentials: str = "the credentials"
    retry: Retry = field(factory=Retry)

    @classmethod
    def open(cls, location: str, access: Access | None = None, retry: Retry | None = None) -> Bucket:
        """Make the file system of a URL; nothing is asked of the server yet."""
        filesystem, path = open_filesystem(location, access)
        words = access.credentials if access is not None else "the credentials"
        return cls(
            filesystem=filesystem,
            root=path.rstrip("/"),
            shown=location.rstrip("/"),
            credentials=words,
            retry=retry or Retry(),
        )

    def path(self, key: str) -> str:
        """Give the full path of an object."""
        return f"{self.root}/{key}"

    def put(self, key: str, data: bytes, *, new: bool = False) -> None:
        """Write a small object in one piece: a reader sees it whole or not at all.

        :param new: refuse when it is there already.
        :raises FileExistsError: when it is there already, where the storage can tell.
        """

        def work() -> None:
            if new:
                self.filesystem.pipe_file(self.path(key), data, mode="create")
            else:
                self.filesystem.pipe_file(self.path(key), data)

        self._do(work, f"writing '{key}'", keep=(FileExistsError,))

    def upload(self, file: Path, key: str, *, block_done: Callable[[], None] = lambda: None) -> None:
        """Write a file as an object; a repeated attempt begins again from its first byte."""

        def work() -> None:
            with file.open("rb") as source:
                head = source.read(BLOCK_BYTES)
                if len(head) < BLOCK_BYTES:
                    self.filesystem.pipe_file(self.path(key), head)
                    return
                target = self.filesystem.open(self.path(key), "wb", block_size=BLOCK_BYTES)
                try:
                    while head:
                        target.write(head)
                        block_done()
                        head = source.read(BLOCK_BYTES)
                except BaseException:
                    with contextlib.suppress(Exception):  # the first fault is the one to tell
                        target.discard()
                    with contextlib.suppress(Exception):  # else its destructor publishes the half that arrived
                        target.closed = True
                    raise
                target.close()

        self._do(work, f"uploading '{key}'")

    def get(self, key: str) -> bytes | None:
        """Give a small object; None when there is none."""

        def work() -> bytes | None:
            try:
                return cast("bytes", self.filesystem.cat_file(self.path(key)))
            except FileNotFoundError:
                return None

        return self._do(work, f"reading '{key}'")

    def reader(self, key: str) -> IO[bytes]:
        """Open an object for reading."""
        return self._do(lambda: cast("IO[bytes]", self.filesystem.open(self.path(key), "rb")), f"reading '{key}'")

    def copy(self, key: str, other: str) -> None:
        """Copy an object within the storage; the server does it where it can."""

        def work() -> None:
            try:
                self.filesystem.cp_file(self.path(key), self.path(other))
            except NotImplementedError:
                self._copy_through_here(key, other)

        self._do(work, f"copying '{key}' to '{other}'")

    def _copy_through_here(self, key: str, other: str) -> None:
        with (
            self.filesystem.open(self.path(key), "rb") as source,
            self.filesystem.open(self.path(other), "wb") as target,
        ):
            while block := source.read(BLOCK_BYTES):
                target.write(block)

    def details(self, key: str) -> Mapping[str, Any] | None:
        """Give what the storage says of an object; None when there is none, or only a folder."""
        found = self._info(key)
        return found if found is not None and found.get("type") == "file" else None

    def is_folder(self, key: str) -> bool:
        """Tell whether there are objects below a key."""
        found = self._info(key)
        return found is not None and found.get("type") == "directory"

    def _info(self, key: str) -> Mapping[str, Any] | None:
        def work() -> Mapping[str, Any] | None:
            self.filesystem.invalidate_cache()
            try:
                return cast("Mapping[str, Any]", self.filesystem.info(self.path(key)))
            except FileNotFoundError:
                return None

        return self._do(work, f"looking for '{key}'")

    def exists(self, key: str) -> bool:
        """Tell whether there is an object."""
        return self.details(key) is not None

    def size(self, key: str) -> int | None:
        """Give its size in bytes; None when there is none."""
        found = self.details(key)
        return None if found is None else int(found["size"])

    def keys(self, below: str = "") -> list[str]:
        """List the objects directly below the prefix, or below a key of it; none where nothing is."""

        def work() -> list[str]:
            self.filesystem.invalidate_cache()
            folder = f"{self.root}/{below}".rstrip("/")
            try:
                found = self.filesystem.ls(folder, detail=True)
            except FileNotFoundError:
                return []
            names = [str(entry["name"]) for entry in found if entry["type"] == "file"]
            return sorted(name[name.rindex("/") + 1 :] for name in names if name.rstrip("/") != folder)

        return self._do(work, f"listing '{self.shown}'")

    def folders(self) -> list[str]:
        """List what lies one level deeper, without slashes."""

        def work() -> list[str]:
            self.filesystem.invalidate_cache()
            try:
                found = self.filesystem.ls(self.root, detail=True)
            except FileNotFoundError:
                return []
            return sorted(
                str(entry["name"]).rstrip("/").rpartition("/")[2] for entry in found if entry["type"] == "directory"
            )

        return self._do(work, f"listing '{self.shown}'")

    def remove(self, key: str) -> None:
        """Remove an object; nothing happens where there is none."""

        def work() -> None:
            with contextlib.suppress(FileNotFoundError):
                self.filesystem.rm_file(self.path(key))

        self._do(work, f"removing '{key}'")

    def _do(self, work: Callable[[], T], doing: str, keep: tuple[type[Exception], ...] = ()) -> T:
        try:
            return self.retry(work, doing)
        except keep:
            raise
        except Exception as exc:
            clean(exc)
            raise fault(exc, DestinationError, doing=doing, place=self.shown, credentials=self.credentials) from exc


def mark_of(details: Mapping[str, Any]) -> str:
    """Give what changes whenever an object is written anew: ETag, generation, or the time of writing.

    >>> mark_of({"ETag": '"abc"', "size": 3})
    '"abc"'
    """
    return next((str(details[name]) for name in _MARKS if details.get(name)), "")
