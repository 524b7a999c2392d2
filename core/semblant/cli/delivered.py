"""Where the tables lie that a user asked for with ``-o``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from attrs import evolve

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.results import JobResult, SyntheticDataset

R = TypeVar("R", "JobResult", "SyntheticDataset")


def in_folder(result: R, out: Path | None, file_format: str) -> R:
    """Name the files in ``out`` instead of the job's own copies, as far as they are there."""
    from semblant import filenames

    if out is None:
        return result
    files = {name: out / f"{filenames.encode(name)}.{file_format}" for name in result.tables}
    return evolve(
        result, tables={name: files[name] if files[name].is_file() else path for name, path in result.tables.items()}
    )
