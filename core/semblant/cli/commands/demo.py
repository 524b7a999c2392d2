"""``semblant demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semblant.cli.options import OutPath
from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("demo", "Make a small shop's data and synthesize it: the first thing to try.")
@click.option(
    "-o",
    "--out",
    type=OutPath(file_okay=False),
    metavar="DIR",
    help="Folder for the results.  [default: semblant-demo, with a number if it is there]",
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", default=0, show_default=True, help="Random seed.")
def command(session: Session, *, out: Path | None, seed: int) -> None:
    """Make the data of a small shop, learn all its tables and make new ones, with a quality report.

    Takes some minutes; then try 'semblant run' on data of your own.
    """
    from semblant.cli.delivered import in_folder
    from semblant.cli.target import assignment, placed, spec_of
    from semblant.demo.shop import write_shop
    from semblant.home import Home

    home = Home(session.home)
    home.check()
    shop = home.root / "demo" / "shop"
    shop.mkdir(parents=True, exist_ok=True)
    place = out if out is not None else _free(Path("semblant-demo"))
    write_shop(shop)
    with session.working(resumable=False) as engine:
        spec = spec_of(engine, str(shop), [assignment("seed", seed), "name=demo"])
        result = engine.run(placed(spec, place, "parquet", overwrite=out is not None), out=place)
    result = in_folder(result, place, "parquet")
    tries = (
        ("preview", str(next(iter(result.tables.values()), place))),
        ("detect", str(shop), "-o", "spec.yaml"),
        (
            "generate",
            "demo" if result.generator_path is None else str(result.generator_path),
            "-n",
            "10000",
            "-o",
            "more",
        ),
    )
    if session.as_json:
        import shlex

        next_commands = [shlex.join(["semblant", *words]) for words in tries]
        session.document(
            {**result.as_dict(), "original": str(shop), "next": next_commands, **session.remarks(result.findings)}
        )
        return
    from semblant.cli.show.result import job_lines
    from semblant.cli.show.text import command_line, heading

    session.say(
        *job_lines(result, told=session.warnings, more=[("original", shop)]),
        "",
        heading("Try next"),
        *(command_line(*words) for words in tries),
    )


def _free(wanted: Path) -> Path:
    """Give a folder that is not there yet."""
    number, path = 1, wanted
    while path.exists():
        number += 1
        path = wanted.with_name(f"{wanted.name}-{number}")
    return path
