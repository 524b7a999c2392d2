"""Load one plugin in isolation: import it, check its hooks, collect its descriptors, or say what is wrong."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import attrs
import pluggy

from semblant import hookspecs
from semblant.components import (
    CONTRACTS,
    Component,
    DestinationType,
    ExecutorType,
    ModelType,
    RendererType,
    SectionType,
    SourceType,
    ValidatorType,
)
from semblant.plugins.discovery import GROUP, Failure, Owner
from semblant.settings.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from semblant.events import Event

OFFERS: Final[dict[str, type[Component]]] = {
    "semblant_sources": SourceType,
    "semblant_destinations": DestinationType,
    "semblant_models": ModelType,
    "semblant_report_sections": SectionType,
    "semblant_report_renderers": RendererType,
    "semblant_validators": ValidatorType,
    "semblant_executors": ExecutorType,
}
"""The hooks that offer components, and what they must return."""

OBSERVER: Final = "semblant_job_event"

SLOW_SECONDS: Final = 1.0
"""An import above this is noted: a plugin's entry module should hold descriptors only."""

_NAME: Final = re.compile(r"[a-z][a-z0-9]*([-_.][a-z0-9]+)*")
_FACTORY: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


@attrs.frozen(kw_only=True)
class Plugin:
    """A plugin that loaded: what it offers, and its observer if it has one."""

    owner: Owner
    components: tuple[Component, ...] = ()
    observer: Callable[[Event], None] | None = None
    seconds: float = 0.0
    """Time that its import took."""
    deprecations: tuple[str, ...] = ()
    """What it uses that a later release will not have."""

    @property
    def note(self) -> str:
        """What is worth saying about it though it works."""
        slow = f"importing it took {self.seconds:.1f} s; an entry module should import nothing heavy"
        return "; ".join([*([slow] if self.seconds >= SLOW_SECONDS else []), *self.deprecations])


class _PluginFaultError(Exception):
    """A fault of the plugin being loaded; its text is the reason that is shown."""


def load(owner: Owner, imported: Callable[[], object], made_for: str = "") -> Plugin | Failure:
    """Load a plugin; whatever it does wrong becomes a :class:`Failure`.

    Even ``SystemExit`` is caught; only the user's Ctrl-C passes.

    :param imported: gives the plugin object (a module, as a rule), importing it if need be.
    :param made_for: the version of Semblant that its distribution asks for, told with a failure.
    """
    started = time.perf_counter()
    try:
        with _blaming("failed to import"):
            module = imported()
        seconds = time.perf_counter() - started
        hooks = _registered(module)
        components = _collected(hooks)
        deprecations = tuple(_deprecated(hooks))
    except _PluginFaultError as fault:
        reason = str(fault) + (f" (it was made for {made_for})" if made_for else "")
        return Failure(
            plugin=owner.plugin,
            distribution=owner.distribution,
            version=owner.version,
            reason=reason,
            error=fault.__cause__,
        )
    return Plugin(
        owner=owner,
        components=components,
        observer=_observer(hooks.get(OBSERVER)),
        seconds=seconds,
        deprecations=deprecations,
    )


@contextmanager
def _blaming(what: str) -> Iterator[None]:
    """Turn anything that a plugin raises into a fault of the plugin."""
    try:
        yield
    except (KeyboardInterrupt, _PluginFaultError):
        raise
    except SystemExit as exc:
        status = "" if exc.code is None else repr(exc.code)
        msg = f"{what}: it called sys.exit({status})"
        raise _PluginFaultError(msg) from exc
    except BaseException as exc:
        raise _PluginFaultError(f"{what}: {brief(exc)}") from exc


def brief(exc: BaseException) -> str:
    r"""Give type and first line of an exception.

    >>> brief(ValueError("no such port\nsee the manual"))
    'ValueError: no such port'
    """
    try:
        lines = str(exc).strip().splitlines()
    except Exception:  # noqa: BLE001 - a stranger's __str__ may do anything
        lines = []
    return f"{type(exc).__name__}: {lines[0]}" if lines else type(exc).__name__


def _registered(plugin: object) -> dict[str, pluggy.HookImpl]:
    """Have pluggy check names and signatures; each plugin gets a manager of its own, so no fault spreads."""
    if plugin is None:
        msg = "was refused: its entry point names None, not a module with hooks"
        raise _PluginFaultError(msg)
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    with _blaming("was refused"):
        try:
            manager.register(plugin)
            manager.check_pending()
        except pluggy.PluginValidationError as exc:
            raise _PluginFaultError(f"was refused: {_explained(exc)}") from exc
        hooks = {
            caller.name: implementation
            for caller in manager.get_hookcallers(plugin) or ()
            for implementation in caller.get_hookimpls()
        }
    _refuse_unmarked(plugin, hooks)
    for name, implementation in hooks.items():
        if implementation.hookwrapper or implementation.wrapper:
            msg = f"was refused: '{name}' is a hook wrapper; plugins are asked one by one, so there is nothing to wrap"
            raise _PluginFaultError(msg)
    return hooks


def _explained(exc: pluggy.PluginValidationError) -> str:
    """Say pluggy's verdict in the words of a plugin author, with the hook that was probably meant."""
    text = str(exc)
    misspelt = re.search(r"unknown hook '(\w+)'", text)
    if misspelt:
        near = suggest(misspelt[1], [*OFFERS, OBSERVER])
        return f"there is no hook '{misspelt[1]}'" + (f", did you mean '{near}'?" if near else "")
    wrong = re.search(r"hook '(\w+)'\s+hookimpl definition: \w+(\(.*?\))\s+Argument\(s\) \{(.*?)\}", text, re.DOTALL)
    if wrong:
        return f"the hook '{wrong[1]}' has the wrong signature {wrong[2]}: it is never given {wrong[3]}"
    return brief(exc)


def _refuse_unmarked(plugin: object, hooks: dict[str, pluggy.HookImpl]) -> None:
    """Refuse a hook without its marker, which pluggy would pass over in silence, and a plugin without any hook."""
    members = vars(plugin) if hasattr(plugin, "__dict__") else {}
    for name in (*OFFERS, OBSERVER):
        if isinstance(members.get(name), FunctionType) and name not in hooks:
            msg = f"was refused: '{name}' is not marked with @semblant.hookimpl"
            raise _PluginFaultError(msg)
    if not hooks and not isinstance(plugin, type(hookspecs)):
        msg = f"was refused: its entry point names {type(plugin).__name__} {plugin!r:.60}, which has no hooks"
        raise _PluginFaultError(msg)


def _deprecated(hooks: dict[str, pluggy.HookImpl]) -> Iterator[str]:
    """Say what a plugin uses that its hook's marker warns of (``warn_on_impl``, ``warn_on_impl_args``).

    pluggy itself warns as well, but a warning is seen by nobody who runs the program.
    """
    for name, implementation in hooks.items():
        options: dict[str, Any] = getattr(getattr(hookspecs, name), "semblant_spec", {})
        if options.get("warn_on_impl"):
            yield f"'{name}' is deprecated: {options['warn_on_impl']}"
        for argument, warning in (options.get("warn_on_impl_args") or {}).items():
            if argument in implementation.argnames:
                yield f"the argument '{argument}' of '{name}' is deprecated: {warning}"


def _collected(hooks: dict[str, pluggy.HookImpl]) -> tuple[Component, ...]:
    """Ask each hook once and check what it returns."""
    components: list[Component] = []
    for hook, expected in OFFERS.items():
        if hook not in hooks:
            continue
        with _blaming(f"raised in '{hook}'"):
            returned = hooks[hook].function()
        with _blaming(f"returned garbage from '{hook}'"):
            components += _checked(returned, hook, expected)
    seen: set[tuple[str, str]] = set()
    for component in components:
        key = (component.kind, component.name)
        if key in seen:
            msg = f"offers the {component.kind} '{component.name}' twice"
            raise _PluginFaultError(msg)
        seen.add(key)
    return tuple(components)


def _checked(returned: object, hook: str, expected: type[Component]) -> Sequence[Component]:
    if not isinstance(returned, list | tuple):
        msg = f"returned {type(returned).__name__} from '{hook}'; it must be a list of {expected.__name__}"
        raise _PluginFaultError(msg)
    for item in returned:
        if not isinstance(item, expected):
            msg = f"returned {type(item).__name__} in the list from '{hook}'; each must be a {expected.__name__}"
            raise _PluginFaultError(msg)
        for fault in _faults(item):
            msg = f"offers the {item.kind} {item.name!r} with {fault}"
            raise _PluginFaultError(msg)
    return list(returned)


def _faults(component: Component) -> Iterator[str]:
    """Check what attrs does not: a descriptor is written by hand and used much later."""
    if not isinstance(component.name, str) or not _NAME.fullmatch(component.name):
        yield "a name that is not lower case letters, digits and single '-', '_' or '.'"
    if not isinstance(component.factory, str) or not _FACTORY.fullmatch(component.factory):
        yield f"the factory {component.factory!r}, which is not of the form 'package.module:attribute'"
    if not isinstance(component.summary, str) or not component.summary.strip():
        yield "an empty summary"
    if not isinstance(component.settings, type) or not attrs.has(component.settings):
        yield f"the settings {component.settings!r}, which is not an attrs class"
    oldest, newest = CONTRACTS[component.kind]
    if not isinstance(component.contract, int) or not oldest <= component.contract <= newest:
        kept = f"{oldest}" if oldest == newest else f"{oldest} to {newest}"
        yield f"contract {component.contract!r}; this Semblant keeps {kept}, so install another version of either"
    if not all(isinstance(name, str) and name for name in component.requires):
        yield f"requires {component.requires!r}, which are not names of modules"


def _observer(implementation: pluggy.HookImpl | None) -> Callable[[Event], None] | None:
    """Give the plugin's observer as a function of the event, whether or not it takes the argument."""
    if implementation is None:
        return None
    function: Callable[..., Any] = implementation.function
    takes_event = "event" in implementation.argnames

    def observe(event: Event) -> None:
        function(event) if takes_event else function()

    return observe
