"""``semblant impute``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import OutPath, file_format
from semblant.cli.options import command as make

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.cli.session import Session


@make("impute", "Fill the missing cells of a file with a generator.")
@click.argument("generator", metavar="FILE.semblant|NAME")
@click.argument("data", metavar="DATA")
@click.option(
    "-o",
    "--out",
    type=OutPath(file_okay=False),
    metavar="DIR",
    required=True,
    help="Folder for the filled table.",
)
@click.option("--table", metavar="NAME", help="Whose rows DATA holds.  [default: the only learned table]")
@click.option(
    "--draws",
    type=click.IntRange(min=1, max=1000),
    default=1,
    show_default=True,
    metavar="N",
    help="1: a value drawn given its row; more: the best guess of N draws.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Random seed.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is already there.")
@file_format
def command(
    session: Session,
    generator: str,
    data: str,
    *,
    out: Path,
    table: str | None,
    draws: int,
    seed: int,
    overwrite: bool,
    file_format: str,
) -> None:
    """Fill the missing cells of DATA; all other cells, rows and columns stay exactly as they are.

    With one draw a cell gets a value drawn given the rest of its row: the column keeps its spread. With more
    draws it gets the best guess, the median or most frequent of them. Free text and keys are not filled.
    """
    from semblant.cli.rows import deliver_rows, known_generator, rows_of_file
    from semblant.cli.show.text import count, heading, pairs

    with session.working(resumable=False) as engine:
        name, rows = rows_of_file(engine, data, "DATA")
        filled = engine.impute(known_generator(generator), rows, table=table, draws=draws, seed=seed)
        path = deliver_rows(engine, name, filled, out, file_format, overwrite=overwrite)
    before, after = (sum(column.null_count for column in part.columns) for part in (rows, filled))
    if session.as_json:
        document = {"data": str(path), "rows": filled.num_rows, "filled": before - after, "missing": after}
        session.document({**document, **session.remarks()})
        return
    session.say(heading(f"{count(before - after, 'cell')} filled"))
    left = [("still missing", count(after, "cell"))] if after else []
    session.say(pairs([("data", f"{count(filled.num_rows, 'row')} in {path}"), *left]))
