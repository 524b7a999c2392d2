"""``semblant score``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import OutPath, file_format
from semblant.cli.options import command as make

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.cli.session import Session

_SHOWN = 5


@make("score", "Tell how probable rows are under a generator.")
@click.argument("generator", metavar="FILE.semblant|NAME")
@click.argument("data", metavar="DATA")
@click.option(
    "-o",
    "--out",
    type=OutPath(file_okay=False),
    metavar="DIR",
    help="Folder for a table 'scores' with the log-probability of every row.",
)
@click.option("--table", metavar="NAME", help="Whose rows DATA holds.  [default: the only learned table]")
@click.option("--overwrite", is_flag=True, help="Replace a file that is already there.")
@file_format
def command(
    session: Session,
    generator: str,
    data: str,
    *,
    out: Path | None,
    table: str | None,
    overwrite: bool,
    file_format: str,
) -> None:
    """Give the log-probability (in nats) of each row of DATA under the model of a generator.

    The least probable rows are the odd ones. Figures compare rows under one generator; those of two generators
    mean different things, because each has its own encoding.
    """
    import numpy as np
    import pyarrow as pa

    from semblant.cli.rows import deliver_rows, known_generator, rows_of_file
    from semblant.cli.show.text import count, heading, pairs

    with session.working(resumable=False) as engine:
        _, rows = rows_of_file(engine, data, "DATA")
        scores = engine.log_prob(known_generator(generator), rows, table=table)
        path = None
        if out is not None:
            made = pa.table({"row": np.arange(1, len(scores) + 1), "log_probability": scores})
            path = deliver_rows(engine, "scores", made, out, file_format, overwrite=overwrite)
    least = np.argsort(scores, kind="stable")[:_SHOWN]
    mean = float(scores.mean())
    low, middle, high = (float(np.quantile(scores, share)) for share in (0.05, 0.5, 0.95))
    if session.as_json:
        found = {"rows": len(scores), "mean": mean, "quantiles": {"0.05": low, "0.5": middle, "0.95": high}}
        odd = [{"row": int(row) + 1, "log_probability": float(scores[row])} for row in least]
        document = {**found, "least_probable": odd, **({} if path is None else {"scores": str(path)})}
        session.document({**document, **session.remarks()})
        return
    session.say(heading(f"{count(len(scores), 'row')} scored"))
    lines = [
        ("mean log-probability", f"{mean:.3f} nats"),
        ("5 %, middle, 95 %", f"{low:.3f}, {middle:.3f}, {high:.3f}"),
        ("least probable rows", ", ".join(f"{row + 1} ({scores[row]:.2f})" for row in least)),
    ]
    session.say(pairs([*lines, *([] if path is None else [("scores", str(path))])]))
