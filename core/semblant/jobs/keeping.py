"""What a finished job leaves in the store: its generator and its synthetic dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from semblant.home import Kind
from semblant.jobs.sizes import bytes_below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.home import Home
    from semblant.store.database import Store
    from semblant.store.records import JobRecord


def keep(store: Store, home: Home, job: JobRecord, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Note generator and dataset of an outcome; give the figures that the job itself is to hold."""
    if "generator" in outcome:
        own = home.path(Kind.GENERATORS, job.name)
        path = own if own.is_file() else Path(outcome["generator"])
        store.generators.note(
            job.name, home.identity(), path=str(path), size=bytes_below(path), tables=_tables(outcome), job=job.id
        )
    rows = {name: int(count) for name, count in outcome.get("rows", {}).items()}
    size = bytes_below(home.path(Kind.JOBS, job.name))
    if "location" in outcome and rows:
        store.datasets.note(
            job.id,
            name=job.name,
            location=outcome["location"],
            files=outcome["tables"],
            rows=rows,
            report=outcome.get("report", {}),
            scores=outcome.get("scores", {}),
            report_fault=outcome.get("report_fault", ""),
        )
        size += bytes_below(home.path(Kind.DATASETS, job.name))
    return {"rows_made": sum(rows.values()), "rows_reserved": sum(rows.values()), "bytes": size}


def _tables(outcome: Mapping[str, Any]) -> list[str]:
    return list(outcome["tables"])
