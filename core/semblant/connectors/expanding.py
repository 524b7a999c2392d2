"""``source: {connector: NAME}`` becomes the type and the settings that were saved under the name.

This happens once, when a spec is loaded: what a job did stays true when the connector is changed later,
and a generator can be used where nobody knows its connectors. Secrets stay references throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from semblant.connectors.checking import of_role
from semblant.errors import SemblantError
from semblant.findings import Finding
from semblant.settings.codes import fault
from semblant.settings.path import join

if TYPE_CHECKING:
    from collections.abc import Callable


KEY: Final = "connector"
PREFIX: Final = "connector:"
"""How a connector is named on the command line, where a file or URL is expected: ``connector:NAME``."""
_KEPT: Final = {"source": (), "destination": ("mode",)}
"""Keys of a section that are no settings of its component."""


class Saved(Protocol):
    """What is needed of a saved connector."""

    @property
    def type(self) -> str:
        """Name of the source or destination plugin."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its settings as they were written."""


def named(location: str) -> str | None:
    """Give the name in ``connector:NAME``; None for any other location.

    >>> named("connector:lake"), named("s3://lake/shop")
    ('lake', None)
    """
    return location.removeprefix(PREFIX) if location.startswith(PREFIX) else None


def expand(
    data: Mapping[str, Any], host: Any, look_up: Callable[[str], Saved] | None
) -> tuple[dict[str, Any], list[Finding]]:
    """Put saved connectors in the place of their names; what stands beside a name wins over what was saved.

    :param data: a spec as plain data.
    :param look_up: gives a connector by name; None where there are none.
    """
    made, found = dict(data), list[Finding]()
    for section in _KEPT:
        given = data.get(section)
        if not isinstance(given, Mapping) or KEY not in given:
            continue
        whole, finding = _section(section, given, host, look_up)
        if finding is None:
            made[section] = whole
        else:
            found.append(finding)
            made[section] = None if section == "destination" else {"type": "files", "settings": {}}
    return made, found


def _section(
    section: str, given: Mapping[str, Any], host: Any, look_up: Callable[[str], Saved] | None
) -> tuple[dict[str, Any], Finding | None]:
    path, name = join(section, KEY), given[KEY]
    if not isinstance(name, str) or not name:
        return {}, fault("wrong-type", path, "expected the name of a saved connector", "'semblant connectors list'")
    if look_up is None:
        return {}, fault(
            "unknown-connector",
            path,
            "saved connectors are not at hand here",
            "write type and settings instead",
        )
    try:
        saved = look_up(name)
        component = host.get(section, saved.type)
    except SemblantError as exc:
        return {}, fault("unknown-connector", path, exc.message, exc.fix or "'semblant connectors list' shows them")
    kind = given.get("type", saved.type)
    if kind != saved.type:
        return {}, fault(
            "unknown-connector",
            join(section, "type"),
            f"the connector '{name}' is of the type '{saved.type}', not '{kind}'",
            "leave 'type' out",
        )
    beside = {key: value for key, value in given.items() if key not in (KEY, "type")}
    return {"type": saved.type, **of_role(component, saved.settings), **beside}, None
