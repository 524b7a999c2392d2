"""Blocks in, one file out."""

from __future__ import annotations
