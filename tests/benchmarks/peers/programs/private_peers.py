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
    """Cut numbers into 32 parts by quantiles, taken for public: marginal mechanisms need categories."""
    import numpy as np

    edges, out = {}, frame.copy()
    for column in frame.select_dtypes("number"):
        values = frame[column].to_numpy()
        edges[column] = np.unique(np.quantile(values, np.linspace(0, 1, 33)))
        out[column] = np.clip(
            np.searchsorted(edges[column], values, side="right") - 1, 0, max(len(edges[column]) - 2, 0)
        )
    return out.fillna("?"), edges


def _joined(codes: Any, edges: dict[str, Any], frame: Any) -> Any:
    """Draw values inside of the parts."""
    import numpy as np

    rng, out = np.random.default_rng(), codes.copy()
    for column, cuts in edges.items():
        at = codes[column].astype(int).clip(0, max(len(cuts) - 2, 0)).to_numpy()
        high = cuts[np.minimum(at + 1, len(cuts) - 1)]
        drawn = cuts[at] + rng.random(len(at)) * (high - cuts[at])
        out[column] = drawn.astype(frame[column].dtype)
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
