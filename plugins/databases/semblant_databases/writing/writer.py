"""What a dialect does for a delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from semblant_databases.writing.target import Typing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from semblant.schema import Schema
    from semblant_databases.writing.target import Present, Step


class Writer(Typing, Protocol):
    """One delivery's connection: nothing that it does is seen by others before :meth:`publish`."""

    flush_rows: int
    """Rows of one table that are gathered before they are sent."""

    def check_names(self, schema: Schema) -> None:
        """Raise for names that the store would change."""

    def begin(self) -> None:
        """Connect and take the lock that keeps a second delivery out.

        :raises DestinationError: when another delivery is under way.
        """

    def prove(self) -> None:
        """Make, fill and remove something that only :meth:`begin` and this delivery know of."""

    def delivered(self, delivery: str) -> bool:
        """Tell whether a delivery of that id is there already."""

    def present(self, name: str) -> Present | None:
        """Describe a table that is there; None when there is none."""

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make ready what rows are written to."""

    def load(self, step: Step, rows: pa.Table) -> None:
        """Write rows, in the types of :attr:`Target.columns`."""

    def publish(self, steps: Sequence[Step], delivery: str) -> None:
        """Make all tables visible at once and note the delivery's id, if it has one."""

    def abandon(self) -> None:
        """Leave the store as it was, as far as the connection allows; never raises."""

    def close(self) -> None:
        """Let go of lock and connection; never raises, calling it twice is allowed."""
