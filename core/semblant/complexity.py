"""What a model backend is told when it is asked what a training would cost, and what it answers.

A descriptor names its estimate as a dotted path, ``ModelType(estimate="package.module:function")``. The function
is called by ``check`` and ``plan`` with ``(settings, ModelSpec, TableFacts, Speed)`` and gives a :class:`Cost`.
It must be quick (tenths of a second) and import nothing heavy; it reads no data and never raises for odd facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.vocabulary import EncodingType


@frozen(kw_only=True)
class ColumnFacts:
    """What is known about a column before training."""

    name: str
    encoding: EncodingType
    distinct: int
    """Different values, null and NaN left out, as far as rows were looked at."""
    frequent_share: float = 1.0
    """Share of the rows whose value occurs ten times or more."""
    missing_share: float = 0.0
    fractional: bool = False
    """Whether a time of day, or a part of a second, stands beside the date."""
    characters: float = 0.0
    """Of a column of strings the mean length of its values."""


@frozen(kw_only=True)
class TableFacts:
    """What is known about a table before training.

    >>> TableFacts(name="people", rows=1000, records=50, columns=(), validation_fraction=0.1).training_rows
    900
    """

    name: str
    rows: int
    """Rows of the source; those that were looked at, where it cannot tell."""
    records: int
    """Rows to generate."""
    columns: tuple[ColumnFacts, ...]
    """Those to be learned."""
    validation_fraction: float = 0.1

    @property
    def training_rows(self) -> int:
        """Rows that train."""
        return max(round(self.rows * (1.0 - self.validation_fraction)), 1)


@frozen(kw_only=True)
class Cost:
    """What training a table and generating from it is expected to take."""

    training_seconds: float
    """From the transformed rows to a model, compiling included."""
    generation_seconds: float
    memory_bytes: int
    """Most memory of the process during either."""
    column_shares: Mapping[str, float] = field(factory=dict)
    """Share of the training time that each column causes; what to leave out when it takes too long."""
    details: Mapping[str, Any] = field(factory=dict)
    """JSON-ready facts that explain the figures: ``tokens``, ``parameters``, ``epochs``, …"""
