"""Lists, structs, maps and JSON: taken apart, put together again in type and form, and protected inside."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.errors import ModelError
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType
from semblant_models.tabular.encodings import Draw, Encoding, encoding_from_dict, fit_encoding
from semblant_models.tabular.encodings.arrow import plain, restore
from semblant_models.tabular.encodings.nested.arrow_form import arrow_of, shred_arrow
from semblant_models.tabular.encodings.nested.json_form import Writing, parsed, shred_json, texts_of

_QUICK = settings(max_examples=40, deadline=None)
_MANY = 20


def fitted(
    values: pa.Array, *, least: int = 10, subjects: np.ndarray | None = None, options: dict[str, Any] | None = None
) -> Encoding:
    kind = values.type
    encoding = EncodingType.STRUCT if pa.types.is_struct(kind) else EncodingType.LIST
    if not pa.types.is_nested(kind):
        encoding = EncodingType.JSON
    plan = ColumnPlan(name="x", type=kind, encoding=encoding, options=options or {})
    made = fit_encoding(plan, values, subjects, least)
    again = encoding_from_dict(json.loads(json.dumps(made.to_dict())))
    assert again.fields == made.fields
    return again


def through(encoding: Encoding, values: pa.Array, seed: int = 0) -> pa.Array:
    tokens = encoding.encode(plain(values))
    assert tokens.shape == (len(values), len(encoding.fields))
    for place, field in enumerate(encoding.fields):
        assert tokens[:, place].min(initial=0) >= 0
        assert tokens[:, place].max(initial=0) < field.cardinality
        assert field.parent is None or field.parent < place
    out = restore(encoding.decode(tokens, Draw(rng=np.random.default_rng(seed))), values.type)
    out.validate(full=True)
    return out


_STRUCT = pa.struct([("a", pa.int8()), pa.field("b", pa.string()), ("c", pa.struct([("d", pa.date32())]))])
TYPES: list[tuple[list[Any], pa.DataType]] = [
    ([{"a": 1, "b": "x", "c": {"d": dt.date(2024, 1, 1)}}, None, {"a": None, "b": "y", "c": None}], _STRUCT),
    ([[1, 2, 2], [], None, [3]], pa.list_(pa.int16())),
    ([["b", "a"], ["a", None]], pa.large_list(pa.string())),
    ([[[1.5], []], [[2.5, 1.5]], []], pa.list_(pa.list_(pa.float64()))),
    ([[1.0, 2.0], [3.0, 4.0], None], pa.list_(pa.float32(), 2)),
    ([[("k", 1), ("l", None)], [], None, [("l", 2)]], pa.map_(pa.string(), pa.int64())),
    ([[{"a": 1}, {"a": None}], [None]], pa.list_(pa.struct([("a", pa.int32())]))),
    ([{"a": ["x", "y"]}, {"a": []}, {"a": None}], pa.struct([("a", pa.list_(pa.dictionary(pa.int8(), pa.string())))])),
    ([{}, None], pa.struct([])),
    ([["x"], ["y"]], pa.list_view(pa.string())),
]


@pytest.mark.feature(216)
@pytest.mark.parametrize(("some", "kind"), TYPES, ids=[str(kind) for _, kind in TYPES])
def test_nested_values_that_many_hold_come_back_exactly_and_in_their_type(some: list[Any], kind: pa.DataType) -> None:
    values = pa.array(some * _MANY, kind)
    out = through(fitted(values), values)
    assert out.type == kind
    assert out.to_pylist() == values.to_pylist()
    assert through(fitted(values), values.slice(3, 7)).to_pylist() == values.slice(3, 7).to_pylist()


def _arrays(kind: pa.DataType) -> st.SearchStrategy[pa.Array]:
    whole = st.integers(-5, 5)
    inside = st.fixed_dictionaries(
        {"k": st.none() | whole, "t": st.none() | st.lists(st.sampled_from("ab"), max_size=3)}
    )
    strategy = {
        "struct": st.none() | inside,
        "list": st.none() | st.lists(st.none() | whole, max_size=4),
        "both": st.none() | st.lists(st.none() | inside, max_size=3),
    }
    name = "struct" if pa.types.is_struct(kind) else "list" if pa.types.is_integer(kind.value_type) else "both"
    return st.lists(strategy[name], min_size=1, max_size=30).map(lambda rows: pa.array(rows, kind))


_INSIDE = pa.struct([("k", pa.int64()), ("t", pa.list_(pa.string()))])


@given(st.sampled_from([_INSIDE, pa.list_(pa.int64()), pa.list_(_INSIDE)]).flatmap(_arrays))
@_QUICK
def test_any_nested_array_is_put_together_as_it_was_taken_apart(values: pa.Array) -> None:
    assert arrow_of(shred_arrow(values), values.type).to_pylist() == values.to_pylist()


@given(st.sampled_from([_INSIDE, pa.list_(pa.int64()), pa.list_(_INSIDE)]).flatmap(_arrays), st.integers(1, 12))
@_QUICK
def test_any_nested_array_goes_through_in_its_type(values: pa.Array, least: int) -> None:
    out = through(fitted(values, least=least), values)
    assert (out.type, len(out)) == (values.type, len(values))
    if least == 1:
        assert out.to_pylist() == values.to_pylist()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.sampled_from([0.5, 1e-3, "", "ü", "a"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abc"), inside, max_size=3),
    max_leaves=8,
)


@given(st.lists(_JSON.filter(lambda v: v is not None), min_size=1, max_size=20), st.sampled_from([None, 2]))
@_QUICK
def test_any_json_is_put_together_as_it_was_taken_apart_and_written_alike(some: list[Any], indent: int | None) -> None:
    texts = [json.dumps(value, indent=indent, sort_keys=True) for value in some]
    made = texts_of(shred_json(parsed(texts)), Writing.seen_in(texts)).to_pylist()
    assert [json.loads(text) for text in made] == some
    assert sum(a == b for a, b in zip(made, texts, strict=True)) >= 0.5 * len(texts)


@given(st.lists(st.none() | _JSON.map(json.dumps), min_size=1, max_size=20), st.integers(1, 12))
@_QUICK
def test_any_json_goes_through_as_json(texts: list[str | None], least: int) -> None:
    values = pa.array(texts, pa.string())
    out = through(fitted(values, least=least), values).to_pylist()
    assert all(text is None or json.loads(text) is not NotImplemented for text in out)


@pytest.mark.feature(216)
def test_a_missing_key_null_and_an_empty_list_are_told_apart() -> None:
    some = ['{"a": 1, "t": []}', '{"a": null, "t": ["x"]}', '{"t": null}', "{}", None]
    values = pa.array(some * _MANY)
    assert through(fitted(values), values).to_pylist() == values.to_pylist()


@pytest.mark.feature(216)
def test_one_place_may_hold_values_of_several_kinds_and_texts_that_are_no_json() -> None:
    some = ['{"v":1}', '{"v":"one"}', '{"v":[1,2]}', '{"v":{"w":true}}', '{"v":1.5}', "broken {", "null"]
    values = pa.array(some * _MANY)
    assert through(fitted(values), values).to_pylist() == values.to_pylist()


@pytest.mark.feature(216, 244)
def test_inside_a_nested_column_what_one_subject_holds_in_fifty_rows_never_comes_out() -> None:
    usual = [f'{{"kind": "{k}", "tags": ["x", "y"], "n": {n}}}' for n in range(30) for k in "ab"]
    planted = '{"kind": "SECRET", "tags": ["PLANTED"], "n": 987654321, "private_key": 1}'
    values = pa.array([*usual * 5, *[planted] * 50])
    subjects = np.concatenate([np.arange(300), np.full(50, 9999)]).astype(np.uint64)
    made = fitted(values, subjects=subjects)
    assert not any(word in json.dumps(made.to_dict()) for word in ("SECRET", "PLANTED", "987654321", "private_key"))
    text = " ".join(map(str, through(made, values).to_pylist()))
    assert not any(word in text for word in ("SECRET", "PLANTED", "987654321", "private_key"))
    assert "SECRET" in json.dumps(fitted(values).to_dict())


@pytest.mark.feature(216)
def test_sets_of_labels_take_one_token_each_and_keep_their_order() -> None:
    rng = np.random.default_rng(0)
    labels = [f"label{i:02d}" for i in range(12)]
    sets = [[label for label in labels if rng.random() < 0.4] for _ in range(500)]
    values = pa.array(sets, pa.list_(pa.string()))
    made = fitted(values)
    assert [f.cardinality for f in made.fields] == [2] * 12
    assert through(made, values).to_pylist() == sets


@pytest.mark.feature(216)
def test_a_list_whose_order_matters_is_learned_in_order() -> None:
    rng = np.random.default_rng(0)
    values = pa.array(
        [list(rng.permutation(list("abcd"))[: rng.integers(0, 5)]) for _ in range(500)], pa.list_(pa.string())
    )
    assert through(fitted(values), values).to_pylist() == values.to_pylist()


@pytest.mark.feature(211, 216)
@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d", "%d.%m.%Y"])
def test_moments_written_inside_json_exist_and_keep_their_format(form: str) -> None:
    rng = np.random.default_rng(0)
    start = dt.datetime(2023, 1, 1)
    moments = [start + dt.timedelta(seconds=int(s)) for s in rng.integers(0, 40 * 10**6, 800)]
    values = pa.array([json.dumps({"at": m.strftime(form), "n": 1}) for m in moments])
    made = [json.loads(text)["at"] for text in through(fitted(values), values).to_pylist()]
    read = [dt.datetime.strptime(text, form) for text in made]  # noqa: DTZ007 - as written
    assert min(read) >= start
    assert np.median([abs((a - b).days) for a, b in zip(read, moments, strict=True)]) <= 7


@pytest.mark.feature(11, 216)
def test_a_part_can_be_left_out_by_its_path() -> None:
    values = pa.array(['{"a": 1, "note": "written by hand"}'] * _MANY)
    out = through(fitted(values, options={"leave_out": ["note"]}), values)
    assert set(out.to_pylist()) == {'{"a": 1, "note": null}'}
    inside = pa.array([[{"a": 1, "b": 2}]] * _MANY)
    out = through(fitted(inside, options={"leave_out": ["[].b"]}), inside)
    assert out.to_pylist() == [[{"a": 1, "b": None}]] * _MANY


@pytest.mark.feature(216)
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (pa.struct([("a", pa.binary())]), "at 'a' holds bytes"),
        (pa.list_(pa.struct([("b", pa.large_binary())])), r"at '\[\].b' holds bytes"),
        (pa.struct([pa.field("a", pa.int8()), pa.field("a", pa.int8())]), "two fields of one name"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused_by_name(kind: pa.DataType, reason: str) -> None:
    with pytest.raises(ModelError, match=f"column 'x'.*{reason}") as caught:
        fitted(pa.nulls(30, kind))
    assert "include: false" in str(caught.value.fix)
