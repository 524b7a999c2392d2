"""The report alone: seconds, seconds of the processor, peak memory and size of its files.

    SEMBLANT_TEST_DATA=… python -m tests.benchmarks report [adult wide airbnb credit] [--peer PYTHON] [--rig]
        [--repeat N]

``adult``, ``airbnb`` and ``credit`` compare the halves of the benchmark sets, ``wide`` 100,000 × 50 rows that are made.
What stands in for synthetic rows can be made again by anybody; how well it is does not change the time.
``--peer`` names an interpreter, or an environment, that has ``mostlyai-qa``: its whole report on the same files is
timed in the same run. ``--rig`` asks the program of ``SEMBLANT_RIG`` for the same figures and prints both, with the
gaps. Prints one line of JSON per measurement.
"""

from __future__ import annotations

import argparse
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

TABLES = ("adult", "wide", "airbnb", "credit")
WIDE = (100_000, 50)
PEER = Path(__file__).parent / "peers" / "programs" / "mostlyai_quality.py"
ALLOWED = {"accuracy": 0.005, "ceiling": 0.005, "dcr_share": 0.005, "c2st": 0.02}
"""How far a figure may be from that of the measuring rig."""

Files = tuple[Path, Path, Path]


def run(arguments: list[str]) -> None:
    """Measure the tables that are named, adult and the wide one when none is."""
    parser = argparse.ArgumentParser(prog="report", description=__doc__)
    parser.add_argument("tables", nargs="*", help=", ".join(TABLES))
    parser.add_argument("--peer", help="interpreter or environment with mostlyai-qa")
    parser.add_argument("--rig", action="store_true", help="print the figures of SEMBLANT_RIG beside ours")
    parser.add_argument("--repeat", type=int, default=1)
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.tables) - set(TABLES):
        parser.error(f"there is no table {', '.join(sorted(unknown))}; name some of {', '.join(TABLES)}")
    for name in chosen.tables or TABLES[:2]:
        with tempfile.TemporaryDirectory() as folder:
            made = _wide(Path(folder)) if name == "wide" else _bench(name, Path(folder))
            if made is None:
                _say(table=name, skipped="SEMBLANT_TEST_DATA names no folder with it")
                continue
            out = Path(folder) / "report"
            for _ in range(chosen.repeat):
                _say(table=name, program="semblant", **_measured(made, out))
                if chosen.peer:
                    _say(table=name, program="mostlyai-qa", **_peer(chosen.peer, made, Path(folder) / "peer.html"))
            if chosen.rig:
                _say(table=name, **_beside(json.loads((out / "report.json").read_text(encoding="utf-8")), made))


def _say(**told: Any) -> None:
    print(json.dumps(told), flush=True)


def _measured(files: Files, out: Path) -> dict[str, Any]:
    """Report on training, holdout and synthetic rows in a process of its own."""
    train, held, made = map(str, files)
    command = [sys.executable, "-m", "semblant", "report", train, made, "--holdout", held, "-o", str(out)]
    found, _ = _timed(command)
    sizes = {path.suffix.lstrip("."): path.stat().st_size for path in sorted(out.iterdir())} if out.exists() else {}
    return found | {"bytes": sizes}


def _peer(python: str, files: Files, out: Path) -> dict[str, Any]:
    """Have the other program report on the same rows."""
    place = Path(python)
    interpreter = place / "bin" / "python" if place.is_dir() else place
    found, said = _timed([str(interpreter), str(PEER), *map(str, files), str(out)])
    return found | (json.loads(said.splitlines()[-1]) if said and not found["status"] else {"said": said[-300:]})


def _beside(told: dict[str, Any], files: Files) -> dict[str, Any]:
    """Give the figures of the report and of the measuring rig, and whether they agree."""
    scores = told["sections"][0]["figures"]["scores"]
    ours = {
        "accuracy": scores["accuracy"],
        "ceiling": scores["accuracy_ceiling"],
        "dcr_share": scores["dcr_share"],
        "c2st": scores["c2st_auc"],
    }
    train, held, made = map(str, files)
    command = [*shlex.split(os.environ["SEMBLANT_RIG"]), "--train", train, "--holdout", held, "--syn", made]
    done = subprocess.run([*command, "--parts", "acc,c2st,privacy"], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    rig = {
        "accuracy": found["accuracy"]["syn_vs_train"]["overall"],
        "ceiling": found["accuracy"]["holdout_vs_train"]["overall"],
        "dcr_share": found["privacy"]["dcr_share"],
        "c2st": found["c2st"]["xgb_auc_train"],
    }
    gaps = {name: round(ours[name] - rig[name], 5) for name in ours}
    agree = all(abs(gaps[name]) <= ALLOWED[name] for name in gaps)
    return {"ours": ours, "rig": rig, "gaps": gaps, "allowed": ALLOWED, "agree": agree}


def _timed(command: list[str]) -> tuple[dict[str, Any], str]:
    """Run a command; other work on the machine lengthens the seconds, hardly those of the processor."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    # one after the other: the peak is the largest of all children so far, so it is read from the child itself
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "processor_seconds": round(spent, 1),
        "peak_mb": round(used.ru_maxrss / 1024),
        "load": round(os.getloadavg()[0], 1),
        "status": child.returncode,
    }, text


def _bench(name: str, folder: Path) -> Files | None:
    """Give a benchmark split and disturbed rows in place of synthetic ones."""
    from tests.plugins.reports.material import disturbed

    data = Path(os.environ.get("SEMBLANT_TEST_DATA", "")) / "bench" / name
    if not os.environ.get("SEMBLANT_TEST_DATA") or not data.is_dir():
        return None
    train, held = data / "train.parquet", data / "holdout.parquet"
    pq.write_table(disturbed(pq.read_table(held), pq.read_table(train)), folder / "synthetic.parquet")
    return train, held, folder / "synthetic.parquet"


def _wide(folder: Path) -> Files:
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
