"""Wanted shares as they stand in a spec: values, ranges, and several columns together.

``city: {Rome: 0.5}`` is a value, ``age: {18..30: 0.4, 65..: 0.1}`` are ranges, and
``"city & age": {Rome & 18..30: 0.2}`` is a joint share. A range includes both ends where the column
has whole numbers or dates, and excludes its upper end otherwise. ``null`` is the missing value.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TOGETHER = " & "
SPAN = ".."
_ROUNDING = 1e-6


class ShareError(ValueError):
    """A share that cannot be meant; ``key`` is the value it stands for, empty for all of them."""

    def __init__(self, key: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.key = key


@frozen
class Span:
    """A range of one column."""

    low: Any
    high: Any
    closed: bool
    """Whether ``high`` itself belongs to it."""

    def apart(self, other: Span) -> bool:
        """Tell whether no value lies in both."""
        return self._before(other) or other._before(self)

    def _before(self, other: Span) -> bool:
        if self.high is None or other.low is None:
            return False
        return bool(self.high < other.low or (self.high == other.low and not self.closed))


@frozen
class Cell:
    """One wanted share: per column a value (None: missing) or a span."""

    parts: tuple[Any, ...]
    share: float
    key: str


@frozen
class Shares:
    """The wanted shares of some columns together."""

    columns: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def simple(self) -> bool:
        """Whether they are values of one column."""
        return len(self.columns) == 1 and not any(isinstance(part, Span) for cell in self.cells for part in cell.parts)


def columns_of(key: str, known: Iterable[str]) -> tuple[str, ...]:
    """Give the columns that a key names: one, or several joined by ``&``.

    >>> columns_of("city & age", ["city", "age"]), columns_of("R & D", ["R & D"])
    (('city', 'age'), ('R & D',))
    """
    return (key,) if key in set(known) else tuple(part.strip() for part in key.split(TOGETHER))


def read_shares(columns: tuple[str, ...], shares: Mapping[str, float], kinds: Mapping[str, pa.DataType]) -> Shares:
    """Read the shares of some columns.

    :raises ShareError: a value or range that does not fit its column, shares beyond 1, overlapping ranges.

    >>> shares = read_shares(("age",), {"18..30": 0.4, "65..": 0.1}, {"age": pa.int64()})
    >>> shares.cells[0].parts
    (Span(low=18, high=30, closed=True),)
    """
    cells = []
    for key, share in shares.items():
        if not 0 <= share <= 1:
            raise ShareError(key, f"the share of '{key}' is {share:g}")
        parts = key.split(TOGETHER) if len(columns) > 1 else [key]
        if len(parts) != len(columns):
            raise ShareError(key, f"'{key}' has {len(parts)} parts for {len(columns)} columns")
        made = tuple(_part(part.strip(), kinds[name], name) for part, name in zip(parts, columns, strict=True))
        cells.append(Cell(made, float(share), key))
    total = math.fsum(cell.share for cell in cells)
    if total > 1 + _ROUNDING:
        raise ShareError("", f"the shares of '{TOGETHER.join(columns)}' add up to {total:g}")
    for place, cell in enumerate(cells):
        for other in cells[:place]:
            if all(_meet(one, two) for one, two in zip(cell.parts, other.parts, strict=True)):
                raise ShareError(cell.key, f"'{cell.key}' and '{other.key}' have values in common")
    return Shares(columns, tuple(cells))


def _part(text: str, kind: pa.DataType, column: str) -> Any:
    while pa.types.is_dictionary(kind):
        kind = kind.value_type
    if text == "null":
        return None
    if SPAN in text and _has_order(kind):
        low, _, high = text.partition(SPAN)
        least, most = (_value(end.strip(), kind, column) if end.strip() else None for end in (low, high))
        whole = pa.types.is_integer(kind) or pa.types.is_date(kind)
        if (least is None and most is None) or (least is not None and most is not None and least > most):
            raise ShareError(text, f"'{text}' is no range of '{column}'")
        return Span(least, most, bool(whole))
    return _value(text, kind, column)


def _has_order(kind: pa.DataType) -> bool:
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(number or pa.types.is_temporal(kind))


def _value(text: str, kind: pa.DataType, column: str) -> Any:
    try:
        return pa.scalar(text).cast(kind).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as exc:
        raise ShareError(text, f"'{text}' is no {kind}, the type of '{column}'") from exc


def _meet(one: Any, two: Any) -> bool:
    """Tell whether two parts of one column have a value in common."""
    if isinstance(one, Span) and isinstance(two, Span):
        return not one.apart(two)
    if isinstance(one, Span) or isinstance(two, Span):
        span, value = (one, two) if isinstance(one, Span) else (two, one)
        return value is not None and not span.apart(Span(value, value, closed=True))
    return bool(one == two)
