"""A connector before it is saved: which type it is, what it can be used for, and that it holds no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from semblant.errors import ConfigError, UnknownComponentError
from semblant.settings.plaintext import plain_secrets
from semblant.settings.structure import structure
from semblant.settings.types import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import Component
    from semblant.findings import Finding
    from semblant.host import PluginHost

SOURCE: Final = "source"
DESTINATION: Final = "destination"
BOTH: Final = "both"
ROLES: Final = (SOURCE, DESTINATION)
_OF_A_JOB: Final = ("delivery",)
"""Settings that the engine fills in for each job."""


def offered(host: PluginHost, type_name: str) -> dict[str, Component]:
    """Give the components of a name by role.

    :raises UnknownComponentError: neither a source nor a destination has that name.
    """
    every: dict[str, Mapping[str, Component]] = {SOURCE: host.sources, DESTINATION: host.destinations}
    found = {role: known[type_name] for role, known in every.items() if type_name in known}
    if not found:
        names = sorted({*host.sources, *host.destinations})
        msg = f"there is no source and no destination '{type_name}'"
        raise UnknownComponentError(msg, fix=f"a connector is one of {', '.join(names)}")
    return found


def checked(host: PluginHost, type_name: str, settings: Mapping[str, Any]) -> str:
    """Check settings as they were written; give what they can be used for: ``source``, ``destination`` or ``both``.

    Of settings that only one of both roles knows, the other takes no notice.

    :raises ConfigError: with all findings: secrets in plain text, unknown keys, values that do not fit.
    """
    found = plain_secrets(settings, "")
    if found:
        msg = "the connector holds a secret in plain text; nothing was saved"
        raise ConfigError(msg, findings=found)
    components = offered(host, type_name)
    known = {key for component in components.values() for key in fields(component.settings)}
    faults: dict[str, list[Finding]] = {}
    for role, component in components.items():
        mine = {key: value for key, value in settings.items() if key in fields(component.settings) or key not in known}
        faults[role] = structure(component.settings, mine)[1]
    alone = {key: role for role, one in components.items() for key in settings if _only(key, role, one, components)}
    wrong = [found for role in faults for found in faults[role] if alone.get(found.path.split(".")[0]) == role]
    if wrong:
        msg = f"the settings of the connector ({type_name}) are wrong; nothing was saved"
        raise ConfigError(msg, findings=wrong)
    fit = [role for role, findings in faults.items() if not findings]
    if not fit:
        msg = f"the settings of the connector ({type_name}) are wrong; nothing was saved"
        raise ConfigError(msg, findings=min(faults.values(), key=len))
    return BOTH if len(fit) == len(ROLES) else fit[0]


def _only(key: str, role: str, component: Component, components: Mapping[str, Component]) -> bool:
    """Tell whether of all roles a setting belongs to this one alone: a wrong value cannot be meant for another."""
    return key in fields(component.settings) and not any(
        key in fields(other.settings) for name, other in components.items() if name != role
    )


def of_role(component: Component, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give those of a connector's settings that a component knows."""
    known = set(fields(component.settings)) - set(_OF_A_JOB)
    return {key: value for key, value in settings.items() if key in known}
