"""How training and generation grow: seconds per epoch by rows and by columns, memory of large tables.

``python -m tests.benchmarks growth [rows] [columns] [memory] [generate]``; each measure is a process of its own.
Seconds are processor time of the whole process, so that other work on the machine hardly matters.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
COLUMNS = (10, 20, 50, 100, 200)
USUAL_COLUMNS = 15
USUAL_ROWS = 20_000
LEAST_STEPS = 40
"""Steps after the first validation that an epoch's time is told from."""
GENERATED = 10_000_000
PARTS = ("rows", "columns", "memory", "generate")


def made(rows: int, columns: int) -> Any:
    """Make a table of numbers, categories, whole numbers, truth values and codes that hang together."""
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(rows + columns)
    common = rng.normal(size=(rows, 3)).astype(np.float32)
    out: dict[str, Any] = {}
    for place in range(columns):
        weights = rng.normal(size=3).astype(np.float32)
        score = common @ (weights / np.linalg.norm(weights)) + rng.normal(size=rows).astype(np.float32) * 0.6
        kind = place % 5
        if kind == 0:
            out[f"number{place}"] = pa.array(np.round(score * 100.0, 2).astype(np.float64))
        elif kind == 1:
            grade = np.digitize(score, [-1, -0.5, 0, 0.5, 1, 1.5]).astype(np.int32)
            out[f"grade{place}"] = pa.DictionaryArray.from_arrays(pa.array(grade), list("abcdefg")).cast(pa.string())
        elif kind == 2:
            out[f"count{place}"] = pa.array(np.round(score * 20).astype(np.int64))
        elif kind == 3:
            out[f"flag{place}"] = pa.array(score > 0.3)
        else:
            town = np.minimum(np.abs(score * 12), 59).astype(np.int32)
            names = [f"{a}o{b}a" for a in "klmnprst" for b in "bdfglmnt"][:60]
            out[f"town{place}"] = pa.DictionaryArray.from_arrays(pa.array(town), names).cast(pa.string())
    return pa.table(out)


def trained(rows: int, columns: int, folder: Path, *, epochs: int | None = None) -> dict[str, Any]:
    """Train in this process through the engine; gives seconds per epoch and most memory."""
    import pyarrow.parquet as pq

    from semblant.clock import peak_memory_bytes
    from semblant.engine import Engine
    from semblant.events import Event, Step
    from semblant.spec.write import spec_data

    path = folder / "made.parquet"
    if not path.is_file():
        made = f"{rows},{columns},{path}"
        subprocess.run([sys.executable, "-m", "tests.benchmarks", "growth", "--make", made], check=True)
    batch = 1024 if rows > 500_000 else 512
    per_epoch = max(round(rows * 0.9) // batch, 1)
    wanted = epochs or max(1, -(-2 * LEAST_STEPS // per_epoch))
    marks: list[tuple[float, float]] = []

    def hear(event: Event) -> None:
        if event.step is Step.TRAIN and event.unit == "epochs" and event.done:
            marks.append((event.done, time.process_time()))

    with Engine(home=folder / "home", on_event=hear) as engine:
        spec = engine.load(
            spec_data(engine.spec_for(str(path))),
            [f"model.max_epochs={wanted}", "model.early_stop_delta=0", "report.enabled=false"],
        )
        generator = engine.train(spec, output=folder / "made.semblant")
    first, last = marks[0], marks[-1]
    return {
        "rows": pq.read_metadata(path).num_rows,
        "columns": columns,
        "seconds_per_epoch": (last[1] - first[1]) / max(last[0] - first[0], 1e-9),
        "peak_mb": round(peak_memory_bytes() / 2**20),
        "generator": str(generator.path),
    }


def generated(rows: int, generator: Path, folder: Path) -> dict[str, Any]:
    """Generate to Parquet in this process; gives rows per second and most memory."""
    from semblant.clock import peak_memory_bytes
    from semblant.engine import Engine

    started, cpu = time.monotonic(), time.process_time()
    with Engine(home=folder / "home2") as engine:
        found = engine.generate(generator, records=rows, out=folder / "out", seed=1)
    return {
        "rows": sum(found.rows.values()),
        "rows_per_second": round(rows / (time.monotonic() - started)),
        "rows_per_cpu_second": round(rows / (time.process_time() - cpu)),
        "peak_mb": round(peak_memory_bytes() / 2**20),
    }


def exponent(points: list[tuple[float, float]]) -> float:
    """Give the slope of the line through the logarithms (least squares).

    >>> round(exponent([(10, 1.0), (100, 10.0), (1000, 100.0)]), 3)
    1.0
    """
    xs, ys = ([math.log(point[axis]) for point in points] for axis in (0, 1))
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    top = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return top / sum((x - mean_x) ** 2 for x in xs)


def measured(part: str, *numbers: int, folder: Path) -> dict[str, Any]:
    """Run one measure in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks", "growth", "--here", part, *map(str, numbers), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"note": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def grown(name: str, sizes: list[tuple[int, int]], axis: int) -> None:
    """Print a line per size and the exponent of the growth."""
    points = []
    for rows, columns in sizes:
        with tempfile.TemporaryDirectory(prefix="semblant-growth-") as folder:
            found = measured("train", rows, columns, 0, folder=Path(folder))
        print(f"{rows:>9,} x {columns:<4} {json.dumps(found)}", flush=True)
        if "note" not in found:
            points.append((float((rows, columns)[axis]), float(found["seconds_per_epoch"])))
    if len(points) > 1:
        print(f"seconds per epoch grow with {name} to the power of {exponent(points):.2f}", flush=True)


def run(arguments: list[str]) -> None:
    """Measure what is named, everything when nothing is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--make", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.make:
        import pyarrow.parquet as pq

        rows, columns, path = chosen.make.split(",", 2)
        pq.write_table(made(int(rows), int(columns)), path)
        return
    if chosen.here:
        part, *numbers, folder = chosen.parts
        if part == "train":
            rows, columns, epochs = map(int, numbers)
            print(json.dumps(trained(rows, columns, Path(folder), epochs=epochs or None)))
        else:
            print(json.dumps(generated(int(numbers[0]), Path(folder) / "made.semblant", Path(folder))))
        return
    parts = chosen.parts or PARTS
    if "rows" in parts:
        grown("rows", [(rows, USUAL_COLUMNS) for rows in ROWS], 0)
    if "columns" in parts:
        grown("columns", [(USUAL_ROWS, columns) for columns in COLUMNS], 1)
    with tempfile.TemporaryDirectory(prefix="semblant-growth-") as folder:
        if "memory" in parts or "generate" in parts:
            found = measured("train", 1_000_000, USUAL_COLUMNS, 1, folder=Path(folder))
            print(f"1,000,000 x {USUAL_COLUMNS} trained: {json.dumps(found)}", flush=True)
        if "generate" in parts:
            found = measured("generate", GENERATED, folder=Path(folder))
            print(f"{GENERATED:,} rows generated: {json.dumps(found)}", flush=True)
