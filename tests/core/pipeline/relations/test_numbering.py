"""Lines of orders: no key comes twice, and no row is left out for it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant.pipeline.relations.numbering import numbered_apart

KEY = ("order", "line")
_ROWS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 4)), st.one_of(st.none(), st.integers(-3, 6))))


@pytest.mark.feature(200, 204)
@given(_ROWS)
def test_whole_keys_differ_and_numbers_only_rise(rows: list[tuple[int | None, int | None]]) -> None:
    batch = pa.table(
        {"order": pa.array([o for o, _ in rows], pa.int64()), "line": pa.array([n for _, n in rows], pa.int16())}
    )
    made = numbered_apart(batch, KEY, "line")
    assert made.schema == batch.schema
    keys = list(zip(made["order"].to_pylist(), made["line"].to_pylist(), strict=True))
    whole = [key for key in keys if None not in key]
    assert len(set(whole)) == len(whole)
    for (order, line), (_, before) in zip(keys, rows, strict=True):
        assert (line is None) == (before is None)
        assert line == before if None in (order, before) else line >= before
    if len(set(rows)) == len(rows):
        assert keys == rows


def test_other_references_of_the_key_count_too_and_order_is_kept() -> None:
    batch = pa.table({"a": ["x", "x", "x", "y"], "b": [1, 1, 2, 1], "n": pa.array([3, 3, 3, 3], pa.int32())})
    assert numbered_apart(batch, ("a", "b", "n"), "n")["n"].to_pylist() == [3, 4, 3, 3]


def test_numbers_that_the_type_cannot_hold_stay() -> None:
    batch = pa.table({"order": [1, 1], "line": pa.array([127, 127], pa.int8())})
    assert numbered_apart(batch, KEY, "line").equals(batch)
    huge = pa.table({"order": [1, 2], "line": np.array([-(2**62), 2**62])})
    assert numbered_apart(huge, KEY, "line").equals(huge)
