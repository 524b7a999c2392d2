"""Constraints on taxi rides: rows that break them, rows drawn again, and what they cost in accuracy.

    SEMBLANT_TEST_DATA=… python -m tests.benchmarks constraints [--rows 100000] [--kinds inequality sum …]

Two columns are added so that every kind has something to hold: what is left of the total beside fare, tip and
tolls, and the colour of the cab as two truth values. The table is learned without constraints, with all of them
and (with ``--kinds``) with each kind alone. Prints a line each: rows that break each constraint, rows drawn per
row asked for, accuracy against the data.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CONSTRAINTS: dict[str, list[dict[str, Any]]] = {
    "inequality": [
        {"inequality": {"low": "pickup", "high": "dropoff"}},
        {"inequality": {"low": "fare", "high": "total"}},
    ],
    "range": [
        {"range": {"column": "fare", "min": 1, "max": 120}},
        {"range": {"column": "pickup", "min": "2019-02-01"}},
    ],
    "combinations": [{"combinations": {"columns": ["dropoff_zone", "dropoff_borough"]}}],
    "sum": [{"sum": {"parts": ["fare", "tip", "tolls", "rest"], "total": "total"}}],
    "unique": [{"unique": {"columns": ["pickup", "pickup_zone"]}}],
    "dependency": [{"dependency": {"columns": ["pickup_zone"], "determines": ["pickup_borough"]}}],
    "exclusive": [{"exclusive": {"columns": ["yellow", "green"], "exactly_one": True}}],
}


def rides(path: Path) -> Any:
    """Write the rides with the added columns; gives them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(Path(os.environ["SEMBLANT_TEST_DATA"]) / "dev/single/nyc_taxis/nyc_taxis.parquet")
    fare, tip, tolls, total = (table[name].to_numpy() for name in ("fare", "tip", "tolls", "total"))
    table = table.append_column("rest", pa.array(np.round(total - fare - tip - tolls, 2)))
    colour = np.array(table["color"].to_pylist())
    table = table.append_column("yellow", pa.array(colour == "yellow"))
    table = table.append_column("green", pa.array(colour == "green")).replace_schema_metadata(None)
    pq.write_table(table, path)
    return table


class Counted:
    """A model that counts the rows drawn from it."""

    def __init__(self, model: Any) -> None:
        """Wrap a model."""
        self.model, self.rows = model, 0

    def generate(self, request: Any, run: Any) -> Any:
        """Draw and count."""
        self.rows += request.rows
        return self.model.generate(request, run)


def measure(label: str, constraints: list[dict[str, Any]], rows: int, folder: Path) -> None:
    """Learn the rides with some constraints, and count."""
    import pyarrow as pa

    from semblant.constraints.checking import violations
    from semblant.constraints.guarded import GuardedModel
    from semblant.engine import Engine
    from semblant.pipeline.dataset import load_generator, load_models
    from semblant.run import Run
    from semblant.settings.structure import structure
    from semblant.spec.constraints import Constraint
    from semblant.training import GenerationRequest
    from tests.benchmarks.tabular import accuracy

    data = rides(folder / "rides.parquet")
    with Engine(home=folder / f"home-{label}") as engine:
        table = {"primary_key": None, "constraints": constraints}
        spec = engine.load(
            {
                "source": {"type": "files", "path": str(folder / "rides.parquet")},
                "tables": {"rides": table},
                "model": {"settings": {}},
            }
        )
        clock = time.perf_counter()
        trained = engine.train(spec, output=folder / f"{label}.semblant")
        seconds = time.perf_counter() - clock
        place = folder / label
        place.mkdir()
        model: Any = load_models(load_generator(trained.path, place), engine.host)["rides"][0]
    counted = Counted(model.model if isinstance(model, GuardedModel) else model)
    if isinstance(model, GuardedModel):
        model.model = counted  # type: ignore[assignment]
    else:
        model = counted
    run = Run(job="benchmark", seed=0, workspace=place)
    clock = time.perf_counter()
    made = pa.Table.from_batches(list(model.generate(GenerationRequest(rows=rows, seed=0), run)))
    drawing = time.perf_counter() - clock
    broken = []
    for entry in (entry for kind in CONSTRAINTS.values() for entry in kind):
        constraint, _ = structure(Constraint, entry)
        assert constraint is not None
        broken.append(f"{constraint}: {violations(constraint, made, data):,} ({violations(constraint, data):,})")
    score, drawn = accuracy(data, made.slice(0, data.num_rows)), counted.rows / rows
    sys.stdout.write(
        f"{label:<14} accuracy {score:.4f}  drawn per row {drawn:.3f}"
        f"  training {seconds:.0f} s  {rows / drawing:,.0f} rows/s\n"
        f"    rows that break (in the data): {'; '.join(broken)}\n"
    )
    sys.stdout.flush()


def run(arguments: list[str]) -> None:
    """Measure without, with all, and with each named kind alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kinds", nargs="*", default=[], choices=list(CONSTRAINTS))
    chosen = parser.parse_args(arguments)
    sets = {"none": [], "all": [entry for kind in CONSTRAINTS.values() for entry in kind]}
    sets |= {kind: CONSTRAINTS[kind] for kind in chosen.kinds}
    with tempfile.TemporaryDirectory() as folder:
        for label, constraints in sets.items():
            measure(label, constraints, chosen.rows, Path(folder))
