"""SDV's HMA with default settings on a parent and its child: ``--train DIR`` holds train_parent and train_child.

Runs in the peers' environment and imports nothing of this project. ``--out`` is a prefix.
"""

from __future__ import annotations

import sys
import time
import warnings

import common

pk, fk = sys.argv.pop(1), sys.argv.pop(1)
options = common.options()
warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sdv.metadata import Metadata  # noqa: E402
from sdv.multi_table import HMASynthesizer  # noqa: E402

np.random.seed(options.seed)  # noqa: NPY002 - what SDV draws from
tables = {name: pd.read_parquet(f"{options.train}/train_{name}.parquet") for name in ("parent", "child")}
metadata = Metadata.detect_from_dataframes(tables, infer_keys=None)
for table, column in (("parent", pk), ("child", fk)):
    metadata.update_column(column, table_name=table, sdtype="id")
metadata.set_primary_key(pk, table_name="parent")
metadata.add_relationship("parent", "child", pk, fk)
for name, table in metadata.tables.items():
    for column, found in table.columns.items():
        if found["sdtype"] not in ("numerical", "categorical", "boolean", "datetime", "id"):
            # detection takes some columns for countries or places; as they stand they would be faked, not learned
            metadata.update_column(column, table_name=name, sdtype="categorical")
synthesizer = HMASynthesizer(metadata)
synthesizer.fit(tables)
common.trained()
started = time.perf_counter()
made = synthesizer.sample(num_rows=options.rows, main_table_name="parent")
seconds = time.perf_counter() - started
for name, table in made.items():
    table.to_parquet(f"{options.out}_{name}.parquet")
common.finished(len(made["child"]) / seconds)
