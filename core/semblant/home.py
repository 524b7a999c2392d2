"""The application home: where jobs work, and where generators and synthetic datasets are kept."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import secrets
from enum import StrEnum
from pathlib import Path

from semblant import filenames
from semblant.atomic import prove_writable, remove
from semblant.errors import ConfigError, SemblantError
from semblant.store.faults import NotThereError

VARIABLE = "SEMBLANT_HOME"
"""Environment variable that names the home."""
_IDENTITY = "identity"


class HomeError(SemblantError):
    """The application home cannot be used."""

    code = "home"
    exit_code = 3


class Kind(StrEnum):
    """What the home keeps; the value is the folder's name."""

    JOBS = "jobs"
    """Workspaces: one folder per job."""
    GENERATORS = "generators"
    """One file ``NAME.semblant`` per generator."""
    DATASETS = "datasets"
    """One folder per synthetic dataset."""
    CACHE = "cache"
    """What can be made again at any time."""

    @property
    def suffix(self) -> str:
        """Ending of its entries."""
        return ".semblant" if self is Kind.GENERATORS else ""


class Home:
    """A folder private to the user (mode 0700), made when it is first needed.

    The root is the argument, else the environment variable ``SEMBLANT_HOME``, else the place that
    the operating system foresees for an application's data.

    >>> import tempfile
    >>> home = Home(Path(tempfile.mkdtemp()) / "home")
    >>> home.path(Kind.GENERATORS, "customers 2/b").name
    'customers 2%2Fb.semblant'
    >>> home.names(Kind.GENERATORS)
    []
    """

    def __init__(self, root: Path | str | None = None) -> None:
        """Take the root; nothing is created or checked yet."""
        chosen = root or os.environ.get(VARIABLE)
        if not chosen:
            from platformdirs import user_data_path

            chosen = user_data_path("semblant", appauthor=False)
        self.root = Path(chosen).expanduser().absolute()

    def __repr__(self) -> str:
        """Show the root."""
        return f"Home({str(self.root)!r})"

    @property
    def jobs(self) -> Path:
        """Folder of the jobs' workspaces; exists."""
        return self.folder(Kind.JOBS)

    @property
    def generators(self) -> Path:
        """Folder of the generators; exists."""
        return self.folder(Kind.GENERATORS)

    @property
    def datasets(self) -> Path:
        """Folder of the synthetic datasets (application storage); exists."""
        return self.folder(Kind.DATASETS)

    @property
    def cache(self) -> Path:
        """Folder of what can be made again; exists."""
        return self.folder(Kind.CACHE)

    def cache_or_none(self) -> Path | None:
        """Give the folder of what can be made again; None where the home cannot be used."""
        try:
            return self.cache
        except HomeError:
            return None

    def folder(self, kind: Kind) -> Path:
        """Give the folder of a kind, made if need be.

        :raises HomeError: when it cannot be made or is no folder.
        """
        path = self.folder_of_root() / kind.value
        try:
            if not path.is_dir():
                path.mkdir(mode=0o700, exist_ok=True)
        except OSError as exc:
            raise self._unusable(exc) from exc
        return path

    def folder_of_root(self) -> Path:
        """Give the root, made if need be.

        :raises HomeError: when it cannot be made or is no folder.
        """
        try:
            if not self.root.is_dir():
                self.root.parent.mkdir(parents=True, exist_ok=True)
                self.root.mkdir(mode=0o700, exist_ok=True)
        except OSError as exc:
            raise self._unusable(exc) from exc
        return self.root

    def identity(self) -> str:
        """Give the id of this home, made at first: the same from wherever its folder is reached.

        :raises HomeError: when it cannot be kept.
        """
        path = self.folder_of_root() / _IDENTITY
        try:
            if not path.is_file():
                fresh = path.with_name(f".{_IDENTITY}.{secrets.token_hex(4)}")
                fresh.write_text(secrets.token_hex(8), encoding="ascii")
                with contextlib.suppress(FileExistsError):
                    os.link(fresh, path)
                fresh.unlink()
            return path.read_text(encoding="ascii").strip()
        except OSError as exc:
            raise self._unusable(exc) from exc

    def check(self) -> None:
        """Prove that the home can be written to, with a temporary file.

        :raises HomeError: when it cannot, with the reason and what to do.
        """
        try:
            prove_writable(self.folder(Kind.CACHE))
        except OSError as exc:
            raise self._unusable(exc) from exc

    def _unusable(self, exc: OSError) -> HomeError:
        where = exc.filename or self.root
        if isinstance(exc, (FileExistsError, NotADirectoryError)):
            msg = f"the application home '{self.root}' cannot be made: a file is in the way at '{where}'"
            return HomeError(msg, fix=f"move that file away, or name another folder in {VARIABLE}")
        msg = f"the application home '{self.root}' cannot be written to: {exc.strerror} ('{where}')"
        return HomeError(msg, fix=f"make it writable and free space there, or name another folder in {VARIABLE}")

    def path(self, kind: Kind, name: str) -> Path:
        """Give where an entry lies or would lie; never outside the folder of its kind.

        :raises ConfigError: for a name that cannot be a file name.
        """
        try:
            return self.folder(kind) / (filenames.encode(name) + kind.suffix)
        except ValueError as exc:
            msg = f"'{name}' cannot be a name: {exc}"
            raise ConfigError(msg, fix="choose a short name of letters, digits, '-' and '_'") from exc

    def names(self, kind: Kind) -> list[str]:
        """List the names of a kind in alphabetical order; makes no folder."""
        path = self.root / kind.value
        if not path.is_dir():
            return []
        return sorted(
            filenames.decode(entry.name.removesuffix(kind.suffix))
            for entry in path.iterdir()
            if entry.name.endswith(kind.suffix) and not entry.name.startswith(".")
        )

    def find(self, kind: Kind, name: str) -> Path:
        """Give the path of an entry that exists.

        :raises NotThereError: when there is none, with the nearest names.
        """
        path = self.path(kind, name)
        if path.exists():
            return path
        near = difflib.get_close_matches(name, self.names(kind), n=3)
        listing = "generators" if kind is Kind.GENERATORS else "jobs"
        fix = f"did you mean {' or '.join(map(repr, near))}?" if near else f"'semblant {listing} list' shows them"
        msg = f"there is no {kind.value.rstrip('s')} '{name}' in '{self.root}'"
        raise NotThereError(msg, fix=fix)

    def delete(self, kind: Kind, name: str) -> None:
        """Remove an entry: it is gone from the listing at once, whole.

        :raises ConfigError: when there is none.
        :raises HomeError: when it cannot be removed.
        """
        path = self.find(kind, name)
        doomed = path.with_name(f".{secrets.token_hex(8)}.deleted")
        try:
            path.rename(doomed)
            remove(doomed)
        except OSError as exc:
            raise self._unusable(exc) from exc

    def unique_name(self, kind: Kind, wanted: str) -> str:
        """Give ``wanted``, or with the first number behind it that is free.

        Two processes may be given the same name; :meth:`reserve` rules that out for folders.
        """
        wanted = self._readable(wanted)
        taken = {name.casefold() for name in self.names(kind)}
        name, number = wanted, 1
        while name.casefold() in taken:
            number += 1
            name = f"{wanted}-{number}"
        return name

    def reserve(self, kind: Kind, wanted: str) -> tuple[str, Path]:
        """Make a folder under a name that nobody else has or gets; give both.

        :raises HomeError: when it cannot be made.
        """
        while True:
            name = self.unique_name(kind, wanted)
            path = self.path(kind, name)
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                continue
            except OSError as exc:
                raise self._unusable(exc) from exc
            return name, path

    @staticmethod
    def _readable(wanted: str) -> str:
        """Make a short name without blanks and separators."""
        return re.sub(r"[^\w.+-]+", "-", wanted).strip("-.")[:60] or "unnamed"
