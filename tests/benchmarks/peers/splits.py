"""The data of the comparison: given splits, and the single tables halved by seed 0."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from attrs import frozen

_LEFT_OUT = ("key", "text", "identifier")
_TARGETS = {"beijing_pm25": "pm2.5", "diamonds": "price", "nyc_taxis": "fare"}
"""What predictions are judged by; the last column elsewhere."""


@frozen(kw_only=True)
class DataSplit:
    """One table in two halves; ``target`` is the column that predictions are judged by."""

    name: str
    train: Path
    holdout: Path
    rows: int
    target: str = ""
    task: str = "class"


def root() -> Path:
    """Give the folder of the data sets, from the variable ``SEMBLANT_TEST_DATA``."""
    found = os.environ.get("SEMBLANT_TEST_DATA", "")
    if not Path(found, "bench").is_dir():
        msg = "SEMBLANT_TEST_DATA names no folder with bench/ and dev/"
        raise SystemExit(msg)
    return Path(found)


def names() -> list[str]:
    """Give what can be compared: the benchmark splits, then the other single tables."""
    bench = sorted(json.loads((root() / "bench" / "meta.json").read_text(encoding="utf-8")))
    bench = [name for name in bench if (root() / "bench" / name / "train.parquet").is_file()]
    known = {*bench, "creditcard_default"}  # the same data as the split "credit"
    return [*bench, *sorted(p.name for p in (root() / "dev" / "single").iterdir() if p.name not in known)]


def split(name: str, folder: Path) -> DataSplit:
    """Give the halves of a data set, made below ``folder`` where they do not exist."""
    import pyarrow.parquet as pq

    given = root() / "bench" / name
    if (given / "train.parquet").is_file():
        meta = json.loads((root() / "bench" / "meta.json").read_text(encoding="utf-8"))[name]
        rows = pq.read_metadata(given / "train.parquet").num_rows
        return DataSplit(
            name=name,
            train=given / "train.parquet",
            holdout=given / "holdout.parquet",
            rows=rows,
            target=meta["target"],
            task=meta["task"],
        )
    return _halved(name, folder)


def _halved(name: str, folder: Path) -> DataSplit:
    import numpy as np
    import pyarrow.parquet as pq

    source = root() / "dev" / "single" / name
    described: dict[str, Any] = json.loads((source / "dataset.json").read_text(encoding="utf-8"))["tables"][0]
    keep = [column["name"] for column in described["columns"] if column["kind"] not in _LEFT_OUT]
    table = pq.read_table(source / described["file"], columns=keep).replace_schema_metadata(None)
    order = np.random.default_rng(0).permutation(table.num_rows)
    half = table.num_rows // 2
    parts = {"train": np.sort(order[:half]), "holdout": np.sort(order[half : 2 * half])}
    target = _TARGETS.get(name, keep[-1])
    (folder / name).mkdir(parents=True, exist_ok=True)
    for part, rows in parts.items():
        pq.write_table(table.take(rows), folder / name / f"{part}.parquet")
    kinds = {column["name"]: column["kind"] for column in described["columns"]}
    return DataSplit(
        name=name,
        train=folder / name / "train.parquet",
        holdout=folder / name / "holdout.parquet",
        rows=half,
        target=target,
        task="class" if kinds[target] == "categorical" else "reg",
    )
