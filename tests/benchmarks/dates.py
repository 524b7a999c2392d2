"""Dates: weekday, hour and gap of drawn rows against those of the data, as total variation.

    SEMBLANT_TEST_DATA=… python -m tests.benchmarks dates [--rows 100000]

nyc_taxis has two moments in a row: the hour and weekday of both, the gap between them in twelve steps and, as a
column of its own, whether the first is before the second. beijing_pm25 has whole numbers for year, month, day and
hour, of which the date is made; its rows are the hours of five years, so that each weekday and hour has its share.
Beside each figure stands that between the two halves of the data: what chance alone does.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

GAP_STEPS = 12


def parts_of(name: str, data: pd.DataFrame, edges: dict[str, Any]) -> dict[str, Any]:
    """Give the parts of the dates of rows, as codes; ``edges`` keeps where the steps of a gap begin."""
    import numpy as np
    import pandas as pd

    if name == "beijing_pm25":
        dates = pd.to_datetime(data[["year", "month", "day", "hour"]], errors="coerce")
        return {"weekday": dates.dt.weekday.fillna(7), "hour": data["hour"], "no such day": dates.isna()}
    out: dict[str, Any] = {}
    for column in ("pickup", "dropoff"):
        out |= {f"{column} weekday": data[column].dt.weekday, f"{column} hour": data[column].dt.hour}
    gap = (data["dropoff"] - data["pickup"]).dt.total_seconds().to_numpy()
    if "gap" not in edges:
        edges["gap"] = np.unique(np.quantile(gap, np.linspace(0, 1, GAP_STEPS + 1)[1:-1]))
    return out | {"gap": np.searchsorted(edges["gap"], gap, side="right"), "not in order": gap < 0}


def distance(one: Any, other: Any) -> float:
    """Give the total variation distance of two samples of codes."""
    import pandas as pd

    shares = [pd.Series(part).value_counts(normalize=True) for part in (one, other)]
    return float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)


def measure(name: str, rows: int, folder: Path) -> None:
    """Learn one table as it is and print a line per part of its dates."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from semblant.engine import Engine
    from semblant.pipeline.dataset import load_generator, load_models
    from semblant.run import Run
    from semblant.training import GenerationRequest

    source = Path(os.environ["SEMBLANT_TEST_DATA"]) / "dev" / "single" / name / f"{name}.parquet"
    data = pq.read_table(source).to_pandas()
    with Engine(home=folder / "home") as engine:
        spec = engine.load({"source": {"type": "files", "path": str(source)}, "tables": {name: {"primary_key": None}}})
        trained = engine.train(spec, output=folder / "dates.semblant")
        place = folder / "model"
        place.mkdir()
        model: Any = load_models(load_generator(trained.path, place), engine.host)[name][0]
    run = Run(job="benchmark", seed=0, workspace=place)
    made = pa.Table.from_batches(list(model.generate(GenerationRequest(rows=rows, seed=0), run))).to_pandas()
    half = np.random.default_rng(0).permutation(len(data)) < len(data) // 2
    edges: dict[str, Any] = {}
    real, drawn, one, other = (parts_of(name, part, edges) for part in (data, made, data[half], data[~half]))
    for part in real:
        found, chance = distance(real[part], drawn[part]), distance(one[part], other[part])
        sys.stdout.write(f"{name:<14} {part:<16} {found:.4f}  between halves {chance:.4f}\n")
    sys.stdout.flush()


def run(arguments: list[str]) -> None:
    """Measure both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=["nyc_taxis", "beijing_pm25"])
    parser.add_argument("--rows", type=int, default=100_000)
    chosen = parser.parse_args(arguments)
    for name in chosen.sets:
        with tempfile.TemporaryDirectory() as folder:
            measure(name, chosen.rows, Path(folder))
