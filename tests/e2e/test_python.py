"""Semblant in a program: one line, for the tables that people have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import semblant

ROWS = 500
QUICK = {"size": "small", "goal": "speed", "max_epochs": 3}


def customers() -> pa.Table:
    random = np.random.default_rng(5)
    city = random.choice(["Bern", "Graz", "Turin"], ROWS, p=[0.6, 0.3, 0.1])
    spent = np.where(city == "Bern", random.gamma(2.0, 30.0, ROWS), random.gamma(9.0, 30.0, ROWS)).round(2)
    return pa.table({"city": city, "spent": spent, "active": random.random(ROWS) < 0.3})


@pytest.mark.feature(269)
def test_one_line_takes_polars_and_gives_polars() -> None:
    frame = pl.from_arrow(customers())
    assert isinstance(frame, pl.DataFrame)

    made = semblant.synthesize(frame, records=200, seed=7, model=QUICK)

    assert isinstance(made, pl.DataFrame)
    assert made.schema == frame.schema
    assert made.height == 200
    assert set(made["city"].unique()) <= {"Bern", "Graz", "Turin"}


@pytest.mark.feature(269)
def test_one_line_takes_pandas_and_gives_pandas_and_leaves_the_frame_alone() -> None:
    frame = customers().to_pandas()
    before = frame.copy()

    made = semblant.synthesize(frame, seed=7, model=QUICK)

    assert isinstance(made, pd.DataFrame)
    assert list(made.columns) == list(frame.columns)
    assert len(made) == ROWS
    pd.testing.assert_frame_equal(frame, before)
