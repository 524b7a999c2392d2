"""What the sections measure: pure functions from two or three samples of a table to figures."""

from __future__ import annotations
