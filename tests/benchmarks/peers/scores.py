"""Scores of synthetic rows by an outside program, named by ``SEMBLANT_RIG``."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.peers.splits import DataSplit


def scores(data: DataSplit, synthetic: Path, parts: str = "acc,c2st,mle,privacy") -> dict[str, float]:
    """Give gap to the ceiling, C2ST, DCR share and the shortfall of predictions; {} without a program."""
    rig = os.environ.get("SEMBLANT_RIG")
    if not rig:
        return {}
    command = [*shlex.split(rig), "--train", str(data.train), "--holdout", str(data.holdout), "--syn", str(synthetic)]
    command += ["--parts", parts]
    if data.target:
        command += ["--target", data.target, "--task", data.task]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return summary(json.loads(done.stdout))


def summary(found: dict[str, Any]) -> dict[str, float]:
    """Pick the figures that are compared out of the program's answer."""
    out: dict[str, float] = {}
    if "accuracy" in found:
        accuracy = found["accuracy"]
        out["accuracy"] = accuracy["syn_vs_train"]["overall"]
        out["ceiling"] = accuracy["holdout_vs_train"]["overall"]
        out["gap"] = out["ceiling"] - out["accuracy"]
    if "c2st" in found:
        out["c2st"] = found["c2st"]["xgb_auc_train"]
    if "privacy" in found:
        out["dcr_share"] = found["privacy"]["dcr_share"]
    for name in ("auc_gap", "r2_gap"):
        if name in (found.get("mle") or {}):
            out["short"] = found["mle"][name]
    return out
