"""Whatever the validators accept is trained without a configuration error, and what they refuse names its place.

``SEMBLANT_TEST_SPECS`` sets how many random specs are checked (2,000). Every accepted one is trained for a step, and
one in thirteen of them is run as a whole. Seeds are few, so that networks of one shape are compiled once, and most
specs read Parquet: the types of a CSV file are found out by every check and every plan anew.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pyarrow.parquet as pq
import pytest
from attrs import evolve
from pyarrow.csv import read_csv

from semblant.engine import Engine
from semblant.errors import ConfigError
from semblant.findings import Severity
from semblant.spec.load import load_spec
from semblant.spec.model import Spec
from tests.core.jobs.scene import write_data

COUNT = int(os.environ.get("SEMBLANT_TEST_SPECS", "2000"))
WHOLE = 13

_COLUMNS = ("id", "age", "region", "spent", "age", "region", "spent", "nobody")
_ENCODINGS = ("auto", "categorical", "number", "integer", "boolean", "date", "datetime", "text", "pattern",
              "identifier", "latitude", "duration")  # fmt: skip


def some(draw: random.Random, **choices: Any) -> dict[str, Any]:
    """Take each key now and then, with one of its values: a spec with many odd settings is nearly always refused."""
    return {key: draw.choice(values) for key, values in choices.items() if draw.random() < 0.15}


def random_spec(draw: random.Random, path: str) -> dict[str, Any]:
    """Give a spec that is mostly, not always, in order."""
    columns: dict[str, Any] = {
        name: some(
            draw,
            encoding=_ENCODINGS,
            include=(True, True, False),
            rebalance=(True, False),
            sensitive=("auto", True, False),
            treatment=("synthesize", "keep"),
        )
        for name in draw.sample(_COLUMNS, draw.randrange(3))
    }
    table = some(draw, include=(True, True, True, False), treatment=("synthesize", "synthesize", "original"),
                 primary_key=("auto", None, "id", "age", ["age", "region"]), foreign_keys=("auto", []))  # fmt: skip
    model = some(draw, auto_batching=(True, False), batch_size=("auto", 16, 64, 5000), gradient_accumulation=(1, 2),
                 adaptive_learning_rate=(True, False), learning_rate=("auto", 0.001, 0.01),
                 validation_fraction=(0.05, 0.1, 0.5), steps_between_validations=("auto", 1, 7),
                 early_stop_delta=(0, 0.01), min_subjects=(1, 10, 700), flexible_generation=(True, False),
                 goal=("speed", "accuracy"))  # fmt: skip
    generation = some(draw, batch_size=("auto", 1, 17), temperature=(0.2, 1.0, 3.0), top_p=(0.5, 1.0),
                      rebalance=({}, {"customers": {"region": {"north": 0.9}}}))  # fmt: skip
    return {
        "source": {"type": "files", "path": path},
        "seed": draw.randrange(4),
        "tables": {"customers": {**table, "columns": columns}},
        "model": {"max_epochs": 1, "size": "small", **model},
        "generation": {"records": draw.choice((1, 20)), **generation},
        "report": {"enabled": False},
        **({"privacy": {"epsilon": 1.0}} if draw.random() < 0.05 else {}),
    }


def one_step(spec: Spec) -> Spec:
    """Let training end after its first step; a private run has its steps from its budget."""
    return spec if spec.privacy is not None else evolve(spec, model=evolve(spec.model, stopped_at_step=1))


@pytest.mark.feature(56)
@pytest.mark.nightly
def test_the_validators_and_the_trainer_agree(tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    draw = random.Random(seed)
    print(f"seed: {seed}")
    csv = write_data(tmp_path / "customers.csv", 300)
    parquet = csv.with_suffix(".parquet")
    pq.write_table(read_csv(csv), parquet)
    accepted = refused = ran = 0
    with Engine(home=tmp_path / "home") as engine:
        for number in range(COUNT):
            data = random_spec(draw, str(draw.choice((csv, parquet, parquet, parquet))))
            try:
                spec = load_spec(data, engine.host, environment={})
                findings = [f for f in engine.check(spec) if f.severity is Severity.ERROR]
            except ConfigError as exc:
                assert exc.findings, data
                findings = list(exc.findings)
            if findings:
                refused += 1
                assert all(finding.path and finding.message and finding.fix for finding in findings), (data, findings)
                continue
            accepted += 1
            plan = engine.plan(spec)
            assert plan.errors == (), data
            try:
                if accepted % WHOLE:
                    engine.train(one_step(spec))
                    continue
                ran += 1
                made = engine.run(spec, out=tmp_path / f"out-{number}")
            except ConfigError as exc:
                pytest.fail(f"accepted, but refused by the run: {exc}\n{data}")
            assert made.rows["customers"] == data["generation"]["records"]
    print(f"{accepted} accepted, {refused} refused, {ran} run as a whole")
    assert min(accepted, refused) > COUNT // 20
