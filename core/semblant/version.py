"""The version of the installed distribution."""

from __future__ import annotations

from importlib import metadata

try:
    VERSION = metadata.version("semblant")
except metadata.PackageNotFoundError:  # run from a source tree that was never installed
    VERSION = "0.0.0"
