"""``semblant version``."""

from __future__ import annotations

import platform
from importlib.metadata import version as installed
from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("version", "Show the version.")
def command(session: Session) -> None:
    """Show the version of Semblant and of Python."""
    found = installed("semblant")
    if session.as_json:
        session.document({"semblant": found, "python": platform.python_version(), "platform": platform.platform()})
        return
    click.echo(f"semblant {found} (Python {platform.python_version()})")
