"""All checks in order; a check that fails itself is a result, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.doctor.result import CheckResult, Health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from semblant.home import Home
    from semblant.host import PluginHost
    from semblant.spec.model import Spec


def examine(
    *, host: PluginHost | None = None, home: Home | None = None, spec: Spec | None = None, deep: bool = True
) -> list[CheckResult]:
    """Look at packages, plugins, machine, home and connectors.

    :param host: the plugins; all that are installed when None.
    :param home: the application home; the user's own when None.
    :param spec: its source is reached for and write access to its destination proven.
    :param deep: also start a process that computes with JAX (a few seconds).
    """
    return list(_results(host, home, spec, deep=deep))


def worst(results: Iterable[CheckResult]) -> Health:
    """Give the gravest of all.

    >>> worst([])
    <Health.OK: 'ok'>
    """
    order = list(Health)
    return max((result.health for result in results), key=order.index, default=Health.OK)


def _results(host: PluginHost | None, home: Home | None, spec: Spec | None, *, deep: bool) -> Iterator[CheckResult]:
    from semblant.doctor import connectors, installation, machine, place
    from semblant.home import Home
    from semblant.host import PluginHost

    found_home = home or Home()
    found_host = host or PluginHost.from_environment()
    yield from _guarded("installation", "Python", installation.python)
    yield from _guarded("installation", "packages", installation.packages)
    if deep:
        yield from _guarded("installation", "JAX", installation.jax_computes)
    yield from _guarded("plugins", "plugins", lambda: installation.plugins(found_host))
    yield from _guarded("machine", "processors", machine.processors)
    yield from _guarded("machine", "memory", machine.memory)
    yield from _guarded("machine", "clock", machine.clock)
    yield from _guarded("machine", "terminal", machine.terminal)
    yield from _guarded("home", "home", lambda: place.home(found_home))
    yield from _guarded("home", "disk", lambda: place.disk(found_home))
    yield from _guarded("connectors", "connectors", lambda: connectors.installed(found_host))
    if spec is not None:
        yield from _guarded("connectors", "source", lambda: connectors.source(spec, found_host))
        yield from _guarded("connectors", "destination", lambda: connectors.destination(spec, found_host))


def _guarded(area: str, name: str, check: Callable[[], Sequence[CheckResult]]) -> Sequence[CheckResult]:
    try:
        return check()
    except Exception as exc:  # noqa: BLE001 - the doctor goes on with the next check
        from semblant.logs import redact

        message = redact(f"could not be checked: {type(exc).__name__}: {exc}")
        return [CheckResult(area=area, name=name, health=Health.WARN, message=message)]
