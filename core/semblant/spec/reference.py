"""References made from the code: settings, findings, hooks."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

import attrs

from semblant import components, errors, hookspecs, protocols
from semblant.findings import ConfigStep
from semblant.settings.codes import CODES, DATA_CODES
from semblant.settings.fields import bounds
from semblant.settings.types import fields, in_words, is_settings
from semblant.settings.unstructure import default_of, unstructure
from semblant.spec.model import (
    ColumnSpec,
    DestinationSpec,
    ForeignKeySpec,
    GenerationSpec,
    ReportSpec,
    Selected,
    Spec,
    TableSpec,
)
from semblant.spec.training import ModelSpec, PrivacySpec, TextModelSpec
from semblant.spec.treatments import treatments_reference
from semblant.spec.yaml_text import scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from semblant.components import Component
    from semblant.host import PluginHost

SECTIONS: Final[tuple[tuple[str, type], ...]] = (
    ("", Spec),
    ("tables.TABLE", TableSpec),
    ("tables.TABLE.columns.COLUMN", ColumnSpec),
    ("tables.TABLE.foreign_keys[N]", ForeignKeySpec),
    ("model", ModelSpec),
    ("model.text", TextModelSpec),
    ("privacy", PrivacySpec),
    ("generation", GenerationSpec),
    ("report", ReportSpec),
)
_LIMITS: Final = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
_MADE: Final = {
    "semblant_sources": ("SourceType", "Source"),
    "semblant_destinations": ("DestinationType", "Destination", "Delivery"),
    "semblant_models": ("ModelType", "ModelBackend", "Prepared", "Model"),
    "semblant_report_sections": ("SectionType", "ReportSection"),
    "semblant_report_renderers": ("RendererType", "ReportRenderer"),
    "semblant_validators": ("ValidatorType", "Validator"),
    "semblant_executors": ("ExecutorType", "Executor"),
}
"""Per hook the descriptor that it returns and the protocols of what is made from it."""


def settings_reference(host: PluginHost) -> str:
    """Write every key of the spec and of the installed components: type, default, limits, meaning."""
    lines = ["# Settings", "", "Every key of a spec. Keys that are not here are refused; what is `auto` is found out."]
    for path, cls in SECTIONS:
        lines += ["", f"## {f'`{path}`' if path else 'The spec'}", "", _first_line(cls), "", *_table(cls)]
    lines += treatments_reference()
    lines += _components("Sources", "`source`: beside `type` the keys of the source.", Selected, host.sources)
    lines += _components(
        "Destinations",
        "`destination`: beside `type` and `mode` the keys of the destination.",
        DestinationSpec,
        host.destinations,
    )
    lines += _components("Model backends", "`model.settings` and `model.text.settings`.", None, host.models)
    lines += _components(
        "Report sections",
        "Names for `report.sections`; the keys of each stand under `report.settings.NAME`.",
        None,
        host.sections,
    )
    lines += _components(
        "Report formats",
        "Names for `report.formats`; the keys of each stand under `report.settings.NAME`.",
        None,
        host.renderers,
    )
    return "\n".join(lines) + "\n"


def findings_reference(host: PluginHost) -> str:
    """Write every code that a finding or an error can have, with its meaning."""
    lines = [
        "# Findings and errors",
        "",
        "What Semblant has to say has a stable code.",
        "",
        "## When a spec is loaded",
        "",
    ]
    lines += [*_codes({code: f"error: {meaning}" for code, meaning in CODES.items()})]
    for descriptor in sorted(host.validators.values(), key=lambda one: (list(ConfigStep).index(one.step), one.name)):
        if codes := descriptor.capabilities.get("findings"):
            lines += ["", f"## Step {descriptor.step}: `{descriptor.name}`", "", _sentence(descriptor.summary), ""]
            lines += _codes(codes)
    lines += ["", "## When the data are looked at", "", *_codes(DATA_CODES), "", "## Errors", ""]
    lines += ["| code | exit status | meaning |", "|---|---|---|"]
    for error in _errors():
        lines.append(f"| `{error.code}` | {error.exit_code} | {_first_line(error)} |")
    return "\n".join(lines) + "\n"


def _codes(codes: Mapping[str, str]) -> list[str]:
    rows = [f"| `{code}` | {' | '.join(said.split(': ', 1))} |" for code, said in codes.items()]
    return ["| code | severity | meaning |", "|---|---|---|", *rows]


def _errors() -> list[type[errors.SemblantError]]:
    found = (value for value in vars(errors).values() if isinstance(value, type))
    return [cls for cls in found if issubclass(cls, errors.SemblantError) and cls is not errors.SemblantError]


def hooks_reference() -> str:
    """Write every hook with its exact signature and docstring, the descriptor it returns and what that makes."""
    lines = ["# Hooks", "", inspect.cleandoc(hookspecs.__doc__ or "")]
    for name, hook in hooks().items():
        lines += [
            "",
            f"## {name}",
            "",
            "```python",
            signature(name, hook),
            "```",
            "",
            inspect.cleandoc(hook.__doc__ or ""),
        ]
        for made in _MADE.get(name, ()):
            lines += ["", f"### {made}", "", *_described(made)]
    lines += ["", "## What all descriptors have", "", *_described("Component")]
    return "\n".join(lines) + "\n"


def hooks() -> dict[str, Any]:
    """Give the hook specifications by name, in the order of their module."""
    return {name: hook for name, hook in vars(hookspecs).items() if name.startswith("semblant_")}


def signature(name: str, function: Any) -> str:
    """Write a signature as it stands in the code."""
    given = inspect.signature(function)
    parameters = [
        one.replace(annotation=_Written(one.annotation)) for one in given.parameters.values() if _noted(one.annotation)
    ]
    bare = {one.name: one for one in parameters}
    shown = given.replace(
        parameters=[bare.get(one.name, one) for one in given.parameters.values()],
        return_annotation=_Written(given.return_annotation)
        if _noted(given.return_annotation)
        else given.return_annotation,
    )
    return f"def {name}{shown}"


class _Written(str):
    """An annotation that shows itself without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _noted(annotation: Any) -> bool:
    return isinstance(annotation, str)


def _described(name: str) -> list[str]:
    cls = getattr(components, name, None)
    if cls is not None:
        own = [attribute for attribute in attrs.fields(cls) if name == "Component" or not attribute.inherited]
        listed = [f"- `{attribute.name}: {_annotation(cls, attribute.name)}`" for attribute in own]
        return [inspect.cleandoc(cls.__doc__ or ""), *(["", *listed] if listed else [])]
    cls = getattr(protocols, name)
    lines = [inspect.cleandoc(cls.__doc__ or "")]
    for method, function in vars(cls).items():
        if method.startswith("_"):
            continue
        is_property = isinstance(function, property)
        made = function.fget if is_property else function
        if callable(made):
            text = (["@property"] if is_property else []) + [signature(method, made)]
            lines += ["", "```python", *text, "```", "", inspect.cleandoc(made.__doc__ or "")]
    return lines


def _annotation(cls: type, name: str) -> str:
    for one in cls.__mro__:
        noted = inspect.get_annotations(one)
        if name in noted:
            return str(noted[name])
    return "Any"


def _components(title: str, about: str, general: type | None, offered: Mapping[str, Component]) -> list[str]:
    lines = ["", f"## {title}", "", about]
    if general is not None and (own := list(_rows(general, without=("settings",)))):
        lines += ["", *_HEAD, *own]
    for name, component in offered.items():
        lines += ["", f"### `{name}`", "", _sentence(component.summary)]
        if fields(component.settings):
            lines += ["", *_table(component.settings)]
    return lines


_HEAD: Final = ["| key | type | default | limits | meaning |", "|---|---|---|---|---|"]


def _table(cls: type) -> list[str]:
    return [*_HEAD, *_rows(cls)]


def _rows(cls: type, without: Iterable[str] = ()) -> Iterator[str]:
    for key, (attribute, kind) in fields(cls).items():
        if key in without:
            continue
        note = bounds(attribute)
        cells = [f"`{key}`", _type(kind, note), _default(default_of(attribute)), _limits(note), _meaning(note, kind)]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(kind: Any, note: Mapping[str, Any]) -> str:
    if note.get("choices"):
        return f"one of {', '.join(note['choices'])}"
    return "a section" if is_settings(kind) else in_words(kind)


def _default(default: Any) -> str:
    if default is attrs.NOTHING:
        return "**required**"
    if is_settings(type(default)):
        return "its defaults"
    return f"`{scalar_text(unstructure(default))}`"


def _limits(note: Mapping[str, Any]) -> str:
    unit = f" {note['unit']}" if note.get("unit") else ""
    limits = " and ".join(
        f"{sign} {note[name]:g}{unit}" for name, sign in _LIMITS.items() if note.get(name) is not None
    )
    return limits or unit.strip()


def _meaning(note: Mapping[str, Any], kind: Any) -> str:
    said: str = note.get("help", "")
    return said or (_first_line(kind) if is_settings(kind) else "where to; see Destinations")


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0]


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else text + "."
