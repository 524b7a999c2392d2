"""``semblant preview``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import command as make
from semblant.cli.options import settings
from semblant.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from semblant.cli.session import Session


@make("preview", "Show the first rows of a source.")
@click.argument("target", metavar="SOURCE")
@click.option(
    "-n",
    "--rows",
    type=click.IntRange(min=1, max=1000),
    metavar="N",
    default=5,
    show_default=True,
    help="Rows to show.",
)
@click.option("--table", metavar="NAME", help="Show this table only.")
@settings
def command(session: Session, target: str, *, rows: int, table: str | None, assignments: tuple[str, ...]) -> None:
    """Show the first rows of every table of SOURCE: a file, folder, URL or spec file."""
    from semblant.cli.target import spec_of

    with session.engine() as engine:
        found: Mapping[str, pa.Table] = engine.preview(spec_of(engine, target, assignments), rows)
    if table is not None:
        if table not in found:
            from semblant.cli.show.text import listed

            msg = f"there is no table '{table}' in '{target}'"
            raise ConfigError(msg, fix=f"the tables are: {listed(found)}")
        found = {table: found[table]}
    if session.as_json:
        session.document({"tables": {name: _document(part) for name, part in found.items()}})
        return
    from semblant.cli.show.preview import preview_lines

    for name, part in found.items():
        session.say(*preview_lines(name, part, width=session.out.width))


def _document(part: pa.Table) -> dict[str, Any]:
    return {
        "columns": [{"name": column.name, "type": str(column.type)} for column in part.schema],
        # a list per row: two columns may have the same name
        "rows": [list(row) for row in zip(*(column.to_pylist() for column in part.columns), strict=True)],
    }
