"""The tabular model alone on the benchmark splits: seconds, rows per second, loss, and scores of its rows.

    SEMBLANT_TEST_DATA=… python -m tests.benchmarks tabular [adult airbnb credit] [--setting hidden=32]

Prints one line of JSON per data set. Each is trained in a process of its own, so that its seconds hold
the start of the process and compiling. With ``SEMBLANT_RIG`` (a command that takes ``--train --holdout
--syn`` and prints JSON) the rows are also scored by that program.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SETS = ("adult", "airbnb", "credit")
BINS = 10
RATE_ROWS = 200_000


def measure(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Train on one split, generate as many rows, and score them; runs in a process of its own."""
    started = time.time() - time.process_time()
    import pyarrow as pa
    import pyarrow.parquet as pq

    from semblant.detection.columns import detect_columns
    from semblant.detection.profile import profile_table
    from semblant.run import Run
    from semblant.schema import Column, Table
    from semblant.spec.training import ModelSpec
    from semblant.training import ColumnPlan, GenerationRequest, Split, TrainingTable
    from semblant_models.settings import ColumnArSettings
    from semblant_models.tabular.backend import ColumnArBackend

    folder = Path(os.environ["SEMBLANT_TEST_DATA"]) / "bench" / name
    data = pq.read_table(folder / "train.parquet").replace_schema_metadata(None)
    table = Table(name=name, columns=tuple(Column(name=f.name, type=f.type) for f in data.schema), rows=data.num_rows)
    found = detect_columns(table, profile_table(table, iter(data.to_batches(65_536))))
    plans = tuple(ColumnPlan(name=f.name, type=f.type, encoding=found[f.name].encoding) for f in data.schema)
    training = TrainingTable(
        name=name,
        columns=plans,
        rows=data.num_rows,
        open=lambda: iter(data.to_batches(65_536)),
        split=Split(seed=0, fraction=0.1),
    )
    with tempfile.TemporaryDirectory() as work:
        run = Run(job="benchmark", seed=0, workspace=Path(work))
        backend = ColumnArBackend(ColumnArSettings(**settings), ModelSpec())
        model = backend.fit(training, backend.prepare(training, run), run)
        trained = time.time() - started
        request = GenerationRequest(rows=data.num_rows, seed=0)
        rows = pa.Table.from_batches(list(model.generate(request, run)))
        clock = time.perf_counter()
        made = sum(b.num_rows for b in model.generate(GenerationRequest(rows=RATE_ROWS, seed=1), run))
        rate = made / (time.perf_counter() - clock)
        holdout = pq.read_table(folder / "holdout.parquet")
        result = {
            "data": name,
            "seconds": round(trained, 1),
            "cpu_seconds": round(resource.getrusage(resource.RUSAGE_SELF).ru_utime, 1),
            "rows_per_second": round(rate),
            "epochs": round(model.settings_used["epochs"], 1),
            "validation_loss": round(min(h["validation_loss"] for h in model.history), 4),
            "accuracy": round(accuracy(data, rows), 4),
            "ceiling": round(accuracy(data, holdout), 4),
        }
        if os.environ.get("SEMBLANT_RIG"):
            synthetic = Path(work) / "synthetic.parquet"
            pq.write_table(rows, synthetic)
            result["rig"] = rig(folder, synthetic)
    return result


def rig(folder: Path, synthetic: Path, *more: str) -> Any:
    """Score rows by the outside program."""
    files = {"train": folder / "train.parquet", "holdout": folder / "holdout.parquet", "syn": synthetic}
    command = shlex.split(os.environ["SEMBLANT_RIG"])
    for option, path in files.items():
        command += [f"--{option}", str(path)]
    command += more
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def accuracy(real: Any, other: Any) -> float:
    """Give one minus the mean total variation distance of all single and paired columns in ten bins."""
    import numpy as np
    import pandas as pd

    left, right = real.to_pandas(), other.to_pandas()
    codes: list[tuple[Any, Any, int]] = []
    for name in left.columns:
        a, b = left[name], right[name]
        if pd.api.types.is_numeric_dtype(a) or pd.api.types.is_datetime64_any_dtype(a):
            edges = np.unique(a.dropna().quantile(np.linspace(0, 1, BINS + 1), interpolation="nearest"))
            x, y = (np.where(s.isna(), len(edges), np.searchsorted(edges[1:-1], s, side="right")) for s in (a, b))
            codes.append((x, y, len(edges) + 1))
        else:
            top = {value: place for place, value in enumerate(a.value_counts().index[:BINS])}
            x, y = (s.map(top).fillna(len(top)).to_numpy(int) for s in (a, b))
            codes.append((x, y, len(top) + 1))
    scores = []
    for size in (1, 2):
        found = []
        for part in itertools.combinations(codes, size):
            one: Any = 0
            two: Any = 0
            cells = 1
            for first, second, width in part:
                one, two, cells = one * width + first, two * width + second, cells * width
            p, q = (np.bincount(v, minlength=cells) / len(v) for v in (one, two))
            found.append(1 - np.abs(p - q).sum() / 2)
        scores.append(float(np.mean(found)))
    return float(np.mean(scores))


def run(arguments: list[str]) -> None:
    """Measure each named set in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--setting", action="append", default=[], help="a setting of the backend, name=value")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        settings = {key: json.loads(value) for key, _, value in (s.partition("=") for s in chosen.setting)}
        sys.stdout.write(json.dumps(measure(chosen.sets[0], settings)) + "\n")
        return
    for name in chosen.sets:
        extra = [part for setting in chosen.setting for part in ("--setting", setting)]
        subprocess.run([sys.executable, "-m", "tests.benchmarks", "tabular", name, "--here", *extra], check=True)
