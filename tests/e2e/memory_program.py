"""Organize, analyze and transform a file with the address space limited to what it is after imports plus some.

usage: python -m tests.e2e.memory_program FILE EXTRA_MB WORKSPACE
Prints JSON: rows, seconds per step, the limit and the most address space used above it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path


def address_space() -> int:
    """Bytes of address space in use now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main(file: str, extra_mb: str, workspace: str) -> None:
    """Do the three streaming steps under the limit."""
    from semblant.engine import Engine
    from semblant.pipeline.job import TrainingJob
    from semblant.pipeline.learn import analyze, make_backend, training_table, validation_split
    from semblant.pipeline.organize import TRAIN, rows_of
    from semblant.pipeline.steps import Steps
    from semblant.planning import make_plan, open_source
    from semblant.run import Run

    engine = Engine(home=Path(workspace) / "home")
    spec = engine.spec_for(file)
    backend_module = engine.host.get("model", make_plan(spec, engine.host).tables[0].backend)
    backend_module.load()
    limit = address_space() + int(extra_mb) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    run = Run(job="memory", seed=0, workspace=Path(workspace))
    steps = Steps(run)
    source = open_source(spec, engine.host)
    seconds: dict[str, float] = {}
    started = time.monotonic()
    plan = make_plan(spec, engine.host, source=source)
    seconds["plan"] = time.monotonic() - started
    job = TrainingJob(plan=plan, name="memory", host=engine.host, run=run, steps=steps)
    (table,) = plan.tables
    job._organize(source, table)
    path = job.organized[table.name] / TRAIN
    final, _ = analyze(spec, table, path, steps, job.marks[table.name])
    training = training_table(final, path, validation_split(final, run), text=False)
    folder = run.workspace / "transform"
    folder.mkdir()
    started = time.monotonic()
    make_backend(engine.host, final.backend, final.model).prepare(training, Run(job="memory", seed=0, workspace=folder))
    seconds |= steps.seconds | {"transforming data": time.monotonic() - started}
    print(
        json.dumps(
            {
                "rows": rows_of(path),
                "seconds": {name: round(value, 1) for name, value in seconds.items()},
                "limit_mb": limit // 2**20,
                "now_mb": address_space() // 2**20,
                "encodings": {column.name: str(column.encoding) for column in final.columns},
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
