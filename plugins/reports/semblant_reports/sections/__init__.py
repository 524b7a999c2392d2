"""The sections of the quality report: each measures figures and renders blocks from them alone."""

from __future__ import annotations
