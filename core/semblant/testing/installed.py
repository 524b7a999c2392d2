"""The conformance classes of an installed distribution: its own, and the kit's for what needs no help.

A distribution names its module of conformance classes by an entry point in the group
``semblant.conformance``. ``semblant plugins check`` runs what :func:`checks_of` gives.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any, Final

from semblant.components import Component
from semblant.host import KINDS, PluginHost
from semblant.plugins.discovery import normalized
from semblant.testing.conformance import ComponentConformance
from semblant.testing.executors import ExecutorConformance
from semblant.testing.renderers import RendererConformance
from semblant.testing.sections import SectionConformance
from semblant.testing.tabular import TabularModelConformance
from semblant.testing.text import TextModelConformance
from semblant.testing.validators import ValidatorConformance

GROUP: Final = "semblant.conformance"

_COMPLETE: Final[dict[str, type[ComponentConformance]]] = {
    "section": SectionConformance,
    "renderer": RendererConformance,
    "validator": ValidatorConformance,
    "executor": ExecutorConformance,
}


def checks_of(distribution: str) -> dict[str, Any]:
    """Give test classes and functions by name, for pytest to collect.

    What the distribution's own module covers is taken from there; a component that it does not cover
    gets the kit's class. A source or destination that nobody says how to reach gets the checks of its
    descriptor, and one check that fails with what is to be done.

    >>> sorted(name for name in checks_of("semblant") if "Html" in name)
    ['TestRendererHtml']
    """
    found = _own(distribution)
    about = [getattr(value, "component", None) for value in found.values()]
    covered = {(component.kind, component.name) for component in about if isinstance(component, Component)}
    for component in components_of(distribution):
        if (component.kind, component.name) not in covered:
            name = f"Test{component.kind.title()}{_title(component.name)}"
            found[name] = type(name, (_class_for(component),), {"component": component, "__doc__": component.summary})
    return found


def components_of(distribution: str) -> list[Component]:
    """Give the descriptors that the plugins of a distribution offer, whether or not they can be used."""
    host = PluginHost()
    rows = [row for row in host.plugins() if normalized(row.distribution) == normalized(distribution)]
    return [host.get(row.kind, row.name) for row in rows if row.kind in KINDS and row.status == "ok"]


def _own(distribution: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        if point.dist is not None and normalized(point.dist.name) == normalized(distribution):
            module = point.load()
            found |= {
                name: value
                for name, value in vars(module).items()
                if name.lower().startswith("test") or getattr(value, "_fixture_function_marker", None) is not None
            }
    return found


def _class_for(component: Component) -> type[ComponentConformance]:
    if component.kind == "model":
        learns: str = getattr(component, "learns", "tabular")
        return TextModelConformance if learns == "text" else TabularModelConformance
    return _COMPLETE.get(component.kind, DescriptorConformance)


class DescriptorConformance(ComponentConformance):
    """The checks of a source or destination that can be made without knowing how to reach its store."""

    protocol = object

    def settings(self, folder: Any) -> Any:
        """Skip the running check when the settings need values that only the author knows."""
        import pytest

        try:
            return self.component.settings()
        except TypeError:
            pytest.skip("the settings need values that only a conformance class can give")

    def test_the_kind_is_the_one_of_this_class(self) -> None:
        """It is one of the kinds."""
        assert self.component.kind in KINDS

    def test_two_objects_can_be_made(self, tmp_path: Any) -> None:
        """Making one may already need the store."""
        self.settings(tmp_path)

    def test_a_conformance_class_is_shipped(self) -> None:
        """Only its author can say how tables come into the store."""
        kind = self.component.kind.title()
        msg = (
            f"to do: subclass semblant.testing.{kind}Conformance in a module, and name the module in the entry points "
            f"of the group '{GROUP}'; 'semblant plugins new {self.component.kind} {self.component.name}' shows how"
        )
        raise AssertionError(msg)


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace(".", "-").replace("_", "-").split("-"))
