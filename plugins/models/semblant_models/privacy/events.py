"""Events of ``dp-accounting``: put together, and as JSON, so that epsilon can be computed again from an artefact."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import dp_accounting

from semblant.errors import PrivacyError

if TYPE_CHECKING:
    from collections.abc import Iterable


def simplified(events: Iterable[dp_accounting.DpEvent]) -> dp_accounting.DpEvent:
    """Compose events; all Gaussian ones become a single one, which is exact: 1/s**2 adds up (Dong et al. 2022).

    >>> simplified([dp_accounting.GaussianDpEvent(2.0)] * 4)
    GaussianDpEvent(noise_multiplier=1.0)
    """
    precision, rho, rest = 0.0, 0.0, []
    for event in _flat(events):
        if isinstance(event, dp_accounting.GaussianDpEvent):
            precision += math.inf if event.noise_multiplier == 0 else event.noise_multiplier**-2
        elif isinstance(event, dp_accounting.ZCDpEvent) and event.xi == 0:
            rho += event.rho
        elif not isinstance(event, dp_accounting.NoOpDpEvent):
            rest.append(event)
    if precision > 0:
        rest.insert(0, dp_accounting.GaussianDpEvent(0.0 if math.isinf(precision) else precision**-0.5))
    if rho > 0:
        rest.append(dp_accounting.ZCDpEvent(rho))
    return rest[0] if len(rest) == 1 else dp_accounting.ComposedDpEvent(rest)


def event_as_dict(event: dp_accounting.DpEvent) -> dict[str, Any]:
    """Give an event as JSON, so that epsilon can be computed again from an artefact.

    >>> event_as_dict(dp_accounting.PoissonSampledDpEvent(0.1, dp_accounting.GaussianDpEvent(2.0)))
    {'kind': 'poisson', 'probability': 0.1, 'event': {'kind': 'gaussian', 'noise_multiplier': 2.0}}
    """
    match event:
        case dp_accounting.GaussianDpEvent():
            return {"kind": "gaussian", "noise_multiplier": float(event.noise_multiplier)}
        case dp_accounting.LaplaceDpEvent():
            return {"kind": "laplace", "noise_multiplier": float(event.noise_multiplier)}
        case dp_accounting.ZCDpEvent():
            return {"kind": "zcdp", "rho": float(event.rho), "xi": float(event.xi)}
        case dp_accounting.PoissonSampledDpEvent():
            inner = event_as_dict(event.event)
            return {"kind": "poisson", "probability": float(event.sampling_probability), "event": inner}
        case dp_accounting.SelfComposedDpEvent():
            return {"kind": "repeated", "count": int(event.count), "event": event_as_dict(event.event)}
        case dp_accounting.ComposedDpEvent():
            return {"kind": "composed", "events": [event_as_dict(inner) for inner in event.events]}
        case dp_accounting.NoOpDpEvent():
            return {"kind": "none"}
    msg = f"an event of type '{type(event).__name__}' cannot be kept"
    raise PrivacyError(msg, fix="charge Gaussian, Laplace, Poisson-sampled or zero-concentrated events")


def event_from_dict(data: dict[str, Any]) -> dp_accounting.DpEvent:
    """Undo :func:`event_as_dict`."""
    match data["kind"]:
        case "gaussian":
            return dp_accounting.GaussianDpEvent(data["noise_multiplier"])
        case "laplace":
            return dp_accounting.LaplaceDpEvent(data["noise_multiplier"])
        case "zcdp":
            return dp_accounting.ZCDpEvent(data["rho"], data["xi"])
        case "poisson":
            return dp_accounting.PoissonSampledDpEvent(data["probability"], event_from_dict(data["event"]))
        case "repeated":
            return dp_accounting.SelfComposedDpEvent(event_from_dict(data["event"]), data["count"])
        case "composed":
            return dp_accounting.ComposedDpEvent([event_from_dict(inner) for inner in data["events"]])
        case "none":
            return dp_accounting.NoOpDpEvent()
    msg = f"'{data['kind']}' is no kind of private event"
    raise PrivacyError(msg, fix="the file comes from a newer version, or is damaged")


def _flat(events: Iterable[dp_accounting.DpEvent]) -> Iterable[dp_accounting.DpEvent]:
    for event in events:
        if isinstance(event, dp_accounting.ComposedDpEvent):
            yield from _flat(event.events)
        elif isinstance(event, dp_accounting.SelfComposedDpEvent) and isinstance(
            event.event, dp_accounting.GaussianDpEvent
        ):
            yield dp_accounting.GaussianDpEvent(event.event.noise_multiplier / math.sqrt(event.count))
        else:
            yield event
