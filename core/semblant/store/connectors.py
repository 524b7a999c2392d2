"""Connectors: saved sources and destinations with their connection settings, secrets only as references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from semblant.store.named import Named
from semblant.store.tables import CONNECTORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.store.database import Store


@frozen(kw_only=True)
class Connector:
    """A saved source or destination."""

    id: str
    name: str
    kind: str
    """``source``, ``destination``, or ``both`` where the type is one and the other."""
    type: str
    """Name of the source or destination plugin."""
    settings: Mapping[str, Any]
    """The plugin's settings as they were written; secrets are references (``env:NAME``)."""
    owner: str
    created: float
    """Seconds since 1970."""
    changed: float


class Connectors(Named[Connector]):
    """The connectors of a store, by name; ``get``, ``list`` and ``delete`` are those of :class:`Named`.

    Whoever calls this has checked the settings and that they hold no secret in plain text: they are stored as given.
    """

    def __init__(self, store: Store) -> None:
        """Work on the store's table of connectors."""
        super().__init__(store, CONNECTORS, "connector", Connector)

    def create(self, name: str, *, type: str, settings: Mapping[str, Any], kind: str = "both") -> Connector:  # noqa: A002
        """Save a new connector.

        :raises TakenError: the name is in use.
        """
        return self._create(name, {"type": type, "kind": kind, "settings": dict(settings)})

    def update(
        self,
        name: str,
        *,
        new_name: str | None = None,
        type: str | None = None,  # noqa: A002
        settings: Mapping[str, Any] | None = None,
        kind: str | None = None,
    ) -> Connector:
        """Change what is given; ``settings`` replaces the whole document.

        :raises NotThereError: there is no connector of that name.
        :raises TakenError: the new name is in use.
        """
        document = None if settings is None else dict(settings)
        return self._update(name, {"name": new_name, "type": type, "kind": kind, "settings": document})
