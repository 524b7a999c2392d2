"""Constraints as they stand in a spec: one class per kind, and the entry that holds exactly one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from semblant.settings import AUTO, Auto, setting

if TYPE_CHECKING:
    from collections.abc import Iterator

Bound = int | float | str | None


@frozen(kw_only=True)
class Inequality:
    """One column is never above another; numbers, dates, times or durations."""

    low: str = setting(help="the column with the smaller value", feature=(217,))
    high: str = setting(help="the column with the larger value", feature=(217,))
    strict: bool = setting(False, help="true: equal values are refused too", feature=(217,))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is about."""
        return (self.low, self.high)

    def __str__(self) -> str:
        """Say the rule."""
        return f"{self.low} {'<' if self.strict else '≤'} {self.high}"


@frozen(kw_only=True)
class Range:
    """A column stays within constants; dates are written as text (2020-01-31)."""

    column: str = setting(help="the column", feature=(217,))
    min: Bound = setting(None, help="the smallest value allowed; none when null", feature=(217,))
    max: Bound = setting(None, help="the largest value allowed; none when null", feature=(217,))
    strict: bool = setting(False, help="true: the bounds themselves are refused too", feature=(217,))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is about."""
        return (self.column,)

    def __str__(self) -> str:
        """Say the rule."""
        sign = "<" if self.strict else "≤"
        low = "" if self.min is None else f"{self.min} {sign} "
        high = "" if self.max is None else f" {sign} {self.max}"
        return f"{low}{self.column}{high}"


@frozen(kw_only=True)
class Combinations:
    """Only combinations of values that the data hold come out, rare ones apart."""

    columns: tuple[str, ...] = setting(help="two columns or more", feature=(217,))

    def __str__(self) -> str:
        """Say the rule."""
        return f"only seen combinations of {', '.join(self.columns)}"


@frozen(kw_only=True)
class Sum:
    """Columns add up to another one."""

    parts: tuple[str, ...] = setting(help="the columns that are added", feature=(217,))
    total: str = setting(help="the column that holds their sum", feature=(217,))
    tolerance: float | Auto = setting(
        AUTO,
        help="largest difference allowed; auto: none, but for floats half a unit of the last decimal",
        ge=0.0,
        feature=(217,),
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is about."""
        return (*self.parts, self.total)

    def __str__(self) -> str:
        """Say the rule."""
        return f"{' + '.join(self.parts)} = {self.total}"


@frozen(kw_only=True)
class Unique:
    """No two rows have the same values in these columns; rows with a null among them do not count."""

    columns: tuple[str, ...] = setting(help="one column or more", feature=(217,))

    def __str__(self) -> str:
        """Say the rule."""
        return f"{', '.join(self.columns)} unique"


@frozen(kw_only=True)
class Dependency:
    """Equal values in some columns go with equal values in others (x → y)."""

    columns: tuple[str, ...] = setting(help="the columns that decide", feature=(217,))
    determines: tuple[str, ...] = setting(help="the columns that follow from them", feature=(217,))

    def __str__(self) -> str:
        """Say the rule."""
        return f"{', '.join(self.columns)} → {', '.join(self.determines)}"


@frozen(kw_only=True)
class Exclusive:
    """At most one of the columns is set: neither null nor false nor zero."""

    columns: tuple[str, ...] = setting(help="two columns or more", feature=(217,))
    exactly_one: bool = setting(False, help="true: one of them is always set", feature=(217,))

    def __str__(self) -> str:
        """Say the rule."""
        return f"{'exactly' if self.exactly_one else 'at most'} one of {', '.join(self.columns)}"


Rule = Inequality | Range | Combinations | Sum | Unique | Dependency | Exclusive


@frozen(kw_only=True)
class Constraint:
    """A rule that every generated row keeps: exactly one kind per entry.

    >>> rule = Constraint(inequality=Inequality(low="ordered", high="shipped"))
    >>> rule.kind, str(rule), rule.columns
    ('inequality', 'ordered ≤ shipped', ('ordered', 'shipped'))
    """

    inequality: Inequality | None = setting(None, help="low ≤ high", feature=(217,))
    range: Range | None = setting(None, help="min ≤ column ≤ max", feature=(217,))
    combinations: Combinations | None = setting(None, help="only combinations that were seen", feature=(217,))
    sum: Sum | None = setting(None, help="parts add up to total", feature=(217,))
    unique: Unique | None = setting(None, help="no two rows are equal in these columns", feature=(217,))
    dependency: Dependency | None = setting(None, help="some columns decide others", feature=(217,))
    exclusive: Exclusive | None = setting(None, help="at most one column is set", feature=(217,))

    def __attrs_post_init__(self) -> None:
        """Refuse an entry with no kind or several."""
        named = [name for name, _ in self._given()]
        if len(named) != 1:
            what = f"both {' and '.join(named)}" if named else "nothing"
            msg = f"a constraint is one of {', '.join(a.name for a in attrs.fields(type(self)))}; this one says {what}"
            raise ValueError(msg)

    def _given(self) -> Iterator[tuple[str, Rule]]:
        for attribute in attrs.fields(type(self)):
            if (rule := getattr(self, attribute.name)) is not None:
                yield attribute.name, rule

    @property
    def kind(self) -> str:
        """The key in the spec: ``inequality``, ``range``, …"""
        return next(self._given())[0]

    @property
    def rule(self) -> Rule:
        """What it says."""
        return next(self._given())[1]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it is about, in order."""
        rule = self.rule
        return (*rule.columns, *(rule.determines if isinstance(rule, Dependency) else ()))

    def __str__(self) -> str:
        """Say the rule."""
        return str(self.rule)


def constraint_of(rule: Any) -> Constraint:
    """Wrap a rule as an entry.

    >>> constraint_of(Unique(columns=("mail",))).kind
    'unique'
    """
    kinds: dict[type, str] = {
        Inequality: "inequality",
        Range: "range",
        Combinations: "combinations",
        Sum: "sum",
        Unique: "unique",
        Dependency: "dependency",
        Exclusive: "exclusive",
    }
    return Constraint(**{kinds[type(rule)]: rule})
