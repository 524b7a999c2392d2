"""What a job leaves beside its tables: report, generator, effective spec and times."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from attrs import evolve

from semblant.atomic import atomic_write, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.results import JobResult


def laid_out(result: JobResult, out: Path, spec: str) -> JobResult:
    """Put report, generator, effective spec and times beside the tables in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, path in result.report_paths.items():
        paths[name] = _copied(path, out / path.name)
    generator = _copied(result.generator_path, out / "generator.semblant") if result.generator_path else None
    with atomic_write(out / "spec.yaml") as stream:
        stream.write(spec.encode())
    write_json(out / "timings.json", dict(result.timings))
    return evolve(result, report_paths=paths, generator_path=generator)


def _copied(source: Path, target: Path) -> Path:
    with source.open("rb") as reader, atomic_write(target) as writer:
        shutil.copyfileobj(reader, writer, 2**20)
    return target
