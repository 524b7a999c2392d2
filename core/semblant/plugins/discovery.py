"""Find plugins: the entry points of the group ``semblant``, and which of them are wanted."""

from __future__ import annotations

import importlib.metadata
import re
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

GROUP: Final = "semblant"
"""The entry-point group, for our own plugins and a stranger's alike."""

OWN_DISTRIBUTION: Final = "semblant"
"""The distribution whose plugins are not third-party."""


@frozen(kw_only=True)
class Owner:
    """Who brought a component: the plugin (its entry point) and the distribution that ships it.

    >>> print(Owner(plugin="acme", distribution="acme-semblant", version="1.2"))
    plugin 'acme' (acme-semblant 1.2)
    """

    plugin: str
    distribution: str
    version: str = ""

    def __str__(self) -> str:
        """Name all three for a person."""
        return f"plugin '{self.plugin}' ({f'{self.distribution} {self.version}'.strip()})"

    def named_by(self, names: Collection[str]) -> bool:
        """Tell whether one of ``names`` is this plugin, its distribution, or ``distribution:plugin``.

        >>> Owner(plugin="acme", distribution="Acme_Semblant").named_by({"acme-semblant"})
        True
        """
        mine = {self.plugin, normalized(self.distribution), f"{normalized(self.distribution)}:{self.plugin}"}
        return any(name in mine or normalized(name) in mine for name in names)


@frozen(kw_only=True)
class Failure(Owner):
    """A plugin that could not be used, and why; the others go on without it."""

    reason: str
    error: BaseException | None = field(default=None, eq=False, repr=False)
    """What was raised, for ``-vv``."""

    def __str__(self) -> str:
        """Name the plugin and the reason in one line."""
        return f"{Owner.__str__(self)} {self.reason}"


@frozen(kw_only=True)
class Candidate:
    """An entry point and its owner, not loaded yet."""

    owner: Owner
    entry_point: importlib.metadata.EntryPoint
    made_for: str = ""
    """What its distribution says about the version of Semblant it wants, such as ``semblant>=1,<2``."""
    unwanted: str = ""
    """Why it is not to be loaded; empty when it is."""


def normalized(distribution: str) -> str:
    """Give a distribution's name as package indexes compare it.

    >>> normalized("Acme.Semblant_plugin")
    'acme-semblant-plugin'
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()


def find(*, disabled: Collection[str], third_party: bool, allow: Collection[str] | None) -> list[Candidate]:
    """Give every installed plugin, sorted: our own first, then by distribution and name; nothing is imported.

    :param disabled: plugins or distributions that are not to be loaded.
    :param third_party: False leaves only the plugins of Semblant itself.
    :param allow: the only third-party plugins or distributions to load; None allows all.
    """
    found = []
    for entry_point, owner, made_for in _described(importlib.metadata.entry_points(group=GROUP)):
        unwanted = ""
        own = normalized(owner.distribution) == OWN_DISTRIBUTION
        if owner.named_by(disabled):
            unwanted = "is disabled by the setting 'disabled' or SEMBLANT_DISABLED_PLUGINS"
        elif not own and not third_party:
            unwanted = "is left out by --no-third-party or SEMBLANT_NO_THIRD_PARTY"
        elif not own and allow is not None and not owner.named_by(allow):
            unwanted = "is not in the allow-list (SEMBLANT_ALLOWED_PLUGINS)"
        found.append((not own, Candidate(owner=owner, entry_point=entry_point, made_for=made_for, unwanted=unwanted)))
    found.sort(key=lambda pair: (pair[0], pair[1].owner.distribution, pair[1].owner.plugin))
    return [candidate for _, candidate in found]


def _described(
    entry_points: Iterable[importlib.metadata.EntryPoint],
) -> Iterable[tuple[importlib.metadata.EntryPoint, Owner, str]]:
    """Add owner and required version; the metadata of a distribution, slow to parse, are read once."""
    known: dict[int, tuple[str, str, str]] = {}
    for entry_point in entry_points:
        distribution = entry_point.dist
        if distribution is None:
            yield entry_point, Owner(plugin=entry_point.name, distribution="unknown"), ""
            continue
        if id(distribution) not in known:
            known[id(distribution)] = _facts(distribution)
        name, version, made_for = known[id(distribution)]
        yield entry_point, Owner(plugin=entry_point.name, distribution=name, version=version), made_for


def _facts(distribution: importlib.metadata.Distribution) -> tuple[str, str, str]:
    metadata = distribution.metadata
    name = metadata["Name"] if "Name" in metadata else "unknown"  # noqa: SIM401 - the protocol has no get
    version = metadata["Version"] if "Version" in metadata else ""  # noqa: SIM401
    wanted = [
        requirement.partition(";")[0].strip()
        for requirement in metadata.get_all("Requires-Dist") or ()
        if re.match(rf"{OWN_DISTRIBUTION}\b(?![-_.\w])", requirement, re.IGNORECASE)
    ]
    return name, version, wanted[0] if wanted else ""
