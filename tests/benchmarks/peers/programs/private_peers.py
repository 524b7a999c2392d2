"""Private peers, each called as its own documentation does; runs in an environment that has them."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any


def main() -> None:
    """Train and write as many rows as asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("system")
    parser.add_argument("--train", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epsilon", type=float, required=True)
    parser.add_argument("--rows", type=int, required=True)
    asked = parser.parse_args()
    import pandas as pd

    frame = pd.read_parquet(asked.train)
    delta = 1 / (10 * len(frame))
    name, _, kind = asked.system.partition(" ")
    made = {"smartnoise": _smartnoise, "dpmm": _dpmm, "mostlyai": _mostlyai}[name](
        frame, kind, asked.epsilon, delta, asked.rows
    )
    made.to_parquet(asked.out)


def _cut(frame: Any) -> tuple[Any, dict[str, Any]]:
    """Cut numbers into 32 parts by quantiles, taken for public; what is missing is one part more."""
    import numpy as np
    import pandas as pd

    edges, out = {}, frame.copy()
    for column in frame:
        values = frame[column]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            out[column] = values.astype("string").fillna("?").astype(object)
            continue
        there = values.dropna().to_numpy(float)
        edges[column] = np.unique(np.quantile(there, np.linspace(0, 1, 33)))
        last = max(len(edges[column]) - 2, 0)
        codes = np.clip(np.searchsorted(edges[column], values.fillna(there[0]), side="right") - 1, 0, last)
        out[column] = np.where(values.isna(), last + 1, codes).astype(int)
    return out, edges


def _joined(codes: Any, edges: dict[str, Any], frame: Any) -> Any:
    """Draw values inside of the parts."""
    import numpy as np

    rng, out = np.random.default_rng(), codes.copy()
    for column, cuts in edges.items():
        code, last = codes[column].astype(int).to_numpy(), max(len(cuts) - 2, 0)
        at = np.clip(code, 0, last)
        high = cuts[np.minimum(at + 1, len(cuts) - 1)]
        drawn = cuts[at] + rng.random(len(at)) * (high - cuts[at])
        if frame[column].isna().any():
            out[column] = np.where(code > last, np.nan, drawn)
        else:
            out[column] = drawn.astype(frame[column].dtype)
    for column in set(frame) - set(edges):
        out[column] = codes[column].where(codes[column] != "?", None)
    return out


def _smartnoise(frame: Any, kind: str, epsilon: float, delta: float, rows: int) -> Any:
    from snsynth import Synthesizer

    codes, edges = _cut(frame)
    made = Synthesizer.create(kind, epsilon=epsilon, delta=delta)
    made.fit(codes, categorical_columns=list(codes.columns), preprocessor_eps=0.0)
    return _joined(made.sample(rows), edges, frame)


def _dpmm(frame: Any, kind: str, epsilon: float, delta: float, rows: int) -> Any:
    from dpmm.pipelines import MSTPipeline

    del kind
    codes, edges = _cut(frame)
    made = MSTPipeline(epsilon=epsilon, delta=delta, proc_epsilon=None)
    made.fit(codes.astype("category"))
    return _joined(made.generate(rows), edges, frame)


def _mostlyai(frame: Any, kind: str, epsilon: float, delta: float, rows: int) -> Any:
    from mostlyai import engine

    del kind
    place = Path(tempfile.mkdtemp(prefix="mostlyai-"))
    engine.split(tgt_data=frame, workspace_dir=place)
    engine.analyze(workspace_dir=place)
    engine.encode(workspace_dir=place)
    privacy = {"max_epsilon": epsilon, "delta": delta}
    engine.train(workspace_dir=place, differential_privacy=privacy)
    engine.generate(workspace_dir=place, sample_size=rows)
    import pandas as pd

    return pd.read_parquet(place / "SyntheticData")


if __name__ == "__main__":
    main()
