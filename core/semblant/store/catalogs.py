"""Catalogs: saved specs, the templates of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.store.named import Named
from semblant.store.tables import CATALOGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.store.database import Store


@frozen(kw_only=True)
class Catalog:
    """A saved spec."""

    id: str
    name: str
    spec: str
    """YAML with absolute paths; secrets as references."""
    tables: Mapping[str, Mapping[str, str]]
    """What its source held when it was saved: per table that is used, the type of each column."""
    note: str
    owner: str
    created: float
    """Seconds since 1970."""
    changed: float


class Catalogs(Named[Catalog]):
    """The catalogs of a store, by name."""

    def __init__(self, store: Store) -> None:
        """Work on the store's catalogs."""
        super().__init__(store, CATALOGS, "catalog", Catalog)

    def create(
        self, name: str, spec: str, note: str = "", *, tables: Mapping[str, Mapping[str, str]] | None = None
    ) -> Catalog:
        """Save a new catalog.

        :raises TakenError: the name is in use.
        """
        return self._create(name, {"spec": spec, "note": note, "tables": dict(tables or {})})

    def update(
        self,
        name: str,
        *,
        new_name: str | None = None,
        spec: str | None = None,
        note: str | None = None,
        tables: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Catalog:
        """Change what is given.

        :raises NotThereError: there is no catalog of that name.
        :raises TakenError: the new name is in use.
        """
        return self._update(name, {"name": new_name, "spec": spec, "note": note, "tables": tables})
