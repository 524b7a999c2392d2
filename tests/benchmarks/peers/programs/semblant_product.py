"""This project, through its Python interface and with default settings, as a user would call it."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import common

overrides = [word for word in sys.argv[1:] if "=" in word]
sys.argv = [word for word in sys.argv if "=" not in word]
options = common.options()
import pyarrow.parquet as pq  # noqa: E402

import semblant  # noqa: E402
from semblant.pipeline.dataset import load_generator, load_models  # noqa: E402
from semblant.run import Run  # noqa: E402
from semblant.training import GenerationRequest  # noqa: E402

with tempfile.TemporaryDirectory() as folder, semblant.Engine(home=Path(folder) / "home") as engine:
    spec = engine.load({"source": {"type": "files", "path": options.train}, "seed": options.seed}, overrides)
    trained = engine.train(spec, output=Path(folder) / "g.semblant")
    common.trained()
    made = engine.generate(trained, records=options.rows, out=Path(folder) / "made")
    pq.write_table(pq.read_table(next(iter(made.tables.values()))), options.out)
    (Path(folder) / "unpacked").mkdir()
    generator = load_generator(trained.path, Path(folder) / "unpacked")
    model = next(iter(load_models(generator, engine.host).values()))[0]
    assert model is not None
    run = Run(job="rate", seed=0, workspace=Path(folder))
    sum(batch.num_rows for batch in model.generate(GenerationRequest(rows=8192, seed=1), run))
    started = time.perf_counter()
    rows = sum(b.num_rows for b in model.generate(GenerationRequest(rows=options.rate_rows, seed=2), run))
    common.finished(rows / (time.perf_counter() - started))
