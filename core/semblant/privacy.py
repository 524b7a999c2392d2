"""The one door through which anything learned from private data leaves."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from attrs import define, field


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

    def as_dict(self) -> dict[str, Any]:
        """Give what the report and the artefact tell of the account, JSON-ready; ``withheld`` lists what stayed in."""
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

    def as_dict(self) -> dict[str, Any]:
        """Give what was withheld."""
        return {"withheld": list(self.withheld)}
