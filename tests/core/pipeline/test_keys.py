"""Keys made by the engine: unique, in the form of the originals, and never the originals' secret."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant.pipeline.keys import (
    IntegerKey,
    KeyForm,
    SequentialKey,
    ShapeKey,
    UuidKey,
    cast_key,
    key_as_dict,
    key_from_dict,
    learn_key,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def _learn(values: Sequence[object], kind: pa.DataType) -> KeyForm:
    form = learn_key([pa.RecordBatch.from_arrays([pa.array(values, kind)], names=["id"])], kind, 10)
    assert form is not None
    return form


@pytest.mark.feature(207)
def test_a_dense_integer_key_counts_on_from_one_or_zero() -> None:
    assert _learn(list(range(1, 101)), pa.int64()) == SequentialKey(1)
    assert _learn(list(range(100)), pa.int32()) == SequentialKey(0)


@pytest.mark.feature(207)
def test_a_sparse_integer_key_keeps_its_number_of_digits() -> None:
    values = np.random.default_rng(1).integers(10**8, 10**9, 500).tolist()
    form = _learn(values, pa.int64())
    assert form == IntegerKey(9)
    made = form.make(0, 10_000, seed=3).to_pylist()
    assert len(set(made)) == 10_000
    assert {len(str(value)) for value in made} == {9}


@pytest.mark.feature(207)
def test_an_integer_key_fits_the_type_of_its_column() -> None:
    values = np.random.default_rng(1).choice(2**31 - 1, 500, replace=False).tolist()
    made = cast_key(_learn(values, pa.int32()).make(0, 10_000, seed=3), pa.int32())
    assert len(made.unique()) == 10_000
    assert {len(str(value)) for value in made.to_pylist()} == {10}


@pytest.mark.feature(207)
def test_a_uuid_key_stays_a_uuid_in_its_writing() -> None:
    form = _learn([str(uuid.uuid4()).upper() for _ in range(50)], pa.string())
    assert form == UuidKey(upper=True)
    made = form.make(0, 1000, seed=1).to_pylist()
    assert len(set(made)) == 1000
    assert all(uuid.UUID(value).version == 4 and value == value.upper() for value in made)
    native = cast_key(form.make(0, 3, seed=1), pa.uuid())
    assert native.type == pa.uuid()


@pytest.mark.feature(207)
def test_a_patterned_key_keeps_its_shape() -> None:
    form = _learn([f"CUST-{i:05d}" for i in range(3000)], pa.string())
    made = form.make(0, 5000, seed=9).to_pylist()
    assert len(set(made)) == 5000
    assert all(re.fullmatch(r"CUST-\d{5}", value) for value in made)


def test_a_shape_grows_by_a_place_when_its_keys_run_out() -> None:
    made = ShapeKey("A   ", " 000").make(0, 5000, seed=0).to_pylist()
    assert len(set(made)) == 5000
    assert all(re.fullmatch(r"A\d{4}", value) for value in made)


def test_a_letter_that_only_few_keys_share_is_no_constant_of_the_shape() -> None:
    assert _learn(["X1", "X2", "X3"], pa.string()) == ShapeKey("  ", "A0")


@pytest.mark.parametrize("kind", [pa.float64(), pa.date32()])
def test_a_key_without_a_form_of_its_own_is_left_to_the_model(kind: pa.DataType) -> None:
    assert learn_key([], kind, 10) is None


@given(
    form=st.sampled_from([SequentialKey(1), IntegerKey(6), IntegerKey(18), ShapeKey("AB-   x", "   0A  ")]),
    seed=st.integers(0, 2**62),
    cut=st.integers(1, 699),
)
def test_keys_are_unique_and_the_same_however_they_are_cut(form: SequentialKey, seed: int, cut: int) -> None:
    whole = form.make(0, 700, seed).to_pylist()
    assert len(set(whole)) == 700
    if isinstance(form, ShapeKey):
        return  # its random places depend on the cut, its uniqueness does not
    assert form.make(0, cut, seed).to_pylist() + form.make(cut, 700 - cut, seed).to_pylist() == whole


def test_a_form_survives_its_json() -> None:
    for form in (SequentialKey(0), IntegerKey(7), UuidKey(upper=True, hyphens=False), ShapeKey("A ", " 0")):
        assert key_from_dict(key_as_dict(form)) == form
