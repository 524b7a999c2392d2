"""What a delivery decides that fills tables under other names first and puts them in place at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant_databases.writing.target import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from semblant_databases.writing.target import Step


@frozen
class Plan:
    """Steps by what happens to their tables in the end, parents before children."""

    anew: tuple[Step, ...] = field(factory=tuple)
    """The filled table becomes the table; one that is there gives way."""
    kept: tuple[Step, ...] = field(factory=tuple)
    """The table stays, rows go into it; for :attr:`Action.REFILL` the old ones leave it."""

    @property
    def gone(self) -> list[str]:
        """Tables that give way, children before their parents."""
        return [step.target.name for step in reversed(self.anew) if step.present is not None]

    @property
    def emptied(self) -> list[str]:
        """Tables whose rows leave, children before their parents."""
        return [step.target.name for step in reversed(self.kept) if step.action is Action.REFILL]


def plan_of(steps: Sequence[Step], folded: Callable[[str], str]) -> Plan:
    """Sort steps; where one table changes its shape, all that are replaced are made anew with it.

    :param folded: gives the form in which equal names are equal.
    :raises DestinationError: when a table that is not delivered refers to one that gives way.
    """
    if any(step.action is Action.REDEFINE for step in steps):
        steps = [evolve(s, action=Action.REDEFINE) if s.action is Action.REFILL else s for s in steps]
    plan = Plan(
        tuple(step for step in steps if step.action in {Action.CREATE, Action.REDEFINE}),
        tuple(step for step in steps if step.action in {Action.APPEND, Action.REFILL}),
    )
    going = {folded(name) for name in plan.gone}
    for step in plan.anew:
        for other in step.present.referrers if step.present else ():
            if folded(other) not in going:
                raise DestinationError(
                    f"the table '{visible(other)}' has a foreign key to '{visible(step.target.name)}', "
                    "which is to be replaced",
                    fix=f"deliver '{visible(other)}' as well, or keep the table's columns so that its rows can be "
                    "changed",
                )
    return plan
