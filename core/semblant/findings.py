"""What a check has to say: a finding, and how grave it is."""

from __future__ import annotations

import enum

from attrs import frozen


class Severity(enum.StrEnum):
    """How grave a finding is; an error stops the work before it begins.

    >>> Severity("warning") is Severity.WARNING
    True
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class ConfigStep(enum.StrEnum):
    """The steps in which a generator is configured; validators belong to one of them."""

    SOURCE = "source"
    DATA = "data"
    KEYS = "keys"
    TREATMENT = "treatment"
    MODEL = "model"
    GENERATION = "generation"
    DESTINATION = "destination"


@frozen(kw_only=True)
class Finding:
    """One remark on a spec: its place, the ``line`` of it in a file, the ``step`` that it belongs to, its mend.

    >>> print(Finding(severity=Severity.ERROR, path="tables.orders", code="two-roots",
    ...               message="is a second root table", fix="mark it as original", line=7))
    error tables.orders (line 7): is a second root table. Fix: mark it as original
    """

    severity: Severity
    path: str
    """Where in the spec, dotted: ``tables.orders.columns.total.encoding``."""
    code: str
    """Stable, machine readable, kebab case."""
    message: str
    fix: str = ""
    """What to do about it."""
    step: ConfigStep | None = None
    line: int | None = None

    def __str__(self) -> str:
        """One line for a person."""
        where = self.path + (f" (line {self.line})" if self.line else "")
        return f"{self.severity} {where}: {self.message}" + (f". Fix: {self.fix}" if self.fix else "")
