"""This project on a parent and its child, keys found by detection, default settings; ``--out`` is a prefix."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import common

# the keys are detected: the parent is named as the child's key says
NAMES = {"parent": sys.argv[2].removesuffix(f"_{sys.argv[1]}"), "child": "child"}
del sys.argv[1:3]
options = common.options()
import pyarrow.parquet as pq  # noqa: E402

import semblant  # noqa: E402

with tempfile.TemporaryDirectory() as folder, semblant.Engine(home=Path(folder) / "home") as engine:
    source = Path(folder) / "data"
    source.mkdir()
    for role, name in NAMES.items():
        shutil.copyfile(f"{options.train}/train_{role}.parquet", source / f"{name}.parquet")
    spec = engine.load({"source": {"type": "files", "path": str(source)}, "seed": options.seed})
    trained = engine.train(spec, output=Path(folder) / "g.semblant")
    common.trained()
    started = time.perf_counter()
    made = engine.generate(trained, records=options.rows, out=Path(folder) / "made")
    seconds = time.perf_counter() - started
    for role, name in NAMES.items():
        pq.write_table(pq.read_table(made.tables[name]), f"{options.out}_{role}.parquet")
    common.finished(pq.read_metadata(made.tables["child"]).num_rows / seconds)
