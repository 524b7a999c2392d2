"""The one door through which anything learned from private data leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen(kw_only=True)
class Part:
    """Something that a private job learns and pays for: the rows of a table, or its texts."""

    table: str
    columns: int
    text: bool = False


@runtime_checkable
class PrivacyAccount(Protocol):
    """Core, models and reports release figures only through this account.

    A private run's account comes from a plugin; a job without privacy has :class:`NullAccount`.
    """

    @property
    def private(self) -> bool:
        """Whether a budget is kept; code must then charge or withhold what it releases."""
        ...

    def charge(self, event: Any, what: str) -> None:
        """Compose ``event`` (a ``dp_accounting.DpEvent``) for the release named ``what``."""
        ...

    def withhold(self, what: str) -> None:
        """Note that ``what`` was not released."""
        ...

    def public(self, what: str) -> None:
        """Note that ``what`` is a public fact that the user declared and costs nothing."""
        ...

    @property
    def subjects(self) -> int | None:
        """The number of subjects that may be told: released with noise, or declared; None where nobody asked."""
        ...

    def expect(self, parts: Sequence[Part]) -> None:
        """Hear what the job will learn, in this order, before anything is read: the budget is divided among it."""
        ...

    def begin(self, subjects: int) -> None:
        """Hear the true number of subjects, once they are counted, and release what has to be known of it."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Give what the report and the artefact tell of the account, JSON-ready; ``withheld`` lists what stayed in."""
        ...

    def restore(self, told: dict[str, Any]) -> None:
        """Take up what :meth:`as_dict` gave, when a step is taken over from an earlier attempt."""
        ...

    def together(self, charged: Sequence[list[dict[str, Any]]], delta: float) -> float | None:
        """Give the epsilon at ``delta`` of what several accounts list as ``charged``; None where it cannot be told."""
        ...


@define
class NullAccount:
    """The account of a job without differential privacy: releases are free and listed.

    >>> account = NullAccount()
    >>> account.withhold("rare categories of 'city'")
    >>> account.withheld
    ["rare categories of 'city'"]
    """

    withheld: list[str] = field(factory=list)

    @property
    def private(self) -> bool:
        """Always False."""
        return False

    def charge(self, event: Any, what: str) -> None:
        """Do nothing: there is no budget."""

    def withhold(self, what: str) -> None:
        """Note it."""
        self.withheld.append(what)

    def public(self, what: str) -> None:
        """Do nothing: there is no budget."""

    @property
    def subjects(self) -> int | None:
        """Always None: nothing has to be hidden."""
        return None

    def expect(self, parts: Sequence[Part]) -> None:
        """Do nothing: there is no budget."""

    def begin(self, subjects: int) -> None:
        """Do nothing: there is no budget."""

    def as_dict(self) -> dict[str, Any]:
        """Give what was withheld."""
        return {"withheld": list(self.withheld)}

    def restore(self, told: dict[str, Any]) -> None:
        """Do nothing: a step that is taken over has withheld what it did."""

    def together(self, charged: Sequence[list[dict[str, Any]]], delta: float) -> float | None:
        """Give None: nothing is charged."""
