"""References to secrets are followed before any work: one that leads nowhere is a finding, not a fault at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from semblant.errors import ConfigError, SemblantError
from semblant.settings.codes import fault
from semblant.settings.path import join
from semblant.settings.secret import Secret
from semblant.settings.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.findings import Finding
    from semblant.host import PluginHost
    from semblant.spec.model import Spec


def missing_secrets(spec: Spec, host: PluginHost) -> list[Finding]:
    """Find the secrets of the destination that are not there; the source's are needed earlier, to look at it."""
    if spec.destination is None or not spec.generation.enabled:
        return []
    try:
        component = host.get("destination", spec.destination.type)
    except SemblantError:
        return []
    settings, faults = structure(component.settings, dict(spec.destination.settings), "destination")
    if faults:
        return []
    found = []
    for path, secret in secrets_of(settings, "destination"):
        try:
            secret.reveal()
        except ConfigError as exc:
            found.append(fault("secret-not-found", path, exc.message, exc.fix or "correct the reference"))
    return found


def secrets_of(data: Any, path: str) -> Iterator[tuple[str, Secret]]:
    """Give every secret of a settings object with its path.

    >>> [path for path, _ in secrets_of({"secrets": {"password": Secret("env:X")}, "port": 1}, "destination")]
    ['destination.secrets.password']
    """
    if isinstance(data, Secret):
        yield path, data
    elif attrs.has(type(data)):
        for attribute in attrs.fields(type(data)):
            yield from secrets_of(getattr(data, attribute.name), join(path, attribute.name))
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from secrets_of(value, join(path, str(key)))
