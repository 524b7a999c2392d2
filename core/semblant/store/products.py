"""What jobs leave behind: generators and synthetic datasets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import delete, insert, select

from semblant.store.named import user
from semblant.store.tables import DATASETS, GENERATORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.store.database import Store


@frozen(kw_only=True)
class GeneratorRecord:
    """A generator that is kept in a home."""

    name: str
    home: str
    job: str | None
    """Id of the job that trained it; None for one that was imported."""
    state: str
    path: str
    owner: str
    created: float
    bytes: int
    tables: Sequence[str]


@frozen(kw_only=True)
class DatasetRecord:
    """A synthetic dataset; its files are the job's own copies."""

    job: str
    name: str
    location: str
    created: float
    files: Mapping[str, str]
    rows: Mapping[str, int]
    report: Mapping[str, str]
    scores: Mapping[str, float]
    report_fault: str


class Generators:
    """The generators of a store, by home and name."""

    def __init__(self, store: Store) -> None:
        """Work on the store's generators."""
        self._store = store

    def note(
        self,
        name: str,
        home: str,
        *,
        path: str,
        size: int,
        tables: Sequence[str],
        job: str | None,
        state: str = "ready",
    ) -> None:
        """Note a generator, in place of an earlier one of the name."""
        row = {
            "name": name, "home": home, "job": job, "state": state, "path": path, "owner": user(),
            "created": time.time(), "bytes": size, "tables": list(tables),
        }  # fmt: skip
        with self._store.writing() as connection:
            connection.execute(delete(GENERATORS).where(GENERATORS.c.name == name, GENERATORS.c.home == home))
            connection.execute(insert(GENERATORS).values(row))

    def list(self, home: str) -> list[GeneratorRecord]:
        """Give those of a home by name."""
        wanted = select(GENERATORS).where(GENERATORS.c.home == home).order_by(GENERATORS.c.name)
        with self._store.reading() as connection:
            return [GeneratorRecord(**row) for row in connection.execute(wanted).mappings()]

    def forget(self, name: str, home: str) -> None:
        """Note no longer; nothing happens where there is none."""
        with self._store.writing() as connection:
            connection.execute(delete(GENERATORS).where(GENERATORS.c.name == name, GENERATORS.c.home == home))


class Datasets:
    """The synthetic datasets of a store, by job."""

    def __init__(self, store: Store) -> None:
        """Work on the store's datasets."""
        self._store = store

    def note(self, job: str, **values: Any) -> None:
        """Note what a job made, in place of what an earlier attempt noted."""
        with self._store.writing() as connection:
            connection.execute(delete(DATASETS).where(DATASETS.c.job == job))
            connection.execute(insert(DATASETS).values(job=job, created=time.time(), **values))

    def of(self, job: str) -> DatasetRecord | None:
        """Give what a job made, if anything."""
        with self._store.reading() as connection:
            row = connection.execute(select(DATASETS).where(DATASETS.c.job == job)).mappings().first()
        return None if row is None else DatasetRecord(**row)
