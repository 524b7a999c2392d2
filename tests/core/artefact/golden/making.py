"""Make the golden generator of the present format: ``python -m tests.core.artefact.golden.making``; once per format."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from semblant.artefact.pack import FORMAT
from semblant.engine import Engine
from semblant.spec.load import load_spec

if TYPE_CHECKING:
    from semblant.spec.model import Spec

HERE = Path(__file__).parent
SEED, ROWS = 11, 2_000


def table() -> pa.Table:
    """Give rows whose columns have many encodings and depend on each other."""
    draw = np.random.default_rng(5)
    age = draw.integers(18, 80, 1_500)
    region = np.array(["north", "south", "west"])[draw.choice(3, 1_500, p=[0.5, 0.3, 0.2])]
    spent = np.round(age * np.where(region == "north", 2.0, 1.0) + draw.normal(0, 5, 1_500), 2)
    return pa.table(
        {
            "id": pa.array(range(1, 1_501)),
            "age": pa.array(age),
            "region": pa.array([None if n % 10 == 0 else name for n, name in enumerate(region)]),
            "spent": pa.array(spent),
            "member": pa.array(spent > 80),
            "joined": pa.array([dt.date(2020, 1, 1) + dt.timedelta(days=int(days)) for days in age * 20]),
            "code": pa.array([f"{'AB'[n % 2]}-{1000 + n:04d}" for n in range(1_500)]),
        }
    )


def spec_of(path: Path, engine: Engine) -> Spec:
    """Give a spec that trains in seconds."""
    return load_spec(
        {
            "source": {"type": "files", "path": str(path)},
            "name": "golden",
            "seed": 3,
            "model": {"size": "small", "goal": "speed", "max_epochs": 30},
            "report": {"enabled": False},
        },
        engine.host,
        environment={},
    )


def drawn(path: Path, folder: Path, home: Path) -> pa.Table:
    """Draw rows from a generator file."""
    with Engine(home=home) as engine:
        made = engine.generate(path, records=ROWS, seed=SEED, out=folder)
    return pq.read_table(made.tables["customers"])


def make(folder: Path) -> None:
    """Write generator and rows."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        pq.write_table(table(), place / "customers.parquet")
        generator = folder / f"format-{FORMAT}.semblant"
        with Engine(home=place / "home") as engine:
            engine.train(spec_of(place / "customers.parquet", engine), output=generator)
        rows = drawn(generator, place / "out", place / "other")
        pq.write_table(rows, folder / f"format-{FORMAT}.parquet", compression="zstd")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
