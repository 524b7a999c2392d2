"""Each single table of the real data sets through ``semblant run``: time, memory, scores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path("dev") / "single"
LIMIT_SECONDS = 900


def tables(names: list[str]) -> list[Path]:
    """Give the Parquet files of the sets with these names, of all when there are none."""
    root = Path(os.environ.get("SEMBLANT_TEST_DATA", "")) / FOLDER
    return sorted(path for path in root.glob("*/*.parquet") if not names or path.parent.name in names)


def measured(table: Path, out: Path) -> dict[str, float | str]:
    """Run one table in a process of its own and read what it left."""
    command = [sys.executable, "-m", "semblant", "run", str(table), "-o", str(out), "--seed", "0", "--json"]
    start = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"note": f"stopped after {LIMIT_SECONDS} s"}
    seconds = time.perf_counter() - start
    if done.returncode:
        return {"note": f"exit {done.returncode}: {(done.stderr.strip() or '?').splitlines()[0]}"}
    result = json.loads(done.stdout)
    timings = result["timings"]
    return {
        "total": seconds,
        "training": timings["AI training"],
        "memory_mb": timings["peak_memory_mb"],
        **{name: value for name, value in result["scores"].items() if isinstance(value, int | float)},
    }


def run(arguments: list[str]) -> None:
    """Print a line per table: seconds from process start, seconds of training, peak memory, scores of the report."""
    found = tables(arguments)
    if not found:
        print("no tables: SEMBLANT_TEST_DATA names no folder with dev/single/NAME/NAME.parquet")
        return
    with tempfile.TemporaryDirectory(prefix="semblant-bench-") as folder:
        for table in found:
            figures = measured(table, Path(folder) / table.parent.name)
            note = str(figures.pop("note", ""))
            shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
            print(f"{table.parent.name:<22} {note or shown}", flush=True)
