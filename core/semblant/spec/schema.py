"""The JSON Schema of the spec file, with the settings of the plugins that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from semblant.settings.jsonschema import DRAFT, object_schema
from semblant.spec.model import Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import Component
_MODEL_CLASSES = {"ModelSpec": "tabular", "TextModelSpec": "text"}


class Offered(Protocol):
    """What is asked of a plugin host: its components by name."""

    @property
    def sources(self) -> Mapping[str, Any]:
        """Sources."""

    @property
    def destinations(self) -> Mapping[str, Any]:
        """Destinations."""

    @property
    def models(self) -> Mapping[str, Any]:
        """Model backends."""

    @property
    def sections(self) -> Mapping[str, Any]:
        """Report sections."""

    @property
    def renderers(self) -> Mapping[str, Any]:
        """Report formats."""


def spec_schema(host: Offered) -> dict[str, Any]:
    """Give the schema; ``source`` and ``destination`` are one form per installed component.

    >>> from semblant.host import PluginHost
    >>> sorted(spec_schema(PluginHost())["properties"])[:3]
    ['$schema', 'default_include', 'destination']
    """
    defs: dict[str, Any] = {}
    made = object_schema(Spec, defs)
    properties: dict[str, Any] = {"$schema": {"type": "string", "description": "for editors"}, **made["properties"]}
    properties["source"] = _selected(properties["source"], host.sources, defs, defs.pop("Selected"))
    properties["destination"] = _selected(
        properties["destination"], host.destinations, defs, defs.pop("DestinationSpec")
    )
    for name, learns in _MODEL_CLASSES.items():
        backends = [backend for backend in host.models.values() if backend.learns == learns]
        defs[name]["properties"]["backend"]["examples"] = ["auto", *(backend.name for backend in backends)]
        settings = defs[name]["properties"]["settings"]
        settings["anyOf"] = [*(object_schema(backend.settings, defs) for backend in backends), {"type": "object"}]
    # what a table overrides of 'model' has the same keys
    overrides = defs["TableSpec"]["properties"]["model"]
    defs["TableSpec"]["properties"]["model"] = {"description": overrides["description"], "$ref": "#/$defs/ModelSpec"}
    _listing(defs["ReportSpec"]["properties"]["formats"], host.renderers)
    _listing(defs["ReportSpec"]["properties"]["sections"], host.sections)
    defs["ReportSpec"]["properties"]["settings"]["properties"] = {
        name: object_schema(component.settings, defs) for name, component in {**host.sections, **host.renderers}.items()
    }
    return {
        "$schema": DRAFT,
        "title": "Semblant spec",
        **made,
        "properties": properties,
        "$defs": dict(sorted(defs.items())),
    }


def _selected(
    section: dict[str, Any], components: Mapping[str, Component], defs: dict[str, Any], general: dict[str, Any]
) -> dict[str, Any]:
    """Give one form per component: its type, the section's own keys, its settings."""
    own = {name: schema for name, schema in general["properties"].items() if name not in ("type", "settings")}
    forms: list[dict[str, Any]] = []
    for name, component in sorted(components.items()):
        form = object_schema(component.settings, defs)
        forms.append(
            {
                "title": name,
                **form,
                "description": component.summary,
                "properties": {"type": {"const": name, "description": component.summary}, **own, **form["properties"]},
                "required": ["type", *form.get("required", [])],
            }
        )
    nothing = [{"type": "null"}] if any(part == {"type": "null"} for part in section.get("anyOf", [])) else []
    if not forms:
        forms = [{"type": "object", "properties": {"type": {"type": "string"}, **own}, "required": ["type"]}]
    connector = {"type": "string", "description": "name of a saved connector ('semblant connectors list')"}
    forms.append(
        {
            "title": "connector",
            "type": "object",
            "description": "type and settings saved under a name; what stands beside it wins",
            "properties": {"connector": connector, **own},
            "required": ["connector"],
        }
    )
    about: dict[str, Any] = {key: section[key] for key in ("description", "default") if key in section}
    return {**about, "anyOf": [*forms, *nothing]}


def _listing(schema: dict[str, Any], components: Mapping[str, Component]) -> None:
    schema["examples"] = [list(components)]
