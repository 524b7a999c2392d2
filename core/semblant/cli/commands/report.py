"""``semblant report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("report", "Compare synthetic with original data, whoever made them.")
@click.argument("original")
@click.argument("synthetic")
@click.option("--holdout", metavar="FILE", help="Original rows that the synthetic data were not made from.")
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    required=True,
    help="Folder for the report.",
)
@click.option("--formats", default="pdf,html,json", show_default=True, help="Formats, with commas.")
@click.option(
    "--fail-under",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER,…",
    help="End with status 1 when a score is worse, for example accuracy=0.97.",
)
def command(
    session: Session,
    original: str,
    synthetic: str,
    *,
    holdout: str | None,
    out: Path,
    formats: str,
    limits: tuple[str, ...],
) -> None:
    """Measure how well SYNTHETIC stands in for ORIGINAL, and how private it is.

    Both are files, folders or URLs; tables are matched by name. Data that other tools made will do.
    """
    from semblant.cli import gates

    wanted = gates.thresholds(limits)
    names = tuple(name.strip() for name in formats.split(",") if name.strip())
    with session.working(resumable=False, supervised=False) as engine:
        result = engine.report(original, synthetic, holdout=holdout, out=out, formats=names)
    gates.conclude(session, result, gates.measured(wanted, result.scores))
