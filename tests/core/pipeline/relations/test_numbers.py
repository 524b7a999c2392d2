"""Keys as row numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from semblant.pipeline.relations.numbers import numbers_of
from semblant.training import NO_ROW, NOWHERE


@pytest.mark.feature(200)
def test_composite_keys_are_found_as_wholes_and_a_null_part_means_no_row() -> None:
    target = pa.table({"place": ["a", "a", "b"], "hour": [1, 2, 1]})
    keys = pa.table({"at": ["a", "b", "b", None, "a"], "when": [2, 1, 2, 1, None]})
    assert numbers_of(keys, target).tolist() == [1, 2, NOWHERE, NO_ROW, NO_ROW]


def test_whole_numbers_stored_as_floats_find_their_rows() -> None:
    target = pa.table({"id": pa.array([10, 20], pa.int64())})
    assert numbers_of(pa.table({"id": [20.0, None, 30.0]}), target).tolist() == [1, NO_ROW, NOWHERE]


def test_of_two_rows_with_the_same_key_the_first_is_meant() -> None:
    assert numbers_of(pa.table({"k": ["x"]}), pa.table({"id": ["x", "x"]})).tolist() == [0]


def test_the_order_of_rows_is_kept_for_a_hundred_thousand() -> None:
    rng = np.random.default_rng(0)
    ids, wanted = rng.permutation(100_000), rng.integers(0, 100_000, 50_000)
    assert (ids[numbers_of(pa.table({"k": wanted}), pa.table({"id": ids}))] == wanted).all()
