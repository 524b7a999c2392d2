"""The report alone: seconds, seconds of the processor, peak memory and size of its files.

    SEMBLANT_TEST_DATA=… python -m tests.benchmarks report [adult wide]

``adult`` compares 24,421 × 15 with as many rows and a holdout, ``wide`` 100,000 × 50 of both. What stands in for
synthetic rows can be made again by anybody; how well it is does not change the time. With ``SEMBLANT_PEER_QA`` (a
command that takes training, holdout and synthetic files) that program's time for adult is measured in the same run.
Prints one line of JSON per table.
"""

from __future__ import annotations

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

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TABLES = ("adult", "wide")
WIDE = (100_000, 50)


def run(arguments: list[str]) -> None:
    """Measure the tables that are named, all when none is."""
    for name in arguments or TABLES:
        with tempfile.TemporaryDirectory() as folder:
            made = _adult(Path(folder)) if name == "adult" else _wide(Path(folder))
            if made is None:
                print(json.dumps({"table": name, "skipped": "SEMBLANT_TEST_DATA names no folder"}))
                continue
            print(json.dumps({"table": name, **_measured(made, Path(folder) / "report")}))
            peer = os.environ.get("SEMBLANT_PEER_QA")
            if peer and name == "adult":
                print(json.dumps({"table": name, "program": "peer", **_timed([*shlex.split(peer), *map(str, made)])}))


def _measured(files: tuple[Path, Path, Path], out: Path) -> dict[str, Any]:
    """Report on training, holdout and synthetic rows in a process of its own."""
    train, held, made = map(str, files)
    command = [sys.executable, "-m", "semblant", "report", train, made, "--holdout", held, "-o", str(out)]
    found = _timed(command)
    sizes = {path.suffix.lstrip("."): path.stat().st_size for path in sorted(out.iterdir())} if out.exists() else {}
    return found | {"bytes": sizes}


def _timed(command: list[str]) -> dict[str, Any]:
    """Run a command; other work on the machine lengthens the seconds, hardly those of the processor."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "processor_seconds": round(used, 1),
        "peak_mb": round(after.ru_maxrss / 1024),
        "load": round(os.getloadavg()[0], 1),
        "status": done.returncode,
    }


def _adult(folder: Path) -> tuple[Path, Path, Path] | None:
    """Give the benchmark split and disturbed rows in place of synthetic ones."""
    from tests.plugins.reports.material import disturbed

    data = Path(os.environ.get("SEMBLANT_TEST_DATA", "")) / "bench" / "adult"
    if not os.environ.get("SEMBLANT_TEST_DATA") or not data.is_dir():
        return None
    train, held = data / "train.parquet", data / "holdout.parquet"
    pq.write_table(disturbed(pq.read_table(held), pq.read_table(train)), folder / "synthetic.parquet")
    return train, held, folder / "synthetic.parquet"


def _wide(folder: Path) -> tuple[Path, Path, Path]:
    """Make three samples of one population: numbers that hang together, categories of two to forty values."""
    paths = []
    for seed, name in enumerate(("train", "holdout", "synthetic")):
        rng = np.random.default_rng(seed)
        rows, columns = WIDE
        hidden = rng.normal(size=(rows, 5))
        made: dict[str, Any] = {}
        for place in range(columns):
            values = hidden[:, place % 5] + rng.normal(size=rows)
            if place % 3 == 0:
                levels = 2 + place % 40
                edges = np.linspace(-2, 2, levels - 1)
                made[f"category{place}"] = pa.array([f"value{code}" for code in range(levels)]).take(
                    pa.array(np.digitize(values, edges))
                )
            else:
                made[f"number{place}"] = pa.array(np.round(values * 100, place % 4), mask=rng.random(rows) < 0.02)
        paths.append(folder / f"{name}.parquet")
        pq.write_table(pa.table(made), paths[-1])
    return paths[0], paths[1], paths[2]
