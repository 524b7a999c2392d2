"""Constraints at work: counted in a table, and guaranteed on every generated row."""

from __future__ import annotations

from semblant.constraints.checking import kept, violations

__all__ = ["kept", "violations"]
