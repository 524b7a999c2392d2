"""A whole run of the program on a set with free text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl

from tests.benchmarks.text import scores


def whole(name: str, text: str, label: str, samples: int, folder: Path) -> None:
    """Run ``semblant run`` with its report; print times, 3-grams and agreement against kept-back rows, and samples."""
    path = Path(os.environ["SEMBLANT_TEST_DATA"]) / "dev" / "text" / name / f"{name}.parquet"
    frame = pl.read_parquet(path).sample(fraction=1.0, shuffle=True, seed=1)
    held, learned = frame.head(len(frame) // 5), frame.tail(-(len(frame) // 5))
    (folder / "in").mkdir()
    learned.write_parquet(folder / "in" / f"{name}.parquet")
    command = [sys.executable, "-m", "semblant", "run", str(folder / "in" / f"{name}.parquet")]
    command += ["-o", str(folder / "out"), "--seed", "0", "--json"]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"seconds {time.monotonic() - started:.0f}  exit {done.returncode}")
    if done.returncode:
        print(done.stderr)
        return
    print({name: round(value, 1) for name, value in json.loads(done.stdout)["timings"].items()})
    made_path = next(found for found in (folder / "out").rglob("*") if found.suffix in (".parquet", ".csv"))
    made = pl.read_parquet(made_path) if made_path.suffix == ".parquet" else pl.read_csv(made_path)
    texts = [part[text].fill_null("").to_list() for part in (learned, held, made)]
    labels = [part[label].cast(pl.String).fill_null("").to_list() for part in (learned, held, made)]
    for title, figures in (
        ("distributions", scores.distributions(texts[0], texts[2])),
        ("3-grams", scores.shared_grams(texts[1], texts[0], texts[2])),
        ("agreement", scores.agreement(*zip(texts, labels, strict=True))),
        ("copies", scores.copies(*texts)),
    ):
        print(title, {name: round(value, 4) for name, value in figures.items()})
    for row in made.head(samples).select(label, text).iter_rows():
        print(f"    [{row[0]}] {row[1]!r}")
