"""Semblant beside its peers on the same splits, in one run: time, rate, memory, scores, ratios.

    SEMBLANT_TEST_DATA=… SEMBLANT_RIG="python evaluate.py" python -m tests.benchmarks peers [adult …]
        [--systems semblant mostlyai …] [--seeds 3] [--minutes 15] [--environment DIR] [--out DIR] [--table]

The peers are installed into an environment of their own, at their newest versions and with default
settings. Each system trains in a process of its own, one after the other; on each data set Semblant and
the peers take turns. Everything is kept in ``DIR/results.jsonl``; what is there is not run again, and
``--table`` only prints it. ``DIR/peers.svg`` shows quality against training time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.peers.environment import peers_python, versions
from tests.benchmarks.peers.picture import picture
from tests.benchmarks.peers.scores import scores
from tests.benchmarks.peers.splits import names, split
from tests.benchmarks.peers.systems import SYSTEMS, run_system
from tests.benchmarks.peers.tables import table


def run(arguments: list[str]) -> None:
    """Run what is not yet there, then print the table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--systems", nargs="+", default=[system.name for system in SYSTEMS])
    parser.add_argument("--seeds", type=int, default=1, help="runs of Semblant per data set; peers run once")
    parser.add_argument("--minutes", type=float, default=15.0, help="training time that a system is given")
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir()) / "semblant-peers")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "semblant-peers-results")
    parser.add_argument("--table", action="store_true", help="print what is there, run nothing")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    kept = chosen.out / "results.jsonl"
    if not chosen.table:
        _measure(chosen, kept)
    found = _read(kept)
    print(table(found))
    picture(found, chosen.out / "peers.svg")


def _measure(chosen: argparse.Namespace, kept: Path) -> None:
    wanted = [system for system in SYSTEMS if system.name in chosen.systems]
    python = peers_python(chosen.environment) if any(not system.ours for system in wanted) else Path()
    there = {(row["data"], row["system"], row["seed"]) for row in _read(kept)}
    for name in chosen.sets or names():
        data = split(name, chosen.out / "splits")
        for seed in range(chosen.seeds):
            for system in wanted:
                if (seed and not system.ours) or (system.only and name not in system.only):
                    continue
                if (name, system.name, seed) in there:
                    continue
                out = chosen.out / f"{name}-{system.name}-{seed}.parquet"
                figures = run_system(system, data, out, seed=seed, python=python, minutes=chosen.minutes)
                if out.is_file():
                    figures |= scores(data, out)
                    out.unlink()
                row = {"data": name, "rows": data.rows, "system": system.name, "seed": seed, **figures}
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
    if python != Path():
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), **versions(python)}
        (chosen.out / "machine.json").write_text(json.dumps(machine), encoding="utf-8")


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
