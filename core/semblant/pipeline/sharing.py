"""How many tables train at the same time: by what was wished, processors, memory, and what their backends allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from semblant.machine import allowed_processors, available_memory
from semblant.pipeline.together import Piece
from semblant.settings import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from semblant.host import PluginHost
    from semblant.plan import Plan, TablePlan
    from semblant.run import Run

_BUSY: Final = 1.4
"""Processors that the training of one small table keeps busy (measured on two: decision 0025)."""
_SHARE: Final = 0.7
"""Share of the free memory that tables which train at the same time may take together: estimates are guesses."""


@frozen(kw_only=True)
class Sharing:
    """What may train at the same time.

    >>> Sharing(most=1).in_turn, Sharing(most=3).in_turn
    (True, False)
    """

    most: int
    """Tables that train at the same time at most."""
    memory_bytes: int = 0
    """What they may hold together."""
    needed: Mapping[str, int] = field(factory=dict)
    """Per table that may train beside others what it will hold; those that are missing train by themselves."""
    seconds: Mapping[str, float] = field(factory=dict)
    """Per table how long its training is thought to take."""

    @property
    def in_turn(self) -> bool:
        """Whether every table trains by itself, in the order of the plan."""
        return self.most == 1

    def piece(self, table: str, work: Callable[[Run], None]) -> Piece:
        """Give the training of a table as work that may be done beside others."""
        return Piece(work=work, memory_bytes=self.needed.get(table, 0), alone=table not in self.needed)

    def ordered(self, tables: list[str]) -> list[str]:
        """Give tables as they are begun: those that take longest first, so that none is left over at the end."""
        return tables if self.in_turn else sorted(tables, key=lambda table: -self.seconds.get(table, 0.0))


def sharing(plan: Plan, host: PluginHost, run: Run) -> Sharing:
    """Decide for a job; a private one trains its tables in order: they release through one account."""
    wanted = plan.spec.tables_at_once
    most = usual(allowed_processors()) if wanted == AUTO else int(wanted)
    if run.privacy.private or plan.assessment is None or most == 1:
        return Sharing(most=1)
    free = available_memory()[0] if run.memory_bytes is None else run.memory_bytes
    estimates = plan.assessment.tables, plan.assessment.texts
    costs = {
        table.name: [known[table.name] for known in estimates if table.name in known] for table in plan.synthesized
    }
    least = min((cost.memory_bytes for found in costs.values() for cost in found), default=0)
    bounded = {table.name for table in plan.synthesized if table.model.max_minutes or table.model.text.max_minutes}
    needed = {
        table.name: max((cost.memory_bytes for cost in costs[table.name]), default=least)
        for table in plan.synthesized
        if _in_threads(table, host)
        and not {table.name, f"{table.name} (texts)"} & set(plan.assessment.unknown)
        and not (wanted == AUTO and table.name in bounded)
    }
    seconds = {name: sum(cost.training_seconds for cost in found) for name, found in costs.items()}
    return Sharing(most=most, memory_bytes=int(free * _SHARE), needed=needed, seconds=seconds)


def usual(processors: float) -> int:
    """Give how many tables train at the same time where nobody says it.

    A small network does not keep many processors busy, and compiling it keeps one; where there is one only, nothing is
    gained.

    >>> [usual(processors) for processors in (0.5, 1, 2, 4, 8)]
    [1, 1, 2, 3, 6]
    """
    return int(processors / _BUSY) + 1


def _in_threads(table: TablePlan, host: PluginHost) -> bool:
    """Tell whether all backends of a table say that they can."""
    names = [name for name in (table.backend, table.text_backend) if name]
    return all(name in host.models and host.models[name].capabilities.get("threads") for name in names)
