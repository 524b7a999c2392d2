"""A parent and its child beside the peers, in one run: time, rate, memory and the rig's relational figures.

    SEMBLANT_TEST_DATA=… SEMBLANT_RIG="python evaluate.py" python -m tests.benchmarks families
        [--data DIR --pk id --fk players_id] [--systems semblant mostlyai sdv-hma] [--minutes 15] [--environment DIR]

``DIR`` holds ``{train,holdout}_{parent,child}.parquet``; baseball unless said. The rig is ``evaluate_rel.py`` beside
the one that ``SEMBLANT_RIG`` names. A system is stopped after one and a half times ``--minutes`` of training per table.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from tests.benchmarks.peers.environment import peers_python
from tests.benchmarks.peers.splits import DataSplit
from tests.benchmarks.peers.systems import System, run_system

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADS = ("fit s", "rows/s", "GB", "counts", "child", "child–parent", "next row", "C2ST")


def run(arguments: Sequence[str]) -> None:
    """Run the systems one after the other and print a line each, and the real holdout's."""
    parser = argparse.ArgumentParser(prog="families", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SEMBLANT_TEST_DATA", "")) / "bench/baseball")
    parser.add_argument("--pk", default="id")
    parser.add_argument("--fk", default="players_id")
    parser.add_argument("--systems", nargs="+", default=["semblant", "mostlyai", "sdv-hma"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=15.0, help="training time that each table is given")
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir()) / "semblant-peers")
    asked = parser.parse_args(arguments)
    if not (asked.data / "train_parent.parquet").is_file():
        print(f"no data: '{asked.data}' holds no train_parent.parquet; set SEMBLANT_TEST_DATA or name --data")
        return
    python = peers_python(asked.environment) if set(asked.systems) - {"semblant"} else Path()
    print(f"{'system':14}" + "".join(f"{head:>14}" for head in HEADS))
    with tempfile.TemporaryDirectory(prefix="families-") as folder:
        for system in _systems(asked.pk, asked.fk):
            if system.name not in asked.systems:
                continue
            figures, rig = _measured(system, asked, python, Path(folder) / system.name)
            print(
                _line(system.name, [*_costs(figures), *_scores(rig, "syn")], str(figures.get("note", ""))), flush=True
            )
            if rig and system.ours:
                print(_line("real holdout", ["–", "–", "–", *_scores(rig, "holdout")]), flush=True)


def _systems(pk: str, fk: str) -> tuple[System, ...]:
    programs = {"semblant": "semblant", "mostlyai": "mostlyai", "sdv-hma": "sdv"}
    return tuple(
        System(name=name, program=f"{program}_families.py", arguments=(pk, fk), ours=name == "semblant")
        for name, program in programs.items()
    )


def _measured(
    system: System, asked: argparse.Namespace, python: Path, out: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    rows = pq.read_metadata(asked.data / "train_parent.parquet").num_rows
    data = DataSplit(
        name=asked.data.name,
        train=asked.data,
        holdout=asked.data,
        rows=rows,
    )
    figures = run_system(system, data, out, seed=asked.seed, python=python, minutes=asked.minutes)
    rig = shlex.split(os.environ.get("SEMBLANT_RIG", ""))
    if not rig or not Path(f"{out}_child.parquet").is_file():
        return figures, {}
    rig[-1] = str(Path(rig[-1]).with_name("evaluate_rel.py"))
    command = [*rig, "--dir", str(asked.data), "--syn", str(out), "--pk", asked.pk, "--fk", asked.fk]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return figures, found


def _costs(figures: dict[str, Any]) -> list[str]:
    memory = figures.get("peak_bytes")
    seconds, rate = figures.get("fit_seconds"), figures.get("rows_per_second")
    return [
        f"{seconds:.1f}" if seconds else "–",
        f"{rate:,.0f}" if rate else "–",
        f"{memory / 1e9:.2f}" if memory else "–",
    ]


def _scores(rig: dict[str, Any], which: str) -> list[str]:
    if not rig:
        return ["–"] * 5
    between = rig["intertable"][which]
    figures = [
        rig["cardinality"][which]["ks_complement"],
        rig["child_accuracy"][which]["overall"],
        between["bivariate_child_parent"],
        between["coherence_next_row"],
        rig["c2st"][f"xgb_auc_{which}"],
    ]
    return [f"{figure:.4f}" for figure in figures]


def _line(name: str, words: Sequence[str], note: str = "") -> str:
    return f"{name:14}" + "".join(f"{word:>14}" for word in words) + (f"  {note}" if note else "")
