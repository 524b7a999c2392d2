"""Sequential trees in the manner of synthpop (Nowok, Raab, Dibben 2016), on scikit-learn.

Each column is learned by a decision tree on the columns before it; a value is drawn from the training
values in the leaf where a row falls. Fidelity is high, and real values are copied: that is what it shows.
Runs in the peers' environment and imports nothing of this project.
"""

from __future__ import annotations

import time

import common

options = common.options()
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # noqa: E402

LEAF = 5
random = np.random.default_rng(options.seed)
data = pd.read_parquet(options.train)


def inputs(frame: pd.DataFrame, upto: int) -> np.ndarray:
    """Give the first columns as numbers; categories by their code, missing values far outside."""
    parts = []
    for name in data.columns[:upto]:
        if pd.api.types.is_numeric_dtype(data[name]):
            values = frame[name].to_numpy("float64", na_value=np.nan)
        elif pd.api.types.is_datetime64_any_dtype(data[name]):
            values = frame[name].astype("int64").to_numpy("float64")
        else:
            values = frame[name].map(codes[name]).to_numpy("float64")
        parts.append(np.nan_to_num(values, nan=-1e12))
    return np.stack(parts, axis=1)


codes = {
    name: {value: place for place, value in enumerate(data[name].dropna().unique())}
    for name in data.columns
    if not pd.api.types.is_numeric_dtype(data[name])
}
trees = []
for place, name in enumerate(data.columns[1:], 1):
    numeric = pd.api.types.is_numeric_dtype(data[name]) or pd.api.types.is_datetime64_any_dtype(data[name])
    model = DecisionTreeRegressor if numeric else DecisionTreeClassifier
    target = inputs(data[[name]].reindex(columns=data.columns), place + 1)[:, place]
    x = inputs(data, place)
    tree = model(min_samples_leaf=LEAF, random_state=options.seed).fit(x, target)
    leaves = tree.apply(x)
    order = np.argsort(leaves, kind="stable")
    trees.append((tree, order, np.searchsorted(leaves[order], np.arange(tree.tree_.node_count + 1))))
common.trained()


def generate(rows: int) -> pd.DataFrame:
    """Draw rows, column after column."""
    first = data.columns[0]
    made = pd.DataFrame({first: data[first].to_numpy()[random.integers(0, len(data), rows)]})
    made = made.reindex(columns=data.columns)
    for place, (tree, order, starts) in enumerate(trees, 1):
        leaf = tree.apply(inputs(made, place))
        size = starts[leaf + 1] - starts[leaf]
        donor = order[starts[leaf] + (random.random(rows) * size).astype(int)]
        made[data.columns[place]] = data.iloc[donor, place].to_numpy()
    return made


generate(options.rows).astype(data.dtypes.to_dict()).to_parquet(options.out)
started = time.perf_counter()
generate(options.rate_rows)
common.finished(options.rate_rows / (time.perf_counter() - started))
