"""Rows for ``semblant plugins``: every component, and every plugin that brings none, with its health."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from attrs import asdict, field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import Component
    from semblant.plugins.discovery import Owner


class Status(enum.StrEnum):
    """How a component or plugin is."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    """A package that it needs is not installed."""
    DUPLICATE = "duplicate"
    """Another distribution offers the same name, so neither can be used."""
    FAILED = "failed"
    """The whole plugin could not be loaded."""
    DISABLED = "disabled"
    """Somebody switched it off."""


@frozen(kw_only=True)
class PluginRow:
    """One line of the listing.

    >>> PluginRow(name="csv", kind="source", plugin="sources", distribution="semblant").as_dict()["status"]
    'ok'
    """

    name: str
    """Of the component; of the plugin where nothing of it could be loaded."""
    kind: str
    """``source``, ``model``, …; ``plugin`` where nothing of it could be loaded; ``observer``."""
    plugin: str
    distribution: str
    version: str = ""
    summary: str = ""
    capabilities: Mapping[str, Any] = field(factory=dict)
    status: Status = Status.OK
    reason: str = ""
    """Why the status is not ok, or a remark on a slow plugin."""
    install: str = ""
    """The pip line that mends it."""

    def as_dict(self) -> dict[str, Any]:
        """Give the row JSON-ready."""
        return asdict(self, value_serializer=lambda _, __, value: _plain(value))


def row_of(component: Component, owner: Owner, *, status: Status, reason: str = "", install: str = "") -> PluginRow:
    """Describe a component."""
    return PluginRow(
        name=component.name,
        kind=component.kind,
        plugin=owner.plugin,
        distribution=owner.distribution,
        version=owner.version,
        summary=component.summary,
        capabilities=_capabilities(component),
        status=status,
        reason=reason,
        install=install,
    )


def row_without_component(
    owner: Owner, *, kind: str = "plugin", status: Status, reason: str = "", summary: str = ""
) -> PluginRow:
    """Describe a plugin of which there is no component to show."""
    return PluginRow(
        name=owner.plugin,
        kind=kind,
        plugin=owner.plugin,
        distribution=owner.distribution,
        version=owner.version,
        summary=summary,
        status=status,
        reason=reason,
    )


def _capabilities(component: Component) -> dict[str, Any]:
    """Add to the declared capabilities the facts that each kind of descriptor holds in fields of its own."""
    facts = ("learns", "schemes", "suffixes", "suffix", "atomic", "needs", "step")
    own = {name: getattr(component, name, None) for name in facts}
    return {**{name: value for name, value in own.items() if value}, **component.capabilities}


def _plain(value: Any) -> Any:
    if isinstance(value, enum.StrEnum):
        return value.value
    return list(value) if isinstance(value, tuple | set | frozenset) else value
