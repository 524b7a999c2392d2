"""One empty place per kind of database: how to write to it, read from it, and look at it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve, field, frozen

import semblant_databases as databases
import semblant_sources
from semblant.protocols import Destination, Source
from semblant.schema import Schema
from semblant.vocabulary import WriteMode

_NUMBERS = itertools.count()
KINDS = ("postgresql", "mariadb", "sqlite", "duckdb")
SERVERS = ("postgresql", "mariadb")
IMITATED = ("sqlserver", "oracle")


@frozen(kw_only=True)
class DatabasePlace:
    """An empty schema, database or file."""

    kind: str
    source: Mapping[str, Any]
    destination: Mapping[str, Any]
    url: str = ""
    connect: Callable[[], Any] = field(eq=False)
    """Opens a connection of a plain driver."""
    mark: str = '"'

    def writer(self, **settings: Any) -> Destination:
        component = {c.name: c for c in databases.semblant_destinations()}[self.kind]
        return component.create(component.settings(**{**self.destination, **settings}))

    def reader(self, **settings: Any) -> Source:
        offered = (*databases.semblant_sources(), *semblant_sources.semblant_sources())
        component = {c.name: c for c in offered}[self.kind]
        return component.create(component.settings(**{**self.source, **settings}))

    def quoted(self, name: str) -> str:
        return self.mark + name.replace(self.mark, self.mark * 2) + self.mark

    def deliver(
        self, schema: Schema, tables: Mapping[str, pa.Table], mode: WriteMode = WriteMode.FAIL, **settings: Any
    ) -> None:
        with contextlib.closing(self.writer(**settings)) as destination:
            delivery = destination.open(schema, mode)
            for name, table in tables.items():
                for batch in table.to_batches(50_000):
                    delivery.write(name, batch)
            delivery.commit()

    def rows(self, *statements: str) -> list[list[Sequence[Any]]]:
        """Run statements on a connection of their own; give the rows of each."""
        connection, found = self.connect(), []
        try:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
                found.append(list(cursor.fetchall()) if cursor.description else [])
            return found
        finally:
            connection.close()

    def with_user(self, **settings: Any) -> DatabasePlace:
        return evolve(self, source={**self.source, **settings}, destination={**self.destination, **settings})


def _postgresql(request: pytest.FixtureRequest) -> DatabasePlace:
    import psycopg

    port, name = request.getfixturevalue("postgresql").port, f"place_{next(_NUMBERS)}"
    where = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    settings = {"host": "127.0.0.1", "port": port, "user": "postgres", "database": "postgres", "schema": name}
    return DatabasePlace(
        kind="postgresql",
        source=settings,
        destination=settings,
        url=f"postgresql://postgres@127.0.0.1:{port}/postgres?schema={name}",
        connect=lambda: psycopg.connect(f"{where} options='-c search_path={name}'", autocommit=True),
    )


def imitate(kind: str) -> None:
    """Put an imitation over PostgreSQL in the place of a driver, for the life of this process."""
    import importlib

    imitation = importlib.import_module(f"tests.plugins.databases.imitation.{kind}")
    vars(importlib.import_module(f"semblant_databases.{kind}.connection"))["connected"] = imitation.connected


def _imitated(kind: str, request: pytest.FixtureRequest) -> DatabasePlace:
    """Give an empty schema of a database that is imitated over PostgreSQL."""
    place = _postgresql(request)
    settings = {**place.source, **request.getfixturevalue(f"imitated_{kind}")}
    return evolve(place, kind=kind, source=settings, destination=settings, url="")


def _mariadb(request: pytest.FixtureRequest) -> DatabasePlace:
    import pymysql

    port, name = request.getfixturevalue("mariadb").port, f"place_{next(_NUMBERS)}"

    def connect(database: str | None = name) -> Any:
        return pymysql.connect(host="127.0.0.1", port=port, user="root", database=database, autocommit=True)

    with connect(None) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    settings = {"host": "127.0.0.1", "port": port, "user": "root", "database": name}
    return DatabasePlace(
        kind="mariadb",
        source=settings,
        destination=settings,
        url=f"mariadb://root@127.0.0.1:{port}/{name}",
        connect=connect,
        mark="`",
    )


def _file(kind: str, path: Path) -> DatabasePlace:
    import sqlite3

    import duckdb

    def connect() -> Any:
        return sqlite3.connect(path, timeout=60) if kind == "sqlite" else duckdb.connect(str(path), read_only=True)

    settings = {"path": str(path)}
    return DatabasePlace(kind=kind, source=settings, destination=settings, url=f"{kind}:///{path}", connect=connect)


@contextlib.contextmanager
def place_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[DatabasePlace]:
    """Give an empty place of a kind."""
    if kind == "postgresql":
        yield _postgresql(request)
    elif kind == "mariadb":
        yield _mariadb(request)
    elif kind in IMITATED:
        yield _imitated(kind, request)
    else:
        yield _file(kind, folder / f"shop.{kind}")
