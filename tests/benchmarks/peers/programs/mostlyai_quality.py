"""MOSTLY AI's quality report of training, holdout and synthetic rows, all of them, with its default settings.

    python mostlyai_quality.py TRAIN HOLDOUT SYNTHETIC OUT

Its package brings the embedder that it uses, so nothing is fetched. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")


def main(train: str, holdout: str, synthetic: str, out: str) -> None:
    """Write the report as it comes and print its figures."""
    started = time.perf_counter()
    import pandas as pd
    from mostlyai import qa

    original, held, made = (pd.read_parquet(path) for path in (train, holdout, synthetic))
    path, metrics = qa.report(trn_tgt_data=original, hol_tgt_data=held, syn_tgt_data=made, report_path=Path(out))
    found = json.loads(metrics.model_dump_json()) if metrics is not None else {}
    accuracy, distances = found.get("accuracy") or {}, found.get("distances") or {}
    told = {
        "accuracy": accuracy.get("overall"),
        "accuracy_max": accuracy.get("overall_max"),
        "dcr_share": distances.get("dcr_share"),
        "html_mb": round(Path(path).stat().st_size / 1e6, 2),
        "inside_seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:5])
