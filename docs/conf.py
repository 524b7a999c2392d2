"""Configuration of the documentation: sphinx-build -W -b html docs FOLDER."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pages

project = "Semblant"
author = "the Semblant contributors"
release = version = installed("semblant")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["examples", "_build"]
html_theme = "furo"
html_title = "Semblant"
html_static_path: list[str] = []
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "inherited-members": False, "show-inheritance": True}
intersphinx_mapping: dict[str, tuple[str, None]] = {}
suppress_warnings = ["misc.highlighting_failure"]


def setup(app):
    """Write the pages that come from the code before anything is read."""
    app.connect("builder-inited", lambda _app: pages.write(Path(__file__).parent))
