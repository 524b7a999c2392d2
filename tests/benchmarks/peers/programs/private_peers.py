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


_PARTS = 32
_MISSING = "(missing)"


def _cut(frame: Any) -> tuple[Any, dict[str, tuple[Any, Any]]]:
    """Cut numbers into 32 parts taken for public: frequent numbers by themselves, the rest by quantiles.

    What is missing is one part more.
    """
    import numpy as np
    import pandas as pd

    parts, out = {}, frame.copy()
    for column in frame:
        values = frame[column]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            out[column] = values.astype("string").fillna(_MISSING).astype(object)
            continue
        there = values.dropna().to_numpy(float)
        unique, counts = np.unique(there, return_counts=True)
        single = unique if len(unique) <= _PARTS else unique[counts >= len(there) / _PARTS]
        rest = there[~np.isin(there, single)]
        cuts = np.unique(np.quantile(rest, np.linspace(0, 1, _PARTS + 1 - len(single)))) if len(rest) else np.zeros(0)
        parts[column] = (single, cuts)
        numbers = values.fillna(there[0]).to_numpy(float)
        ranges = max(len(cuts) - 1, 0)
        code = len(single) + np.clip(np.searchsorted(cuts, numbers, side="right") - 1, 0, max(ranges - 1, 0))
        found = np.isin(numbers, single)
        code[found] = np.searchsorted(single, numbers[found])
        out[column] = np.where(values.isna(), len(single) + ranges, code).astype(int)
    return out, parts


def _joined(codes: Any, parts: dict[str, tuple[Any, Any]], frame: Any) -> Any:
    """Give the frequent numbers back, and draw numbers inside of the ranges."""
    import numpy as np

    rng, out = np.random.default_rng(), codes.copy()
    for column, (single, cuts) in parts.items():
        code, ranges = codes[column].astype(int).to_numpy(), max(len(cuts) - 1, 0)
        drawn = single[np.clip(code, 0, max(len(single) - 1, 0))] if len(single) else np.zeros(len(code))
        if ranges:
            at = np.clip(code - len(single), 0, ranges - 1)
            inside = cuts[at] + rng.random(len(at)) * (cuts[at + 1] - cuts[at])
            drawn = np.where(code >= len(single), inside, drawn)
        if frame[column].isna().any():
            out[column] = np.where(code >= len(single) + ranges, np.nan, drawn)
        else:
            out[column] = drawn.astype(frame[column].dtype)
    for column in set(frame) - set(parts):
        out[column] = codes[column].astype(object).where(codes[column] != _MISSING, None)
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
