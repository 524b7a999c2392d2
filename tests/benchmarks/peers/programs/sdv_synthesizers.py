"""SDV's synthesizers with default settings: ``--kind`` gaussian, tvae or ctgan.

Runs in the peers' environment and imports nothing of this project.
"""

from __future__ import annotations

import sys
import time
import warnings

import common

kind = sys.argv.pop(1)
options = common.options()
warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sdv.metadata import Metadata  # noqa: E402
from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer  # noqa: E402

np.random.seed(options.seed)  # noqa: NPY002 - what SDV draws from
data = pd.read_parquet(options.train)
metadata = Metadata.detect_from_dataframe(data, table_name="table")
for name, column in metadata.tables["table"].columns.items():
    if column["sdtype"] not in ("numerical", "categorical", "boolean", "datetime"):
        # detection takes some columns for keys, countries or places; as they stand they would be faked, not learned
        metadata.update_column(name, table_name="table", sdtype="categorical")
if metadata.tables["table"].primary_key:
    metadata.remove_primary_key("table")
classes = {"gaussian": GaussianCopulaSynthesizer, "tvae": TVAESynthesizer, "ctgan": CTGANSynthesizer}
synthesizer = classes[kind](metadata)
synthesizer.fit(data)
common.trained()
synthesizer.sample(num_rows=options.rows).to_parquet(options.out)
started = time.perf_counter()
synthesizer.sample(num_rows=options.rate_rows)
common.finished(options.rate_rows / (time.perf_counter() - started))
