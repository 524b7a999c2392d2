"""``semblant report``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import OutPath
from semblant.cli.options import command as make

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.cli.session import Session


def _settings(given: tuple[str, ...]) -> dict[str, Any]:
    """Read settings of sections and formats."""
    from semblant.errors import ConfigError
    from semblant.findings import Finding
    from semblant.spec.overrides import merge, parse

    made: dict[str, Any] = {}
    faults = []
    for text in given:
        read = parse(text)
        fault = read if isinstance(read, Finding) else merge(made, read)
        if fault is not None:
            faults.append(fault)
    whole = [name for name, value in made.items() if not isinstance(value, dict)]
    if faults or whole:
        msg = "--set is wrong" if faults else f"--set {whole[0]}=… names no setting of '{whole[0]}'"
        raise ConfigError(msg, findings=faults, fix="write it as NAME.KEY=VALUE, for example pdf.paper=Letter")
    return made


@make("report", "Compare synthetic with original data, whoever made them.")
@click.argument("original")
@click.argument("synthetic")
@click.option("--holdout", metavar="FILE", help="Original rows that the synthetic data were not made from.")
@click.option(
    "-o",
    "--out",
    type=OutPath(file_okay=False),
    metavar="DIR",
    required=True,
    help="Folder for the report.",
)
@click.option("--formats", default="pdf,html,json", show_default=True, help="Formats, with commas.")
@click.option(
    "--sections",
    metavar="NAME,…",
    default="",
    help="Sections of the report, with commas; all that can be made otherwise.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="COLUMN",
    help="A column, or table.column, that is predicted to measure utility.",
)
@click.option("--univariate-columns", type=click.IntRange(min=1), help="Columns with a chart of their own at most.")
@click.option("--bivariate-columns", type=click.IntRange(min=2), help="Columns in the matrix of pairs at most.")
@click.option("--knn-columns", type=click.IntRange(min=1), help="Columns that distances count at most.")
@click.option("--phik-columns", type=click.IntRange(min=2), help="Columns in the PhiK matrices at most.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME.KEY=VALUE",
    help="A setting of a section or format, for example pdf.paper=Letter.",
)
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
    sections: str,
    targets: tuple[str, ...],
    univariate_columns: int | None,
    bivariate_columns: int | None,
    knn_columns: int | None,
    phik_columns: int | None,
    settings: tuple[str, ...],
    limits: tuple[str, ...],
) -> None:
    """Measure how well SYNTHETIC stands in for ORIGINAL, and how private it is.

    Both are files, folders or URLs; tables are matched by name. Data that other tools made will do. Where columns are
    limited, the most different ones are shown and the others named.
    """
    from semblant.cli import gates
    from semblant.settings import AUTO
    from semblant.spec.model import ReportSpec

    wanted = gates.thresholds(limits)
    names = tuple(name.strip() for name in formats.split(",") if name.strip())
    chosen = tuple(name.strip() for name in sections.split(",") if name.strip())
    options = ReportSpec(
        sections=chosen or AUTO,
        targets=targets or AUTO,
        univariate_columns=univariate_columns or AUTO,
        bivariate_columns=bivariate_columns or AUTO,
        knn_columns=knn_columns or AUTO,
        phik_columns=phik_columns or AUTO,
        settings=_settings(settings),
    )
    with session.working(resumable=False, supervised=False) as engine:
        gates.refuse_unknown(wanted, engine.host)
        result = engine.report(original, synthetic, holdout=holdout, out=out, formats=names, options=options)
    gates.conclude(session, result, gates.measured(wanted, result.scores))
