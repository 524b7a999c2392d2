"""A file system for readers: every question, and every block of a file, is tried again when it fails for a moment."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.retry import Retry

_QUESTIONS: Final = frozenset({"isdir", "isfile", "exists", "ls", "glob", "info", "cat_file"})


class PatientFilesystem:
    """Gives what the file system behind it gives, after up to three more attempts.

    >>> from fsspec.implementations.memory import MemoryFileSystem
    >>> from semblant.retry import Retry
    >>> PatientFilesystem(MemoryFileSystem(), Retry()).exists("/nowhere")
    False
    """

    def __init__(self, filesystem: Any, retry: Retry) -> None:
        """Take the file system of fsspec."""
        self._filesystem = filesystem
        self._retry = retry

    def __getattr__(self, name: str) -> Any:
        """Give an attribute of the file system; questions are repeated."""
        found = getattr(self._filesystem, name)
        return self._patient(found, name) if name in _QUESTIONS else found

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        """Open a file; a block that does not arrive is asked for again, so that reading goes on where it was."""
        file = self._retry(lambda: self._filesystem.open(path, mode, **options), "opening a file")
        cache: Any = getattr(file, "cache", None)
        if getattr(cache, "fetcher", None) is not None:
            cache.fetcher = self._patient(cache.fetcher, "reading a block")
        return file

    def _patient(self, function: Callable[..., Any], what: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            return self._retry(lambda: function(*args, **options), what)

        return call
