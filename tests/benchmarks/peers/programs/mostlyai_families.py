"""MOSTLY AI's engine, default settings, on a parent and its child: ``--train DIR`` holds train_parent and train_child.

Runs in the peers' environment and imports nothing of this project. ``--out`` is a prefix; ``--minutes`` bounds the
training of each of the two models.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import common

pk, fk = sys.argv.pop(1), sys.argv.pop(1)
options = common.options()
import pandas as pd  # noqa: E402
from mostlyai import engine  # noqa: E402

engine.set_random_state(options.seed)
parents = pd.read_parquet(f"{options.train}/train_parent.parquet")
children = pd.read_parquet(f"{options.train}/train_child.parquet")


def trained(folder: str, **data: object) -> str:
    """Train one model in a folder of its own."""
    engine.split(model_type="TABULAR", workspace_dir=folder, **data)
    engine.analyze(workspace_dir=folder)
    engine.encode(workspace_dir=folder)
    engine.train(workspace_dir=folder, max_training_time=options.minutes)
    return folder


def drawn(folder: str, **asked: object) -> pd.DataFrame:
    """Draw rows with a trained model."""
    engine.generate(workspace_dir=folder, **asked)
    return pd.read_parquet(Path(folder) / "SyntheticData")


with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
    trained(one, tgt_data=parents, tgt_primary_key=pk)
    trained(other, tgt_data=children, ctx_data=parents, ctx_primary_key=pk, tgt_context_key=fk)
    common.trained()
    made = drawn(one, sample_size=options.rows)
    made.to_parquet(f"{options.out}_parent.parquet")
    started = time.perf_counter()
    below = drawn(other, ctx_data=made)
    seconds = time.perf_counter() - started
    below.to_parquet(f"{options.out}_child.parquet")
    common.finished(len(below) / seconds)
