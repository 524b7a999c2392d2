"""Deliver: hand complete tables to the destination, which shows all of them at once or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.pipeline.organize import rows_of, stream
from semblant.pipeline.patience import patiently

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.protocols import Destination
    from semblant.run import Run
    from semblant.schema import Schema
    from semblant.vocabulary import WriteMode


def prove_access(destination: Destination, schema: Schema, mode: WriteMode) -> None:
    """Prove before any training that the delivery can be made: write access, and no table in the way."""
    destination.check()
    destination.open(schema, mode).abort()


def deliver(destination: Destination, schema: Schema, mode: WriteMode, files: Mapping[str, Path], run: Run) -> None:
    """Stream the files of all tables into one delivery; whatever fails, the destination stays as it was.

    A connection that is lost on the way costs the delivery, which is then made again; its id, where the
    destination keeps one, tells whether it arrived all the same.
    """
    patiently(run, lambda: _deliver(destination, schema, mode, files, run), "delivering all tables")


def _deliver(destination: Destination, schema: Schema, mode: WriteMode, files: Mapping[str, Path], run: Run) -> None:
    total = sum(map(rows_of, files.values()))
    delivery = destination.open(schema, mode)
    done = 0
    try:
        for table in schema:
            for batch in stream(files[table.name]):
                delivery.write(table.name, batch)
                done += batch.num_rows
                run.progress(done, total)
        run.check()
        run.supervisor.may_publish()
        delivery.commit()
    except BaseException:
        delivery.abort()
        raise
