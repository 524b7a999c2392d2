"""Rows that have a name of their own: created, looked up, listed, changed and deleted in one way."""

from __future__ import annotations

import difflib
import getpass
import os
import secrets
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from semblant.store.faults import NotThereError, TakenError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Table

    from semblant.store.database import Store

_R = TypeVar("_R")


def user() -> str:
    """Give the name of whoever works here: ``SEMBLANT_USER``, or the account's."""
    given = os.environ.get("SEMBLANT_USER", "").strip()
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return "unknown"


def new_id() -> str:
    """Give an id that nobody has.

    >>> len(new_id())
    12
    """
    return secrets.token_hex(6)


class Named(Generic[_R]):
    """The rows of one table, by name; ``what`` is the word for one of them, ``record`` makes it from its columns."""

    def __init__(self, store: Store, table: Table, what: str, record: Callable[..., _R]) -> None:
        """Keep the table and how to make a record of it."""
        self._store = store
        self._table = table
        self._what = what
        self._record = record

    def get(self, name: str) -> _R:
        """Give one by name.

        :raises NotThereError: there is none; with the nearest names.
        """
        with self._store.reading() as connection:
            return self._get(connection, name)

    def list(self) -> list[_R]:
        """Give all of them by name."""
        with self._store.reading() as connection:
            rows = connection.execute(select(self._table).order_by(self._table.c.name)).mappings()
            return [self._record(**row) for row in rows]

    def delete(self, name: str) -> None:
        """Remove one.

        :raises NotThereError: there is none.
        """
        with self._store.writing() as connection:
            self._get(connection, name)
            connection.execute(delete(self._table).where(self._table.c.name == name))

    def _create(self, name: str, values: Mapping[str, Any]) -> _R:
        now = time.time()
        row = {"id": new_id(), "name": name, "owner": user(), "created": now, "changed": now, **values}
        try:
            with self._store.writing() as connection:
                connection.execute(insert(self._table).values(row))
        except IntegrityError as exc:
            msg = f"there is a {self._what} '{name}' already"
            raise TakenError(msg, fix="choose another name, or edit that one") from exc
        return self._record(**row)

    def _update(self, name: str, values: Mapping[str, Any]) -> _R:
        given = {key: value for key, value in values.items() if value is not None}
        try:
            with self._store.writing() as connection:
                self._get(connection, name)
                connection.execute(
                    update(self._table).where(self._table.c.name == name).values(**given, changed=time.time())
                )
                return self._get(connection, given.get("name", name))
        except IntegrityError as exc:
            msg = f"there is a {self._what} '{given['name']}' already"
            raise TakenError(msg, fix="choose another name") from exc

    def _get(self, connection: Connection, name: str) -> _R:
        row = connection.execute(select(self._table).where(self._table.c.name == name)).mappings().first()
        if row is not None:
            return self._record(**row)
        names = connection.execute(select(self._table.c.name)).scalars().all()
        near = difflib.get_close_matches(name, names, n=3)
        msg = f"there is no {self._what} '{name}'"
        fix = f"did you mean {' or '.join(map(repr, near))}?" if near else f"'semblant {self._what}s list' shows them"
        raise NotThereError(msg, fix=fix)
