"""The one typed façade over all plugins: find, isolate, look up, list, observe."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast, overload

from attrs import evolve

from semblant.components import (
    Component,
    DestinationType,
    ExecutorType,
    ModelType,
    RendererType,
    SectionType,
    SourceType,
    ValidatorType,
)
from semblant.errors import (
    DuplicateComponentError,
    MissingDependencyError,
    PluginError,
    SemblantError,
    UnknownComponentError,
)
from semblant.plugins.discovery import Candidate, Failure, Owner, find
from semblant.plugins.listing import PluginRow, Status, row_of, row_without_component
from semblant.plugins.loading import Plugin, brief, load
from semblant.plugins.location import DEFAULTS, DEFAULTS_OF_URLS, claiming, opened_by_fsspec, scheme_of
from semblant.settings.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from semblant.events import Event

__all__ = ["KINDS", "Failure", "Owner", "PluginHost", "PluginRow", "Status"]

KINDS: Final[dict[str, type[Component]]] = {
    kind.kind: kind
    for kind in (SourceType, DestinationType, ModelType, SectionType, RendererType, ValidatorType, ExecutorType)
}
"""The kinds of components by the word that :meth:`PluginHost.get` takes."""

_C = TypeVar("_C", bound=Component)
_logger = logging.getLogger("semblant.plugins")


class PluginHost:
    """The plugins of one engine: loaded once, each isolated from the others; there is no global one.

    A plugin that cannot be loaded is a :class:`Failure`, listed and told to whoever asks for a name
    that is not there. A name that two plugins offer belongs to neither.

    :param disabled: plugins or distributions not to load (``acme``, ``acme-semblant``, ``acme-semblant:acme``).
    :param third_party: False loads the plugins of Semblant itself only.
    :param allow: the only third-party plugins or distributions to load; None allows all.

    >>> host = PluginHost(third_party=False)
    >>> host.get("source", "postgresq")
    Traceback (most recent call last):
    semblant.errors.UnknownComponentError: there is no source 'postgresq'...
    """

    def __init__(
        self,
        disabled: Collection[str] = (),
        third_party: bool = True,
        allow: Collection[str] | None = None,
    ) -> None:
        """Find and load; nothing a plugin does wrong is raised."""
        self._plugins: list[Plugin] = []
        self._failures: list[Failure] = []
        self._left_out: list[Candidate] = []
        self._complained: set[tuple[str, type[BaseException]]] = set()
        for candidate in find(disabled=frozenset(disabled), third_party=third_party, allow=allow):
            if candidate.unwanted:
                self._left_out.append(candidate)
                continue
            loaded = load(candidate.owner, candidate.entry_point.load, candidate.made_for)
            if isinstance(loaded, Failure):
                self._failures.append(loaded)
            else:
                self._plugins.append(loaded)

    @classmethod
    def from_environment(cls, *, third_party: bool = True, environment: Mapping[str, str] | None = None) -> PluginHost:
        """Make a host as the environment says.

        ``SEMBLANT_DISABLED_PLUGINS`` and ``SEMBLANT_ALLOWED_PLUGINS`` are lists with commas;
        ``SEMBLANT_NO_THIRD_PARTY`` is ``1``, ``true``, ``yes`` or ``on``.

        :param third_party: False overrides the environment (``--no-third-party``).
        :param environment: variables; those of the process when None.
        """
        values = os.environ if environment is None else environment
        allowed = values.get("SEMBLANT_ALLOWED_PLUGINS")
        return cls(
            disabled=_list(values.get("SEMBLANT_DISABLED_PLUGINS", "")),
            third_party=third_party
            and values.get("SEMBLANT_NO_THIRD_PARTY", "").strip().lower() not in {"1", "true", "yes", "on"},
            allow=None if allowed is None else _list(allowed),
        )

    def add(self, plugin: object, name: str, *, distribution: str = "(this program)") -> None:
        """Take a plugin of the embedding program.

        :param plugin: a module, or an object with hooks.
        :param name: what listings and errors call it.
        :param distribution: who is said to have brought it.

        :raises PluginError: when it cannot be used; here it is the caller's own.
        """
        loaded = load(Owner(plugin=name, distribution=distribution), lambda: plugin)
        if isinstance(loaded, Failure):
            raise PluginError(str(loaded)) from loaded.error
        self._plugins.append(loaded)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The plugins that could not be loaded, with reasons."""
        return tuple(self._failures)

    @property
    def sources(self) -> dict[str, SourceType]:
        """Sources by name; those with missing packages are among them, those with two owners are not."""
        return self._clean(SourceType)

    @property
    def destinations(self) -> dict[str, DestinationType]:
        """Destinations by name, as in :attr:`sources`."""
        return self._clean(DestinationType)

    @property
    def models(self) -> dict[str, ModelType]:
        """Model backends by name, as in :attr:`sources`."""
        return self._clean(ModelType)

    @property
    def sections(self) -> dict[str, SectionType]:
        """Report sections by name, in their order in the report."""
        return dict(sorted(self._clean(SectionType).items(), key=lambda item: (item[1].order, item[0])))

    @property
    def renderers(self) -> dict[str, RendererType]:
        """Report renderers by name, as in :attr:`sources`."""
        return self._clean(RendererType)

    @property
    def validators(self) -> dict[str, ValidatorType]:
        """Validators by name, as in :attr:`sources`."""
        return self._clean(ValidatorType)

    @property
    def executors(self) -> dict[str, ExecutorType]:
        """Executors by name, as in :attr:`sources`."""
        return self._clean(ExecutorType)

    @overload
    def get(self, kind: Literal["source"], name: str) -> SourceType: ...
    @overload
    def get(self, kind: Literal["destination"], name: str) -> DestinationType: ...
    @overload
    def get(self, kind: Literal["model"], name: str) -> ModelType: ...
    @overload
    def get(self, kind: Literal["section"], name: str) -> SectionType: ...
    @overload
    def get(self, kind: Literal["renderer"], name: str) -> RendererType: ...
    @overload
    def get(self, kind: Literal["validator"], name: str) -> ValidatorType: ...
    @overload
    def get(self, kind: Literal["executor"], name: str) -> ExecutorType: ...
    @overload
    def get(self, kind: str, name: str) -> Component: ...
    def get(self, kind: str, name: str) -> Component:
        """Give the descriptor that can be used now.

        :param name: of the component, as in a spec.
        :param kind: ``source``, ``destination``, ``model``, ``section``, ``renderer``, ``validator`` or ``executor``.
        :raises UnknownComponentError: nobody offers it; the text has the nearest name and every plugin that failed.
        :raises DuplicateComponentError: two distributions offer it; both are named.
        :raises MissingDependencyError: a package that it needs is not installed; ``fix`` is the pip line.
        """
        offers = self._offers(kind, name)
        if not offers:
            msg = f"there is no {kind} '{name}'{self._elsewhere(kind, name)}"
            raise UnknownComponentError(msg, fix=self._advice(kind, name))
        if len(offers) > 1:
            raise DuplicateComponentError(_clash(kind, name, offers), fix=_clash_fix(offers))
        component, _ = offers[0]
        missing = _missing(component)
        if missing:
            packages = ", ".join(f"'{package}'" for package in missing)
            msg = f"{kind} '{name}' needs {packages}, which is not installed"
            raise MissingDependencyError(msg, fix=component.install)
        return component

    def available(self, kind: str) -> list[Component]:
        """Give what of ``kind`` can be used now: one owner, all packages there; sorted by name."""
        return [component for component in self._clean(KINDS[kind]).values() if not _missing(component)]

    def owner(self, kind: str, name: str) -> Owner:
        """Tell who brought the component of ``kind`` called ``name``; errors as with :meth:`get`."""
        offers = self._offers(kind, name)
        if len(offers) != 1:
            self.get(kind, name)
        return offers[0][1]

    @overload
    def for_location(self, kind: Literal["source"], location: str) -> tuple[SourceType, dict[str, Any]]: ...
    @overload
    def for_location(self, kind: Literal["destination"], location: str) -> tuple[DestinationType, dict[str, Any]]: ...
    def for_location(
        self, kind: Literal["source", "destination"], location: str
    ) -> tuple[SourceType | DestinationType, dict[str, Any]]:
        """Tell what a URL, file or folder on the command line means.

        The URL scheme decides, then the longest suffix, then it is for ``files`` or ``folder``.

        :param kind: ``source`` or ``destination``.
        :param location: a URL, or the path of a file or folder.
        :returns: the descriptor, and the settings that the location amounts to.
        :raises UnknownComponentError: nothing here opens URLs of that scheme.
        :raises DuplicateComponentError: several components claim it.
        """
        wanted = self.sources.values() if kind == "source" else self.destinations.values()
        claims = claiming(wanted, location)
        usable = [component for component in claims if not _missing(component)] or claims
        scheme = scheme_of(location)
        if len(usable) > 1:
            names = " and ".join(f"'{claim.name}' of {self.owner(kind, claim.name)}" for claim in usable)
            msg = f"{'URLs of this scheme' if scheme else 'files with this ending'} are claimed by the {kind}s {names}"
            raise DuplicateComponentError(msg, fix=f"write a spec with '{kind}: {{type: …}}', or disable one of them")
        if not usable and scheme and not opened_by_fsspec(scheme):
            msg = f"no {kind} opens '{scheme}://' URLs"
            raise UnknownComponentError(msg, fix=self._advice(kind, scheme))
        default = DEFAULTS_OF_URLS[kind] if scheme else DEFAULTS[kind]
        component = cast("SourceType | DestinationType", self.get(kind, usable[0].name if usable else default))
        return component, self.settings_of(component, location)

    def observe(self, event: Event) -> None:
        """Tell every observer of ``event``; one that raises is logged with its plugin's name and disturbs nothing."""
        for plugin in self._plugins:
            if plugin.observer is None:
                continue
            try:
                plugin.observer(event)
            except KeyboardInterrupt:
                raise
            except BaseException as exc:  # noqa: BLE001 - a stranger's observer may do anything, the job goes on
                self._complain(plugin.owner, exc)

    def plugins(self) -> list[PluginRow]:
        """Give a row per component, and one per plugin that brings none because it failed or is off."""
        rows = []
        for plugin in self._plugins:
            rows += [self._row(component, plugin) for component in plugin.components]
            if plugin.observer is not None:
                seen = {"kind": "observer", "summary": "observes jobs", "reason": plugin.note}
                rows.append(row_without_component(plugin.owner, status=Status.OK, **seen))
            elif not plugin.components:
                rows.append(
                    row_without_component(plugin.owner, status=Status.OK, summary="offers nothing", reason=plugin.note)
                )
        rows += [
            row_without_component(failure, status=Status.FAILED, reason=failure.reason) for failure in self._failures
        ]
        rows += [
            row_without_component(candidate.owner, status=Status.DISABLED, reason=candidate.unwanted)
            for candidate in self._left_out
        ]
        order = [*KINDS, "observer", "plugin"]
        return sorted(rows, key=lambda row: (order.index(row.kind), row.name, row.distribution))

    def _row(self, component: Component, plugin: Plugin) -> PluginRow:
        offers = self._offers(component.kind, component.name)
        if len(offers) > 1:
            reason = _clash(component.kind, component.name, offers)
            return row_of(component, plugin.owner, status=Status.DUPLICATE, reason=reason)
        missing = _missing(component)
        if missing:
            reason = f"needs {', '.join(missing)}"
            return row_of(component, plugin.owner, status=Status.UNAVAILABLE, reason=reason, install=component.install)
        return row_of(component, plugin.owner, status=Status.OK, reason=plugin.note)

    def _offers(self, kind: str, name: str) -> list[tuple[Component, Owner]]:
        return [
            (component, plugin.owner)
            for plugin in self._plugins
            for component in plugin.components
            if component.kind == kind and component.name == name
        ]

    def _clean(self, kind: type[_C]) -> dict[str, _C]:
        """Give the components of a kind that have one owner, sorted by name."""
        found: dict[str, list[_C]] = {}
        for plugin in self._plugins:
            for component in plugin.components:
                if isinstance(component, kind):
                    found.setdefault(component.name, []).append(component)
        return {name: offers[0] for name, offers in sorted(found.items()) if len(offers) == 1}

    def _elsewhere(self, kind: str, name: str) -> str:
        others = [other for other in KINDS if other != kind and self._offers(other, name)]
        return f" (there is a {others[0]} of that name)" if others else ""

    def _advice(self, kind: str, name: str) -> str:
        """Say what is there, what was probably meant, and which plugins could have brought it."""
        if kind not in KINDS:
            return f"a kind is one of {', '.join(KINDS)}"
        names = list(self._clean(KINDS[kind]))
        near = suggest(name, names)
        lines = [f"did you mean '{near}'?"] if near else []
        lines.append(f"installed: {', '.join(names) or 'none'}")
        lines += [str(failure) for failure in self._failures]
        lines += [f"{candidate.owner} {candidate.unwanted}" for candidate in self._left_out]
        return "\n  ".join(lines)

    def settings_of(self, component: SourceType | DestinationType, location: str) -> dict[str, Any]:
        """Give the settings that ``location`` amounts to for ``component``."""
        if not component.from_location:
            return {"path": location}
        try:
            return cast("dict[str, Any]", evolve(component, factory=component.from_location).load()(location))
        except (SemblantError, KeyboardInterrupt):
            raise
        except Exception as exc:
            owner = self.owner(component.kind, component.name)
            what = f"{component.kind} '{component.name}'"
            msg = f"{owner} could not read the location for its {what}: {type(exc).__name__}"
            raise PluginError(msg, fix=f"write a spec with '{component.kind}: {{type: {component.name}}}'") from exc

    def _complain(self, owner: Owner, exc: BaseException) -> None:
        """Warn once per plugin and kind of error; a job sends thousands of events."""
        again = (str(owner), type(exc)) in self._complained
        self._complained.add((str(owner), type(exc)))
        level = logging.DEBUG if again else logging.WARNING
        _logger.log(level, "%s raised in semblant_job_event: %s", owner, brief(exc))
        _logger.debug("where it was raised", exc_info=exc)


def _list(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _missing(component: Component) -> tuple[str, ...]:
    """Ask a descriptor for missing packages; one that cannot even be looked for is missing."""
    try:
        return component.missing()
    except (ImportError, ValueError):
        return component.requires


def _clash(kind: str, name: str, offers: list[tuple[Component, Owner]]) -> str:
    owners = " and by ".join(str(owner) for _, owner in offers)
    return f"the {kind} '{name}' is offered by {owners}"


def _clash_fix(offers: list[tuple[Component, Owner]]) -> str:
    distributions = dict.fromkeys(owner.distribution for _, owner in offers)
    lines = " or ".join(f"SEMBLANT_DISABLED_PLUGINS={name}" for name in distributions)
    return f"uninstall one of them, or set {lines}"
