"""Settings objects: declared once, checked with every fault at once."""

from __future__ import annotations

from semblant.settings.fields import AUTO, Auto, setting
from semblant.settings.secret import Secret

__all__ = ["AUTO", "Auto", "Secret", "setting"]
