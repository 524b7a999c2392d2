"""Opens the store: SQLite in the application home, or PostgreSQL where ``SEMBLANT_STORE`` says so."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Double, cast, create_engine, event, func, literal
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import OperationalError as Unreachable

from semblant.errors import ConfigError, MissingDependencyError
from semblant.logs import redact
from semblant.store.faults import StoreError
from semblant.store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from sqlalchemy import URL, ColumnElement, Connection

    from semblant.home import Home
    from semblant.store.catalogs import Catalogs
    from semblant.store.connectors import Connectors
    from semblant.store.jobs import Jobs
    from semblant.store.ledger import Ledger
    from semblant.store.lookup import Lookup
    from semblant.store.products import Datasets, Generators
    from semblant.store.progress import Progress
    from semblant.store.quotas import Quotas

VARIABLE: Final = "SEMBLANT_STORE"
"""Environment variable with the URL of the store; SQLite in the home when it is not set."""
FILE: Final = "store.db"
_PATIENCE_SECONDS: Final = 30
"""How long a writer waits for another one."""


def store_url(home: Home) -> URL:
    """Give the URL of the store that belongs to a home.

    :raises ConfigError: for anything but SQLite and PostgreSQL.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        home.folder_of_root()
        return make_url("sqlite://").set(database=str(home.root / FILE))
    try:
        url = make_url(given)
    except ArgumentError as exc:
        msg = f"{VARIABLE} is no URL of a database"
        raise ConfigError(msg, fix="write postgresql://user@host/database, or sqlite:////path/to/store.db") from exc
    kinds = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
    url = url.set(drivername=kinds.get(url.drivername, url.drivername))
    if url.get_backend_name() not in {"postgresql", "sqlite"}:
        msg = f"{VARIABLE}: a store cannot be kept in '{url.get_backend_name()}'"
        raise ConfigError(msg, fix="use PostgreSQL (postgresql://user@host/database) or leave it out for SQLite")
    return url


class Store:
    """Connectors, catalogs, jobs and all that must outlive a process.

    A store may be used from several threads and, each with a store of its own, several processes and machines.

    :param url: SQLite or PostgreSQL; the tables are made or brought up to date.
    :raises StoreError: it cannot be reached, or was made by a newer version.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with Store(f"sqlite:///{Path(tempfile.mkdtemp()) / 'store.db'}") as store:
    ...     made = store.connectors.create("shop", type="postgresql", settings={"password": "env:SHOP_PASSWORD"})
    ...     store.connectors.get("shop").settings
    {'password': 'env:SHOP_PASSWORD'}
    """

    def __init__(self, url: URL | str) -> None:
        """Open the store and bring it up to date."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {}
        if self.is_sqlite:
            options["connect_args"] = {"timeout": _PATIENCE_SECONDS, "check_same_thread": False}
        else:
            options |= {"pool_pre_ping": True, "pool_size": 4, "connect_args": {"connect_timeout": 10}}
        try:
            self._engine = create_engine(self.url, **options)
        except (ModuleNotFoundError, NoSuchModuleError) as exc:
            msg = f"{VARIABLE}: a store in PostgreSQL needs 'psycopg', which is not installed"
            raise MissingDependencyError(msg, fix="pip install 'semblant[postgresql]'") from exc
        if self.is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        try:
            with self.writing() as connection:
                migrate(connection)
        except BaseException:
            self.close()
            raise

    @classmethod
    def of(cls, home: Home) -> Self:
        """Open the store that belongs to a home; see :func:`store_url`."""
        return cls(store_url(home))

    def __enter__(self) -> Self:
        """Use the store in a ``with`` block."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @property
    def place(self) -> str:
        """Where it is, in words, without a password."""
        return str(self.url.database) if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read in one consistent transaction.

        :raises StoreError: the database cannot be reached or refuses.
        """
        with self._faults(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in one transaction: all of it stays, or after an error nothing.

        On SQLite writers wait for each other from the first line on, so what was read is still true when it is
        written; on PostgreSQL lock the rows that a decision rests on (``with_for_update``).
        """
        with self._faults(), self._engine.connect() as plain:
            connection = plain.execution_options(semblant_writing=True)
            with connection.begin():
                yield connection

    def now(self) -> ColumnElement[float]:
        """Give the time in seconds since 1970 by the store's clock, for leases that several machines look at."""
        if self.is_sqlite:
            return literal(time.time())
        return cast(func.extract("epoch", func.clock_timestamp()), Double)

    @cached_property
    def connectors(self) -> Connectors:
        """Saved sources and destinations."""
        from semblant.store.connectors import Connectors

        return Connectors(self)

    @cached_property
    def catalogs(self) -> Catalogs:
        """Saved specs."""
        from semblant.store.catalogs import Catalogs

        return Catalogs(self)

    @cached_property
    def jobs(self) -> Jobs:
        """What changes the state of jobs."""
        from semblant.store.jobs import Jobs

        return Jobs(self)

    @cached_property
    def lookup(self) -> Lookup:
        """Questions about jobs."""
        from semblant.store.lookup import Lookup

        return Lookup(self)

    @cached_property
    def progress(self) -> Progress:
        """How far jobs are."""
        from semblant.store.progress import Progress

        return Progress(self)

    @cached_property
    def generators(self) -> Generators:
        """Generators that are kept."""
        from semblant.store.products import Generators

        return Generators(self)

    @cached_property
    def datasets(self) -> Datasets:
        """Synthetic datasets that jobs made."""
        from semblant.store.products import Datasets

        return Datasets(self)

    @cached_property
    def quotas(self) -> Quotas:
        """Limits and their use."""
        from semblant.store.quotas import Quotas

        return Quotas(self)

    @cached_property
    def ledger(self) -> Ledger:
        """What private jobs have spent."""
        from semblant.store.ledger import Ledger

        return Ledger(self)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Say in our words, and without a password, what the driver says."""
        try:
            yield
        except Unreachable as exc:
            msg = f"the store '{self.place}' cannot be used: {_said(exc)}"
            raise StoreError(msg, fix=f"check that it is there and may be written, or set {VARIABLE}") from exc
        except IntegrityError:
            raise  # who writes knows what it means
        except DBAPIError as exc:
            msg = f"the store '{self.place}' refused: {_said(exc)}"
            raise StoreError(msg, fix="if it is damaged, move it away: generators and data lie beside it") from exc


def _said(exc: DBAPIError) -> str:
    lines = str(exc.orig).strip().splitlines()
    return redact(lines[0]) if lines else type(exc.orig).__name__


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin transactions by itself, and later than we want
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={_PATIENCE_SECONDS}000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("semblant_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
