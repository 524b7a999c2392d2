"""Hashes: equal for equal values, whatever the type, the batch or the offset."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.detection.hashing import NULL_HASH, hash_array, hash_rows

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=40)), min_size=1, max_size=60)


@settings(deadline=None)
@given(TEXTS)
def test_strings_are_equal_exactly_where_their_hashes_are(values: list[str | None]) -> None:
    values = [None if value is None else value.encode("utf-8", "ignore").decode() for value in values]
    hashes = hash_array(pa.array(values, pa.string()))

    for place, value in enumerate(values):
        for other, there in enumerate(values):
            assert (value == there) == bool(hashes[place] == hashes[other])


@settings(deadline=None)
@given(TEXTS, st.integers(0, 10))
def test_a_slice_hashes_as_its_values_do(values: list[str | None], start: int) -> None:
    values = [None if value is None else value.encode("utf-8", "ignore").decode() for value in values]
    array = pa.array(values, pa.string())

    assert np.array_equal(hash_array(array.slice(start)), hash_array(array)[start:])
    assert np.array_equal(hash_array(array), hash_array(array.cast(pa.large_string())))
    assert np.array_equal(hash_array(array), hash_array(array.dictionary_encode()))


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(10, 2), pa.decimal128(38, 0)], ids=str
)
def test_a_whole_number_hashes_alike_in_every_type(kind: pa.DataType) -> None:
    values = [7, None, 0]
    made = (
        pa.array([None if v is None else decimal.Decimal(v) for v in values], kind)
        if "dec" in str(kind)
        else (pa.array(values).cast(kind))
    )

    assert np.array_equal(hash_array(made), hash_array(pa.array(values)))


def test_decimals_too_long_for_a_float_are_told_apart() -> None:
    values = [decimal.Decimal(10**30), decimal.Decimal(10**30 + 1)]

    assert len(set(hash_array(pa.array(values, pa.decimal128(38, 0))).tolist())) == 2


def test_zero_and_minus_zero_and_every_nan_are_one_value() -> None:
    hashes = hash_array(pa.array([0.0, -0.0, float("nan"), -float("nan")], from_pandas=False))

    assert hashes[0] == hashes[1]
    assert hashes[2] == hashes[3]
    assert hashes[0] != hashes[2]


def test_long_strings_differ_by_their_last_character() -> None:
    hashes = hash_array(pa.array(["x" * 10_000 + "a", "x" * 10_000 + "b", "x" * 10_000 + "a"]))

    assert hashes[0] == hashes[2] != hashes[1]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[1, 2], [2, 1], [1, 2, 0], [], None], pa.list_(pa.int64())),
        ([[1, 2], [2, 1], [3, 3], [0, 0], None], pa.list_(pa.int64(), 2)),
        (
            [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, None],
            pa.struct({"a": pa.int8(), "b": pa.string()}),
        ),
        ([b"a", b"", b"\x00", b"\x00\x00", None], pa.binary()),
        ([b"ab", b"ba", b"\x00\x00", None], pa.binary(2)),
        ([True, False, None], pa.bool_()),
        ([dt.date(2020, 1, 1), dt.date(2020, 1, 2), None], pa.date32()),
        ([dt.timedelta(1), dt.timedelta(2), None], pa.duration("us")),
        ([[("a", 1)], [("a", 2)], [("b", 1)], None], pa.map_(pa.string(), pa.int8())),
    ],
    ids=str,
)
def test_values_of_other_types_are_told_apart(values: list[Any], kind: pa.DataType) -> None:
    array = pa.array(values, kind)
    hashes = hash_array(array)

    assert len(set(hashes.tolist())) == len(values)
    assert hashes[-1] == NULL_HASH
    assert np.array_equal(hash_array(array.slice(1)), hashes[1:])


def test_rows_are_hashed_with_their_columns_in_order() -> None:
    one, two = pa.array([1, 1, 2]), pa.array([2, 1, 1])

    assert len(set(hash_rows([one, two]).tolist())) == 3
    assert hash_rows([one, two])[0] != hash_rows([two, one])[0]


def test_hashes_are_the_same_on_every_machine() -> None:
    assert hash_array(pa.array(["semblant", "a longer text"])).tolist() == STRINGS
    assert hash_array(pa.array([1, 1.5])).tolist() == NUMBERS


STRINGS = [1841541707711442507, 2782588886004785713]
NUMBERS = [10451216379200822465, 5034079663065859041]
