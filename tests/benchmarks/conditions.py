"""Any-order conditions against boosted trees: likelihood and error of unknown columns, and what flexibility costs.

    SEMBLANT_TEST_DATA=… python -m tests.benchmarks conditions [adult credit] [--parts likelihood quality]

*likelihood*: every column is cut to few values first (numbers to tenths by quantile, categories to the ten
most frequent), so that all models give probabilities of the same events. Eight random sets of columns are
given; the held-out log-likelihood of the others is compared with a gradient-boosted classifier per unknown
column, which sees the given columns and the unknown ones before it. The imputation error is the share of
wrong categories and the mean distance of numbers in tenths, of each method's best guess; the trees guess
column after column.

*quality*: the whole table is learned in fixed order and flexibly; accuracy and seconds of both.
Prints one line of JSON per figure.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SETS = ("adult", "credit")
GIVEN_SETS = 8
TESTED = 2000
GUESSED = 500
DRAWS = 199
"""Draws of which the best guess is made: that of 49 has an error 1 to 3 % larger, from chance in their median."""
TENTHS = 10
LEAST_ROWS = 20
"""Training rows of a value; those of rarer ones count as the most frequent value."""
MOST_PARTICLES = 512
ESTIMATED = 96
"""Rows on which the likelihood of the fixed order is estimated, by that many candidates each."""


def discretised(name: str) -> tuple[pa.Table, pa.Table, dict[str, bool]]:
    """Give training and held-out rows as small whole numbers, and which columns are ordered."""
    folder = Path(os.environ["SEMBLANT_TEST_DATA"]) / "bench" / name
    train, held = (pq.read_table(folder / f"{part}.parquet").to_pandas() for part in ("train", "holdout"))
    columns: list[dict[str, Any]] = [{}, {}]
    ordered = {}
    for column in train.columns:
        values, others = train[column], held[column]
        ordered[column] = bool(values.dtype.kind in "if" and values.nunique() > 2)
        if ordered[column] and values.nunique() > TENTHS:
            edges = np.unique(values.quantile(np.linspace(0, 1, TENTHS + 1)[1:-1]))
            codes = [np.searchsorted(edges, part, side="left") for part in (values, others)]
        else:
            top = {value: place for place, value in enumerate(sorted(values.value_counts().index[:TENTHS]))}
            codes = [part.map(top).fillna(len(top)).to_numpy(np.int64) for part in (values, others)]
        counts = np.bincount(codes[0], minlength=int(max(map(np.max, codes))) + 1)
        for into, code in zip(columns, codes, strict=True):
            into[column] = pa.array(np.where(counts[code] < LEAST_ROWS, counts.argmax(), code), pa.int64())
    return pa.table(columns[0]), pa.table(columns[1]), ordered


def learned(table: pa.Table, encodings: dict[str, Any], work: Path, **spec: Any) -> Any:
    """Train the default backend on a table."""
    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import ColumnPlan, Split, TrainingTable
    from semblant_models.settings import ColumnArSettings
    from semblant_models.tabular.backend import ColumnArBackend

    plans = tuple(ColumnPlan(name=f.name, type=f.type, encoding=encodings[f.name]) for f in table.schema)
    training = TrainingTable(
        name="t",
        columns=plans,
        rows=table.num_rows,
        open=lambda: iter(table.to_batches(65_536)),
        split=Split(seed=0, fraction=0.1),
    )
    run = Run(job="benchmark", seed=0, workspace=work)
    settings = {key: spec.pop(key) for key in ("any_order_share", "hidden") if key in spec}
    backend = ColumnArBackend(ColumnArSettings(**settings), ModelSpec(**spec))
    return backend.fit(training, backend.prepare(training, run), run)


def given_sets(columns: list[str]) -> list[list[str]]:
    """Draw the sets of given columns: each column with probability one half, neither all nor none."""
    rng = np.random.default_rng(0)
    sets: list[list[str]] = []
    while len(sets) < GIVEN_SETS:
        chosen = rng.random(len(columns)) < 0.5
        if 0 < chosen.sum() < len(columns):
            sets.append([name for name, here in zip(columns, chosen, strict=True) if here])
    return sets


def our_likelihood(model: Any, rows: pa.Table, given: list[str]) -> float:
    """Give the mean log-likelihood of the other columns: exact where the network looks ahead, else by candidates."""
    import jax
    import jax.numpy as jnp

    from semblant_models.tabular.network import hidden_layers, token_losses
    from semblant_models.tabular.sampler import Kind, make_sampler

    if not model.shape.flexible:
        rows = rows.slice(0, ESTIMATED)
    tokens = model.encoding.encode(rows).astype(np.int32)
    places = [model.encoding.names.index(name) for name in given]
    mask = np.isin(model.encoding.layout.column, places)
    weights, shape = model._on_device(), model.shape
    if shape.flexible:
        order = np.concatenate([head.tokens for head in shape.heads]).astype(int)

        @jax.jit
        def unknown(codes: Any) -> Any:
            seen = jnp.broadcast_to(jnp.asarray(mask), codes.shape)
            hidden = hidden_layers(weights["params"], shape, codes, given=seen)
            losses = jnp.concatenate(token_losses(weights["params"], weights["tables"], shape, hidden, codes))
            return -jnp.sum(jnp.where(jnp.asarray(mask[order])[:, None], 0.0, losses), axis=0)

        return float(np.asarray(unknown(tokens)).mean())
    sampler = make_sampler(shape, Kind(rows=8, candidates=MOST_PARTICLES, given=True))
    ones = np.ones(shape.tokens, np.float32)
    scores = []
    for start in range(0, len(tokens), 8):
        part = tokens[start : start + 8]
        seen = np.broadcast_to(mask, part.shape)
        scores.append(np.asarray(sampler(weights, jax.random.key(start), part, seen, ones, ones)[1]))
    return float((model.log_prob(rows) - np.concatenate(scores)).mean())


def our_guesses(model: Any, rows: pa.Table, given: list[str], work: Path, ordered: dict[str, bool]) -> pa.Table:
    """Fill the unknown columns with the median or most frequent of many draws."""
    from semblant.run import Run
    from semblant.training import GenerationRequest

    run = Run(job="benchmark", seed=0, workspace=work)
    repeated = rows.select(given).take(np.repeat(np.arange(rows.num_rows), DRAWS))
    request = GenerationRequest(rows=repeated.num_rows, seed=5, given=repeated)
    made = pa.Table.from_batches(list(model.generate(request, run)))
    out = {}
    for name in rows.column_names:
        values = made[name].to_numpy().reshape(-1, DRAWS)
        counts = np.stack([(values == code).sum(axis=1) for code in range(TENTHS + 1)], axis=1)
        out[name] = np.median(values, axis=1) if ordered[name] else counts.argmax(axis=1)
    return pa.table(out)


def trees(
    train: pa.Table, tested: pa.Table, given: list[str], ordered: dict[str, bool]
) -> tuple[float, dict[str, np.ndarray]]:
    """Give the mean log-likelihood of the unknown columns by boosted trees, and their guesses."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    known = list(given)
    x, y = train.to_pandas(), tested.to_pandas()
    guessed = y.copy()
    total, guesses = np.zeros(len(y)), {}
    for name in [n for n in train.column_names if n not in given]:
        model = HistGradientBoostingClassifier(
            max_iter=100,
            early_stopping=True,
            n_iter_no_change=5,
            random_state=0,
            categorical_features=[not ordered[c] for c in known],
        )
        model.fit(x[known], x[name])
        classes = model.classes_
        place = np.minimum(np.searchsorted(classes, y[name]), len(classes) - 1)
        found = model.predict_proba(y[known])
        chance = np.where(classes[place] == y[name], found[np.arange(len(y)), place], 0.0)
        total += np.log(np.maximum(chance, 1e-6))
        alone = model.predict_proba(guessed[known])
        middle = classes[np.argmax(np.cumsum(alone, axis=1) >= 0.5, axis=1)]
        guesses[name] = guessed[name] = middle if ordered[name] else classes[alone.argmax(axis=1)]
        known.append(name)
    return float(total.mean()), guesses


def error(real: pa.Table, guesses: Any, unknown: list[str], ordered: dict[str, bool]) -> float:
    """Give the mean over unknown columns of the share of wrong categories, or the distance in tenths over ten."""
    errors = []
    for name in unknown:
        one, other = real[name].to_numpy(), np.asarray(guesses[name])[: real.num_rows]
        errors.append(np.abs(one - other).mean() / TENTHS if ordered[name] else (one != other).mean())
    return float(np.mean(errors))


def likelihood(
    name: str, variants: dict[str, dict[str, Any]], work: Path, sets_given: int, *, baseline: bool = True
) -> None:
    """Compare likelihood and imputation error on one data set."""
    from semblant.vocabulary import EncodingType

    train, held, ordered = discretised(name)
    encodings = {c: EncodingType.NUMBER if ordered[c] else EncodingType.CATEGORICAL for c in train.column_names}
    tested, sets = held.slice(0, TESTED), given_sets(train.column_names)
    models = {}
    for label, spec in variants.items():
        folder = work / label
        folder.mkdir()
        models[label] = learned(train, encodings, folder, **spec)
        say(name, label, joint=float(models[label].log_prob(tested).mean()))
    for number, given in enumerate(sets[:sets_given]):
        unknown = [c for c in train.column_names if c not in given]
        few = tested.slice(0, GUESSED)
        for label, model in models.items():
            clock = time.perf_counter()
            found = our_likelihood(model, tested, given)
            guesses = our_guesses(model, few, given, work, ordered)
            seconds = time.perf_counter() - clock
            say(name, label, set=number, given=len(given), likelihood=found,
                error=error(few, guesses, unknown, ordered), seconds=seconds)  # fmt: skip
        if baseline:
            clock = time.perf_counter()
            total, guessed = trees(train, tested, given, ordered)
            say(name, "trees", set=number, given=len(given), likelihood=total,
                error=error(few, guessed, unknown, ordered), seconds=time.perf_counter() - clock)  # fmt: skip


def quality(name: str, variants: dict[str, dict[str, Any]], work: Path) -> None:
    """Learn the whole table both ways; accuracy against the training rows, and seconds."""
    from semblant.detection.columns import detect_columns
    from semblant.detection.profile import profile_table
    from semblant.run import Run
    from semblant.schema import Column, Table
    from semblant.training import GenerationRequest
    from tests.benchmarks.tabular import accuracy, rig

    folder = Path(os.environ["SEMBLANT_TEST_DATA"]) / "bench" / name
    data = pq.read_table(folder / "train.parquet").replace_schema_metadata(None)
    held = pq.read_table(folder / "holdout.parquet").replace_schema_metadata(None)
    table = Table(name=name, columns=tuple(Column(name=f.name, type=f.type) for f in data.schema), rows=data.num_rows)
    found = detect_columns(table, profile_table(table, iter(data.to_batches(65_536))))
    ceiling = accuracy(data, held)
    for label, spec in variants.items():
        place = work / f"quality-{label}"
        place.mkdir()
        clock = time.perf_counter()
        model = learned(data, {c: found[c].encoding for c in data.column_names}, place, **spec)
        seconds = time.perf_counter() - clock
        run = Run(job="benchmark", seed=0, workspace=place)
        made = pa.Table.from_batches(list(model.generate(GenerationRequest(rows=data.num_rows, seed=0), run)))
        figures: dict[str, Any] = {"joint": float(model.log_prob(held).mean())}
        if os.environ.get("SEMBLANT_RIG"):
            pq.write_table(made, place / "synthetic.parquet")
            scores = rig(folder, place / "synthetic.parquet")
            figures["c2st"] = scores["c2st"]["xgb_auc_train"]
        say(name, label, accuracy=accuracy(data, made), ceiling=ceiling, seconds=seconds, **figures)


def say(data: str, what: str, **figures: Any) -> None:
    """Print a line of figures."""
    shown = "  ".join(f"{key} {value:.5g}" for key, value in figures.items())
    sys.stdout.write(f"{data:<8} {what:<12} {shown}\n")
    sys.stdout.flush()


def run(arguments: list[str]) -> None:
    """Measure each named set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--parts", nargs="+", default=["likelihood", "quality"], choices=["likelihood", "quality"])
    parser.add_argument("--variants", nargs="+", default=["fixed", "flexible"])
    parser.add_argument("--given", type=int, default=GIVEN_SETS, help="how many of the random sets of columns")
    parser.add_argument("--no-trees", action="store_true", help="leave the baseline out")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # on a busy machine several threads of the trees wait for each other
    every: dict[str, dict[str, Any]] = {"fixed": {}, "flexible": {"flexible_generation": True}}
    variants = {name: every[name] for name in chosen.variants}
    for name in chosen.sets:
        with tempfile.TemporaryDirectory() as folder:
            if "likelihood" in chosen.parts:
                likelihood(name, variants, Path(folder), chosen.given, baseline=not chosen.no_trees)
            if "quality" in chosen.parts:
                quality(name, variants, Path(folder))
