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
from semblant_models.privacy.events import event_as_dict, event_from_dict, simplified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.privacy import Part
    from semblant.spec.training import PrivacySpec, PublicColumn
    from semblant_models.privacy.noise import NoiseStream
    from semblant_models.privacy.plan import PrivacyPlan

__all__ = [
    "BudgetAccount",
    "BudgetError",
    "Release",
    "Spent",
    "event_as_dict",
    "event_from_dict",
    "simplified",
    "spent_by",
]

FINEST, COARSEST = 1e-4, 1e-3
"""Discretisation of privacy losses: 1e-3 is looser than Renyi accounting for many steps at small epsilon; 1e-4 takes
minutes for few steps at large epsilon."""
_ROUNDING: Final = 1e-6


def _stream() -> NoiseStream:
    from semblant_models.privacy.noise import NoiseStream

    return NoiseStream()


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


def spent_by(event: dp_accounting.DpEvent, delta: float, *, quick: bool = False) -> Spent:
    """Give what an event costs at ``delta``, by both accountants; ``quick``: by the tighter one that knows it.

    >>> round(spent_by(dp_accounting.GaussianDpEvent(4.0), 1e-5).epsilon, 3)
    0.926
    """
    if delta <= 0:
        return Spent(delta, None, None)
    by_losses = None
    if _losses_support(event):
        accountant = dp_accounting.pld.PLDAccountant(value_discretization_interval=_interval(event))
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
    subjects: int | None = None
    """The released or declared number of subjects."""
    plan: PrivacyPlan | None = None
    """How the budget is divided; there once the subjects are counted."""
    spec: PrivacySpec | None = None
    """The section of the spec that the account was opened for."""
    noise: NoiseStream = field(factory=_stream)
    to_come: dict[str, float] = field(factory=dict)
    """What will still be learned, and its weight in the division of what is left."""
    _last: tuple[int, Spent] | None = field(init=False, default=None)

    @property
    def private(self) -> bool:
        """Always True."""
        return True

    def expect(self, parts: Sequence[Part]) -> None:
        """Hear what will be learned: every part gets a share of the budget by its columns."""
        from semblant_models.privacy.opening import weights

        self.to_come = weights(parts)

    def take(self, table: str, *, text: bool = False) -> float:
        """Give the share of what is left that a part may spend, and count it as begun; the last one may have all.

        >>> from semblant.privacy import Part
        >>> account = BudgetAccount(epsilon=1.0, delta=1e-5)
        >>> account.expect([Part(table="players", columns=5), Part(table="seasons", columns=15)])
        >>> account.take("players"), account.take("seasons")
        (0.25, 1.0)
        """
        name = part_name(table, text=text)
        whole = sum(self.to_come.values())
        return self.to_come.pop(name) / whole if name in self.to_come else 1.0

    def begin(self, subjects: int) -> None:
        """Release the number of subjects, or take the declared one, and divide the budget by it."""
        from semblant_models.privacy.opening import begin

        begin(self, subjects)

    def facts(self, table: str) -> Mapping[str, PublicColumn]:
        """Give what the user declared of a table's columns."""
        return {} if self.spec is None else self.spec.public.get(table, {})

    @property
    def event(self) -> dp_accounting.DpEvent:
        """All that was charged, as one event."""
        return simplified(release.event for release in self.releases)

    @property
    def delta_spent(self) -> float:
        """What of delta was charged beside the events."""
        return sum(release.delta for release in self.releases)

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
            "subjects": self.subjects,
            "neighbours": "one subject added or removed",
            "charged": [
                {"what": release.what, "event": event_as_dict(release.event), "delta": release.delta}
                for release in self.releases
            ],
            "public": list(self.publics),
            "withheld": list(self.withheld),
            "not_covered": list(self.not_covered),
            "to_come": dict(self.to_come),
        }

    def restore(self, told: dict[str, Any]) -> None:
        """Take up what :meth:`as_dict` gave."""
        from semblant_models.privacy.opening import divided

        self.releases = [Release(r["what"], event_from_dict(r["event"]), float(r["delta"])) for r in told["charged"]]
        self.publics, self.withheld = list(told["public"]), list(told["withheld"])
        self.not_covered = list(told["not_covered"])
        self.to_come = dict(told.get("to_come", {}))
        self.delta, self.subjects, self._last = float(told["delta"]), told["subjects"], None
        divided(self)

    def together(self, charged: Sequence[list[dict[str, Any]]], delta: float) -> float | None:
        """Give the epsilon of several jobs' charges at ``delta``, all events composed."""
        every = [release for job in charged for release in job]
        left = delta - sum(float(release["delta"]) for release in every)
        event = simplified(event_from_dict(release["event"]) for release in every)
        return spent_by(event, left, quick=True).epsilon

    def forget(self) -> None:
        """Compute epsilon anew: delta has changed."""
        self._last = None

    def _cost(self, releases: list[Release]) -> Spent:
        if not releases:
            return Spent(self.delta, 0.0, 0.0)
        return spent_by(simplified(r.event for r in releases), self.delta - sum(r.delta for r in releases))


def part_name(table: str, *, text: bool) -> str:
    """Name a part of a job as its steps are named."""
    return f"{table} (text)" if text else table


def _interval(event: dp_accounting.DpEvent) -> float:
    """Give a hundredth of the least spread of a privacy loss among the events, within bounds: finer gains nothing."""
    return min(max(_spread(event) / 100, FINEST), COARSEST)


def _spread(event: dp_accounting.DpEvent, rate: float = 1.0) -> float:
    match event:
        case dp_accounting.ComposedDpEvent():
            return min((_spread(inner, rate) for inner in event.events), default=1.0)
        case dp_accounting.SelfComposedDpEvent():
            return _spread(event.event, rate)
        case dp_accounting.PoissonSampledDpEvent():
            return _spread(event.event, rate * event.sampling_probability)
        case dp_accounting.GaussianDpEvent() | dp_accounting.LaplaceDpEvent():
            return rate / max(float(event.noise_multiplier), 1e-9)
    return 1.0


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
