"""A host with a handful of components, for tests of the spec alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from semblant.components import Component, DestinationType, ModelType, RendererType, SectionType, SourceType
from semblant.errors import MissingDependencyError, UnknownComponentError
from semblant.settings import Secret, setting
from semblant.settings.suggest import advice

if TYPE_CHECKING:
    from collections.abc import Iterable


@attrs.frozen(kw_only=True)
class FileSettings:
    """Settings of a source of files."""

    path: tuple[str, ...] = setting(help="a file or several")
    header_rows: int = setting(1, help="lines of names", ge=0)


@attrs.frozen(kw_only=True)
class DatabaseSettings:
    """Settings of a source that is a database."""

    url: str = setting(help="where it is")
    password: Secret | None = setting(None, help="the password")


@attrs.frozen(kw_only=True)
class FolderSettings:
    """Settings of a destination."""

    path: str = setting(help="the folder")


@attrs.frozen(kw_only=True)
class NetworkSettings:
    """Settings of a backend."""

    layers: int = setting(2, help="how many", ge=1)


class Host:
    """What ``load_spec`` asks of a plugin host."""

    def __init__(self, *components: Component, failure: str = "") -> None:
        self.components = {(component.kind, component.name): component for component in components}
        self.failure = failure

    def get(self, kind: str, name: str) -> Any:
        component = self.components.get((kind, name))
        if component is None:
            known = [other for of_kind, other in self.components if of_kind == kind]
            msg = f"there is no {kind} '{name}'"
            raise UnknownComponentError(msg, fix="\n".join(filter(None, [advice(name, known), self.failure])))
        if component.missing():
            msg = f"{kind} '{name}' needs {component.missing()}"
            raise MissingDependencyError(msg, fix=component.install)
        return component

    def _of(self, wanted: str) -> dict[str, Any]:
        return {name: component for (kind, name), component in self.components.items() if kind == wanted}

    @property
    def sources(self) -> dict[str, Any]:
        return self._of("source")

    @property
    def destinations(self) -> dict[str, Any]:
        return self._of("destination")

    @property
    def models(self) -> dict[str, Any]:
        return self._of("model")

    @property
    def renderers(self) -> dict[str, Any]:
        return self._of("renderer")

    @property
    def sections(self) -> dict[str, Any]:
        return self._of("section")


def standard(failure: str = "", more: Iterable[Component] = ()) -> Host:
    """Give a host with a component of every kind that a spec names."""
    nowhere = "nowhere:nothing"
    return Host(
        SourceType(name="files", factory=nowhere, summary="files", settings=FileSettings),
        SourceType(name="database", factory=nowhere, summary="a database", settings=DatabaseSettings),
        SourceType(name="oracle", factory=nowhere, summary="a database", requires=("no_such_driver",), extra="oracle"),
        DestinationType(name="folder", factory=nowhere, summary="a folder", settings=FolderSettings),
        ModelType(name="network", factory=nowhere, summary="a network", settings=NetworkSettings, preference=1),
        ModelType(name="letters", factory=nowhere, summary="texts", learns="text"),
        RendererType(name="pdf", factory=nowhere, summary="PDF"),
        RendererType(name="json", factory=nowhere, summary="JSON"),
        SectionType(name="univariate", factory=nowhere, summary="one column"),
        *more,
        failure=failure,
    )
