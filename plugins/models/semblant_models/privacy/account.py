"""The budget of a private job: every release is composed, and refused where it would go beyond.

Epsilon is read from one composed event, never added up by hand. Two accountants of ``dp-accounting`` bound it from
above: privacy loss distributions (Koskela et al. 2020, Doroshenko et al. 2022), Renyi divergences (Mironov 2017). The
first is tighter, but knows no zero-concentrated event, such as the exponential mechanism's (rho = epsilon**2 / 8, Cesar
and Rogers 2021); a job with one is accounted by Renyi divergences alone. Both are told; the smaller one counts.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, Final

import dp_accounting
from attrs import define, field, frozen

from semblant.errors import PrivacyError

if TYPE_CHECKING:
    from collections.abc import Iterable

INTERVAL: Final = 1e-4
"""Discretisation of privacy losses: coarser ones are looser than Renyi accounting at small epsilon."""
_ROUNDING: Final = 1e-6
_SUPPORTED_BY_LOSSES: Final = (
    dp_accounting.GaussianDpEvent,
    dp_accounting.LaplaceDpEvent,
    dp_accounting.NoOpDpEvent,
    dp_accounting.PoissonSampledDpEvent,
    dp_accounting.TruncatedSubsampledGaussianDpEvent,
)


class BudgetError(PrivacyError):
    """A release would spend more than the budget holds."""

    code = "privacy-budget"


@frozen
class Release:
    """One thing that left the private data: its name, what it cost, and delta spent outside of the event."""

    what: str
    event: dp_accounting.DpEvent
    delta: float = 0.0


@frozen
class Spent:
    """Epsilon at a delta by both accountants; None where one does not know the events."""

    delta: float
    by_losses: float | None
    by_renyi: float | None

    @property
    def epsilon(self) -> float:
        """The smaller bound; infinite when no accountant knows the events."""
        return min((value for value in (self.by_losses, self.by_renyi) if value is not None), default=math.inf)


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


def spent_by(event: dp_accounting.DpEvent, delta: float, *, quick: bool = False) -> Spent:
    """Give what an event costs at ``delta``, by both accountants; ``quick``: by the tighter one that knows it.

    >>> round(spent_by(dp_accounting.GaussianDpEvent(4.0), 1e-5).epsilon, 3)
    0.926
    """
    if delta <= 0:
        return Spent(delta, None, None)
    by_losses = None
    if _losses_support(event):
        accountant = dp_accounting.pld.PLDAccountant(value_discretization_interval=INTERVAL)
        by_losses = float(accountant.compose(event).get_epsilon(delta))
    by_renyi = None
    if not (quick and by_losses is not None) and dp_accounting.rdp.RdpAccountant().supports(event):
        with _quiet():
            by_renyi = float(dp_accounting.rdp.RdpAccountant().compose(event).get_epsilon(delta))
    return Spent(delta, by_losses, by_renyi)


@define(eq=False)
class BudgetAccount:
    """The account of a private job; it keeps what was charged, what is public, and what was withheld.

    >>> account = BudgetAccount(epsilon=1.0, delta=1e-5)
    >>> account.charge(dp_accounting.GaussianDpEvent(10.0), "counts of 'city'")
    >>> round(account.spent.epsilon, 3)
    0.341
    >>> account.charge(dp_accounting.GaussianDpEvent(1.0), "counts of 'age'")
    Traceback (most recent call last):
    semblant_models.privacy.account.BudgetError: the budget is exhausted: "counts of 'age'" would bring epsilon to ...
    """

    epsilon: float
    """What may be spent; infinite while it is to follow from noise and steps."""
    delta: float
    releases: list[Release] = field(factory=list)
    publics: list[str] = field(factory=list)
    withheld: list[str] = field(factory=list)
    not_covered: list[str] = field(factory=list)
    _last: tuple[int, Spent] | None = field(init=False, default=None)

    @property
    def private(self) -> bool:
        """Always True."""
        return True

    @property
    def event(self) -> dp_accounting.DpEvent:
        """All that was charged, as one event."""
        return simplified(release.event for release in self.releases)

    @property
    def spent(self) -> Spent:
        """What the releases so far cost at the account's delta."""
        if self._last is None or self._last[0] != len(self.releases):
            self._last = (len(self.releases), self._cost(self.releases))
        return self._last[1]

    def charge(self, event: dp_accounting.DpEvent, what: str, *, delta: float = 0.0) -> None:
        """Compose ``event`` for the release named ``what``; call it before the noise is drawn.

        :param delta: probability, beside the event, that the release tells what it must not (partition selection).
        :raises BudgetError: it would cost more than the budget holds; nothing is charged then.
        """
        wanted = [*self.releases, Release(what, event, delta)]
        cost = self._cost(wanted)
        if not cost.epsilon <= self.epsilon * (1 + _ROUNDING):
            msg = (
                f'the budget is exhausted: "{what}" would bring epsilon to {cost.epsilon:.4g} at delta '
                f"{self.delta:.2g}, {self.epsilon:g} may be spent"
            )
            raise BudgetError(msg, fix="raise 'privacy.epsilon', or ask for less")
        self.releases = wanted
        self._last = (len(wanted), cost)

    def withhold(self, what: str) -> None:
        """Note that ``what`` was not released."""
        if what not in self.withheld:
            self.withheld.append(what)

    def public(self, what: str) -> None:
        """Note that the user declared ``what`` as known to all."""
        if what not in self.publics:
            self.publics.append(what)

    def uncovered(self, what: str) -> None:
        """Note something that is released beside the promise, so that the artefact can say it."""
        if what not in self.not_covered:
            self.not_covered.append(what)

    def as_dict(self) -> dict[str, Any]:
        """Give what the report and the artefact tell of the account, JSON-ready."""
        spent = self.spent
        return {
            "epsilon": self.epsilon if math.isfinite(self.epsilon) else None,
            "delta": self.delta,
            "spent": spent.epsilon if self.releases else 0.0,
            "spent_by_losses": spent.by_losses,
            "spent_by_renyi": spent.by_renyi,
            "neighbours": "one subject added or removed",
            "charged": [
                {"what": release.what, "event": event_as_dict(release.event), "delta": release.delta}
                for release in self.releases
            ],
            "public": list(self.publics),
            "withheld": list(self.withheld),
            "not_covered": list(self.not_covered),
        }

    def _cost(self, releases: list[Release]) -> Spent:
        if not releases:
            return Spent(self.delta, 0.0, 0.0)
        return spent_by(simplified(r.event for r in releases), self.delta - sum(r.delta for r in releases))


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


def _losses_support(event: dp_accounting.DpEvent) -> bool:
    if isinstance(event, dp_accounting.ComposedDpEvent):
        return all(map(_losses_support, event.events))
    if isinstance(event, dp_accounting.SelfComposedDpEvent):
        return _losses_support(event.event)
    return isinstance(event, _SUPPORTED_BY_LOSSES)


class _quiet:  # noqa: N801 - a context manager
    """Keep the accountant's warnings about orders that do not converge to itself: they only loosen the bound."""

    def __enter__(self) -> None:
        self._logger = logging.getLogger("absl")
        self._level = self._logger.level
        self._logger.setLevel(logging.ERROR)

    def __exit__(self, *fault: object) -> None:
        self._logger.setLevel(self._level)
