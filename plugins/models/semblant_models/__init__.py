"""The default models of Semblant; what each offers is listed here, nothing heavy is imported."""

from __future__ import annotations
