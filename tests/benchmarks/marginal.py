"""The marginal backend on the benchmark splits, private from end to end: seconds, epsilon by the account, scores.

    SEMBLANT_TEST_DATA=… SEMBLANT_RIG=… python -m tests.benchmarks marginal [adult …] [--epsilon 1] [--runs 3]

Delta is a tenth of one over the number of rows. Prints one line of JSON per run; each is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.tabular import rig

TARGETS = {"adult": ("income", "class"), "credit": ("has_default", "class"), "airbnb": ("price", "reg")}
PARTS = "acc,c2st,mle"


def measure(name: str, epsilon: float, settings: dict[str, Any]) -> dict[str, Any]:
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
    from semblant_models.marginal.backend import MarginalBackend
    from semblant_models.marginal.model import MarginalModel
    from semblant_models.privacy.account import BudgetAccount
    from semblant_models.settings import MarginalSettings

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
    account = BudgetAccount(epsilon=epsilon, delta=0.1 / data.num_rows)
    with tempfile.TemporaryDirectory() as work:
        run = Run(job="benchmark", seed=0, workspace=Path(work), privacy=account)
        backend = MarginalBackend(MarginalSettings(**settings), ModelSpec())
        model = backend.fit(training, backend.prepare(training, run), run)
        assert isinstance(model, MarginalModel)
        rows = pa.Table.from_batches(list(model.generate(GenerationRequest(rows=data.num_rows, seed=0), run)))
        result = {
            "data": name,
            "epsilon": round(account.spent.epsilon, 4),
            "delta": account.delta,
            "seconds": round(time.time() - started, 1),
            "cpu_seconds": round(resource.getrusage(resource.RUSAGE_SELF).ru_utime, 1),
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "codes": list(model.codes.sizes),
            "rounds": list(model.history),
        }
        if os.environ.get("SEMBLANT_RIG"):
            synthetic = Path(work) / "synthetic.parquet"
            pq.write_table(rows, synthetic)
            target, task = TARGETS[name]
            result["rig"] = scores(rig(folder, synthetic, "--target", target, "--task", task, "--parts", PARTS))
    return result


def scores(found: Any) -> dict[str, Any]:
    """Take the figures that are aimed at out of the rig's."""
    accuracy = found["accuracy"]
    return {
        "accuracy": accuracy["syn_vs_ori"]["overall"],
        "c2st": found["c2st"]["xgb_auc_train"],
        "trained_on_synthetic": found["mle"]["syn"],
        "two_way_distance": round(1 - accuracy["syn_vs_train"]["bivariate"], 5),
    }


def run(arguments: list[str]) -> None:
    """Measure each named set in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(TARGETS))
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--setting", action="append", default=[], help="a setting of the backend, name=value")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        settings = {key: json.loads(value) for key, _, value in (s.partition("=") for s in chosen.setting)}
        sys.stdout.write(json.dumps(measure(chosen.sets[0], chosen.epsilon, settings)) + "\n")
        return
    for name in chosen.sets:
        extra = [part for setting in chosen.setting for part in ("--setting", setting)]
        command = [sys.executable, "-m", "tests.benchmarks", "marginal", name, "--epsilon", str(chosen.epsilon)]
        for _ in range(chosen.runs):
            subprocess.run([*command, "--here", *extra], check=True)
