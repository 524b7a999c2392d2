"""Plans of jobs for tests that follow their events."""

from __future__ import annotations

EVERYTHING = {"generates": True, "reports": True, "packs": True, "archives": True}
"""A job that does all that a job can do; the tables stand beside it."""
