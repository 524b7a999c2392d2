"""Semblant: learn tables and databases, make new data with the same statistics and none of the real people.

The names below are all that a program needs; each is imported when it is first used, so that
``import semblant`` costs next to nothing.

>>> import semblant
>>> semblant.SourceType(name="acme", factory="semblant_acme.source:AcmeSource", summary="Acme's warehouse").name
'acme'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from semblant.components import (
        DestinationType,
        ExecutorType,
        ModelType,
        RendererType,
        SectionType,
        SourceType,
        ValidatorType,
    )
    from semblant.engine import Engine
    from semblant.errors import (
        ArtefactError,
        Cancelled,
        ConfigError,
        DataError,
        DestinationError,
        GateError,
        JobError,
        ModelError,
        PluginError,
        PrivacyError,
        SemblantError,
        SourceError,
    )
    from semblant.events import Event, EventKind, Step
    from semblant.findings import Finding, Severity
    from semblant.frames import synthesize
    from semblant.hookspecs import hookimpl
    from semblant.host import PluginHost
    from semblant.schema import Column, ForeignKey, Schema, Table
    from semblant.settings import Secret, setting
    from semblant.spec.load import load_spec
    from semblant.spec.model import Spec

    __version__: str

__all__ = [
    "ArtefactError",
    "Cancelled",
    "Column",
    "ConfigError",
    "DataError",
    "DestinationError",
    "DestinationType",
    "Engine",
    "Event",
    "EventKind",
    "ExecutorType",
    "Finding",
    "ForeignKey",
    "GateError",
    "JobError",
    "ModelError",
    "ModelType",
    "PluginError",
    "PluginHost",
    "PrivacyError",
    "RendererType",
    "Schema",
    "Secret",
    "SectionType",
    "SemblantError",
    "Severity",
    "SourceError",
    "SourceType",
    "Spec",
    "Step",
    "Table",
    "ValidatorType",
    "__version__",
    "hookimpl",
    "load_spec",
    "setting",
    "synthesize",
]

_MODULES: Final = {
    "semblant.components": (
        "DestinationType", "ExecutorType", "ModelType", "RendererType", "SectionType", "SourceType", "ValidatorType",
    ),
    "semblant.engine": ("Engine",),
    "semblant.errors": (
        "ArtefactError", "Cancelled", "ConfigError", "DataError", "DestinationError", "GateError", "JobError",
        "ModelError", "PluginError", "PrivacyError", "SemblantError", "SourceError",
    ),
    "semblant.events": ("Event", "EventKind", "Step"),
    "semblant.findings": ("Finding", "Severity"),
    "semblant.frames": ("synthesize",),
    "semblant.hookspecs": ("hookimpl",),
    "semblant.host": ("PluginHost",),
    "semblant.schema": ("Column", "ForeignKey", "Schema", "Table"),
    "semblant.settings": ("Secret", "setting"),
    "semblant.spec.load": ("load_spec",),
    "semblant.spec.model": ("Spec",),
}  # fmt: skip
_HOME: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("semblant")
    elif name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    else:
        msg = f"module 'semblant' has no attribute '{name}'"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Show the public names, loaded or not."""
    return sorted({*globals(), *__all__})
