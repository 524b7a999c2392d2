"""Tables trained at the same time: ``python -m tests.benchmarks together [NAME …] [--rounds N] [--at-once 1 3 auto]``.

Each database of ``dev/relational`` is trained with each number of tables at once, each time in a process of its own and
with no compiled program kept. Rounds go through the numbers in turn, so that what else the machine does falls on all of
them alike; times are medians over the rounds, the ratio is against the first number.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAMES = ("chinook", "northwind")
LEARNING = ("transforming data", "AI training")


def trained(name: str, at_once: str) -> dict[str, Any]:
    """Train a database in this process; gives seconds, processor seconds, most memory and the most tables at once."""
    from semblant.clock import peak_memory_bytes
    from semblant.engine import Engine
    from semblant.events import Event, EventKind, Step
    from semblant.spec.write import spec_data
    from tests.benchmarks.relational import copied

    at_it, seen, learning = set[str | None](), [0], list[float]()

    def hear(event: Event) -> None:
        if str(event.step) in LEARNING:
            learning.append(time.monotonic())
        if event.step is Step.TRAIN and event.kind is EventKind.STEP_STARTED:
            at_it.add(event.table)
            seen.append(len(at_it))
        elif event.step is Step.TRAIN and event.kind is EventKind.STEP_FINISHED:
            at_it.discard(event.table)

    with tempfile.TemporaryDirectory(prefix="semblant-together-") as folder:
        data = copied(Path(os.environ["SEMBLANT_TEST_DATA"]), name, Path(folder) / "data")
        began, cpu = time.monotonic(), time.process_time()
        with Engine(home=Path(folder) / "home", on_event=hear) as engine:
            spec = engine.load(spec_data(engine.spec_for(str(data))), [f"tables_at_once={at_once}"])
            engine.train(spec, output=Path(folder) / "out.semblant")
        return {
            "seconds": time.monotonic() - began,
            "learning": learning[-1] - learning[0],
            "processor": time.process_time() - cpu,
            "peak_mb": peak_memory_bytes() / 2**20,
            "at_once": max(seen),
        }


def measured(name: str, at_once: str) -> dict[str, float]:
    """Train in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks", "together", name, "--here", at_once]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("JAX_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(arguments: list[str]) -> None:
    """Print a line per database and number of tables."""
    parser = argparse.ArgumentParser(prog="together", description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--at-once", nargs="+", default=["1", "auto"])
    parser.add_argument("--here", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        print(json.dumps(trained(chosen.names[0], chosen.here)))
        return
    for name in chosen.names:
        found: dict[str, list[dict[str, float]]] = {number: [] for number in chosen.at_once}
        for _ in range(chosen.rounds):
            for number in chosen.at_once:
                found[number].append(measured(name, number))
        first = None
        for number, figures in found.items():
            middle = {key: statistics.median(entry[key] for entry in figures) for key in figures[0]}
            first = first or middle
            print(
                f"{name:<12} tables_at_once {number:<5} (at most {middle['at_once']:.0f}): "
                f"learning {middle['learning']:.1f} s ({middle['learning'] / first['learning']:.2f}), "
                f"in all {middle['seconds']:.1f} s ({middle['seconds'] / first['seconds']:.2f}), "
                f"processor {middle['processor']:.1f} s, peak {middle['peak_mb']:,.0f} MB",
                flush=True,
            )
