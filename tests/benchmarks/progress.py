"""What a job says of the time that is left, against what it took: ``progress [adult airbnb credit demo …]``.

Each job runs in a process of its own with a report, as ``semblant run`` does it; compiled programs of earlier runs are
used where they are kept.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

PLACES = (0.25, 0.4, 0.5, 0.6, 0.75)
_SECONDS = 0.25


def watched(name: str, answers: Any) -> None:
    """Run a job; give its seconds, and what it said every quarter of a second."""
    from semblant.demo.shop import write_shop
    from semblant.engine import Engine
    from semblant.events import Event, EventKind
    from semblant.jobs.parts import Parts
    from semblant.spec.load import load_spec

    parts, lock, over = Parts(attempt=1), threading.Lock(), threading.Event()
    said: list[tuple[float, float, float | None]] = []
    began = time.monotonic()

    def hear(event: Event) -> None:
        with lock:
            if event.kind is EventKind.JOB_PLANNED:
                parts.plan(event.details)
            else:
                parts.take(event)

    def look() -> None:
        while not over.wait(_SECONDS):
            with lock:
                said.append((time.monotonic() - began, parts.share(), parts.seconds_left()))

    with tempfile.TemporaryDirectory() as folder, Engine(home=Path(folder) / "home", on_event=hear) as engine:
        path = Path(folder) / "shop"
        if name == "demo":
            path.mkdir()
            write_shop(path)
        else:
            path = Path(os.environ["SEMBLANT_TEST_DATA"]) / "bench" / name / "train.parquet"
        began = parts._began = time.monotonic()
        threading.Thread(target=look, daemon=True).start()
        spec = load_spec({"source": {"type": "files", "path": str(path)}, "seed": 1}, engine.host)
        engine.run(spec, out=Path(folder) / "out")
        over.set()
    answers.put((time.monotonic() - began, said))


def run(arguments: list[str]) -> None:
    """Print for some moments of each job what was left, what was said, and by how much that was wrong."""
    context = multiprocessing.get_context("spawn")
    for name in arguments or ["adult", "airbnb", "credit"]:
        answers: Any = context.Queue()
        process = context.Process(target=watched, args=(name, answers))
        process.start()
        seconds, said = answers.get(timeout=3_600)
        process.join()
        print(f"{name}: {seconds:.1f} s")
        print(f"  {'at':>4} {'share':>6} {'left':>7} {'said':>7} {'error':>6}")
        for place in PLACES:
            at, share, left = min(said, key=lambda entry: abs(entry[0] - place * seconds))
            true = seconds - at
            shown, error = ("-", "-") if left is None else (f"{left:.1f}", f"{left / true - 1:+.0%}")
            print(f"  {place:4.0%} {share:6.0%} {true:7.1f} {shown:>7} {error:>6}")
        near = [_is_near(said, place / 100, seconds) for place in range(25, 75)]
        print(f"  within 30 % of what was left for {np.mean(near):.0%} of the time from 25 to 75 %", flush=True)


def _is_near(said: list[tuple[float, float, float | None]], place: float, seconds: float) -> bool:
    at, _, left = min(said, key=lambda entry: abs(entry[0] - place * seconds))
    return left is not None and abs(left / (seconds - at) - 1) <= 0.3
