"""MOSTLY AI's engine, default settings: train on one Parquet file, write rows, measure the rate.

Runs in the peers' environment and imports nothing of this project.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import common

options = common.options()
import pandas as pd  # noqa: E402
from mostlyai import engine  # noqa: E402

engine.set_random_state(options.seed)
data = pd.read_parquet(options.train)
with tempfile.TemporaryDirectory() as folder:
    engine.split(tgt_data=data, model_type="TABULAR", workspace_dir=folder)
    engine.analyze(workspace_dir=folder)
    engine.encode(workspace_dir=folder)
    engine.train(workspace_dir=folder, max_training_time=options.minutes)
    common.trained()

    def generate(rows: int) -> pd.DataFrame:
        """Draw rows with the trained model."""
        engine.generate(workspace_dir=folder, sample_size=rows)
        return pd.read_parquet(Path(folder) / "SyntheticData")

    generate(options.rows).to_parquet(options.out)
    started = time.perf_counter()
    generate(options.rate_rows)
    common.finished(options.rate_rows / (time.perf_counter() - started))
