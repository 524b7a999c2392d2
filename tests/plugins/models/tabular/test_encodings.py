"""Each encoding: values become tokens and come back, and what few hold never does."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.detection.strings import LONGEST_PATTERN
from semblant.errors import ArtefactError, DataError, ModelError
from semblant.training import ColumnPlan
from semblant.vocabulary import ColumnTreatment, EncodingType
from semblant_models.tabular.encodings import Draw, Encoding, encoding_from_dict, fit_encoding
from semblant_models.tabular.encodings.arrow import plain, restore
from semblant_models.tabular.encodings.form import MOST_LENGTH

_QUICK = settings(max_examples=30, deadline=None)


def fitted(
    values: pa.Array, encoding: EncodingType, *, least: int = 10, subjects: np.ndarray | None = None, **plan: Any
) -> Encoding:
    column = ColumnPlan(name="x", type=values.type, encoding=encoding, **plan)
    made = fit_encoding(column, values, subjects, least)
    again = encoding_from_dict(json.loads(json.dumps(made.to_dict())))
    assert list(again.fields) == list(made.fields)
    return again


def through(encoding: Encoding, values: pa.Array, seed: int = 0) -> pa.Array:
    tokens = encoding.encode(plain(values))
    assert tokens.shape == (len(values), len(encoding.fields))
    for place, field in enumerate(encoding.fields):
        assert tokens[:, place].min(initial=0) >= 0
        assert tokens[:, place].max(initial=0) < field.cardinality
    out = encoding.decode(tokens, Draw(rng=np.random.default_rng(seed)))
    return restore(out, values.type)


TYPES: list[tuple[pa.Array, EncodingType]] = [
    (pa.array([1, 2, None] * 20, pa.int8()), EncodingType.INTEGER),
    (pa.array([2**62, 2**62 + 1, -(2**62)] * 20, pa.int64()), EncodingType.INTEGER),
    (pa.array([2**63 + 5, 7, 2**64 - 1] * 20, pa.uint64()), EncodingType.INTEGER),
    (pa.array([0.1, 0.25, None] * 20, pa.float32()), EncodingType.NUMBER),
    (pa.array([1.5, -2.25] * 20, pa.float64()), EncodingType.NUMBER),
    (pa.array([0.5, 2.0] * 20, pa.float16()), EncodingType.NUMBER),
    (pa.array([Decimal("12345678901234567.89"), Decimal("-0.01")] * 20, pa.decimal128(38, 2)), EncodingType.NUMBER),
    (pa.array([Decimal("1.10"), None] * 20, pa.decimal256(40, 2)), EncodingType.NUMBER),
    (pa.array([True, False, None] * 20), EncodingType.BOOLEAN),
    (pa.array(["a", "b", None, "é🎉"] * 20), EncodingType.CATEGORICAL),
    (pa.array(["a", "b"] * 20).dictionary_encode(), EncodingType.CATEGORICAL),
    (pa.array(["a", "b"] * 20, pa.large_string()), EncodingType.CATEGORICAL),
    (pa.array([b"\x00\xff", b"b"] * 20), EncodingType.BINARY),
    (pa.array([3, 4] * 20), EncodingType.CATEGORICAL),
    (pa.array([1.5, 2.5] * 20), EncodingType.CATEGORICAL),
    (pa.array([Decimal("1.10"), Decimal("2.20")] * 20), EncodingType.CATEGORICAL),
    (pa.array([dt.date(2020, 2, 29), dt.date(1969, 12, 31), None] * 20), EncodingType.DATE),
    (pa.array([dt.date(2020, 2, 29)] * 20, pa.date64()), EncodingType.DATE),
    (pa.array([dt.datetime(2020, 2, 29, 23, 59, 59, 123456), None] * 20, pa.timestamp("us")), EncodingType.DATETIME),
    (
        pa.array([dt.datetime(2020, 7, 1, 12, 30), dt.datetime(2020, 1, 1)] * 20, pa.timestamp("ns", "Europe/Rome")),
        EncodingType.DATETIME,
    ),
    (pa.array([dt.time(9, 30), dt.time(17, 45, 1)] * 20, pa.time64("us")), EncodingType.TIME),
    (pa.array([dt.time(9, 30)] * 20 + [dt.time(10, 0)] * 20, pa.time32("s")), EncodingType.TIME),
    (pa.array([dt.timedelta(hours=1), dt.timedelta(days=-2)] * 20, pa.duration("ms")), EncodingType.DURATION),
    (pa.array([45.5, 41.9] * 20), EncodingType.LATITUDE),
]


@pytest.mark.feature(210, 211)
@pytest.mark.parametrize(("values", "encoding"), TYPES, ids=[f"{v.type}-{e}" for v, e in TYPES])
def test_values_that_many_hold_come_back_exactly_and_in_their_type(values: pa.Array, encoding: EncodingType) -> None:
    made = fitted(values, encoding)
    out = through(made, values)
    assert out.type == values.type
    assert out.to_pylist() == values.to_pylist()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=60), st.integers(1, 12))
@_QUICK
def test_any_integers_stay_within_their_range(numbers: list[int], least: int) -> None:
    values = pa.array(numbers, pa.int64())
    out = through(fitted(values, EncodingType.INTEGER, least=least), values)
    assert out.null_count == 0
    assert min(numbers) <= pc.min(out).as_py()
    assert pc.max(out).as_py() <= max(numbers)


@given(st.lists(st.one_of(st.none(), st.floats(width=32)), min_size=1, max_size=60), st.integers(1, 12))
@_QUICK
def test_any_floats_keep_null_and_nan_apart(numbers: list[float | None], least: int) -> None:
    values = pa.array(numbers, pa.float32())
    out = through(fitted(values, EncodingType.NUMBER, least=least), values)
    enough = pc.sum(pc.is_finite(values)).as_py() or 0
    if not values.null_count or enough >= min(least, 5):
        assert out.is_null().equals(values.is_null())
    else:
        assert out.null_count >= values.null_count
        return
    finite = pc.fill_null(pc.is_finite(values), False).to_numpy(zero_copy_only=False)
    nan = pc.fill_null(pc.is_nan(values), False).to_numpy(zero_copy_only=False)
    assert np.array_equal(pc.fill_null(pc.is_nan(out), False).to_numpy(zero_copy_only=False), nan)
    if finite.any():
        assert np.isfinite(out.to_numpy(zero_copy_only=False)[finite]).all()


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1, max_size=80), st.integers(1, 12))
@_QUICK
def test_any_texts_as_categories_come_out_only_if_enough_rows_hold_them(texts: list[str | None], least: int) -> None:
    values = pa.array(texts, pa.string())
    plan = ColumnPlan(name="x", type=values.type, encoding=EncodingType.CATEGORICAL)
    made = fit_encoding(plan, values, None, least)
    out = through(made, values)
    if made.kind == "categorical":
        constant = len(set(texts)) == 1
        allowed = {t for t in texts if texts.count(t) >= least or constant} | {None}
        assert set(out.to_pylist()) <= allowed


@pytest.mark.feature(244)
def test_a_category_that_one_subject_holds_in_fifty_rows_never_comes_out() -> None:
    values = pa.array(["a"] * 100 + ["b"] * 100 + ["planted"] * 50)
    subjects = np.concatenate([np.arange(200), np.full(50, 999)]).astype(np.uint64)
    made = fitted(values, EncodingType.CATEGORICAL, subjects=subjects)
    assert "planted" not in json.dumps(made.to_dict())
    tokens = np.zeros((1000, 1), np.int32)
    assert "planted" not in made.decode(tokens, Draw(rng=np.random.default_rng(0))).to_pylist()
    assert "planted" in json.dumps(fitted(values, EncodingType.CATEGORICAL).to_dict())


@pytest.mark.feature(244)
def test_an_extreme_that_one_subject_holds_in_fifty_rows_never_comes_out() -> None:
    rng = np.random.default_rng(0)
    values = pa.array(np.concatenate([rng.normal(0, 1, 5000), np.full(50, 1e6)]))
    subjects = np.concatenate([np.arange(5000), np.full(50, 9999)]).astype(np.uint64)
    made = fitted(values, EncodingType.NUMBER, subjects=subjects)
    assert 1e6 not in np.array(made.to_dict()["scale"]["cells"]).ravel().tolist()
    out = np.concatenate([through(made, values, seed).to_numpy() for seed in range(10)])
    assert out.max() < 6e5


@pytest.mark.feature(11)
def test_treatment_keep_lets_every_value_out() -> None:
    values = pa.array(["a"] * 100 + ["alone"])
    made = fitted(values, EncodingType.CATEGORICAL, treatment=ColumnTreatment.KEEP)
    assert through(made, values).to_pylist() == values.to_pylist()
    numbers = pa.array([*range(100), 10**9])
    made = fitted(numbers, EncodingType.INTEGER, treatment=ColumnTreatment.KEEP)
    assert through(made, numbers).to_pylist() == numbers.to_pylist()


@pytest.mark.feature(210)
def test_heaps_decimals_and_round_numbers_are_kept() -> None:
    rng = np.random.default_rng(0)
    heap = np.where(rng.random(20_000) < 0.4, 0.0, rng.lognormal(6, 1.5, 20_000).round(2))
    values = pa.array(np.where(rng.random(20_000) < 0.3, heap.round(-2), heap))
    out = through(fitted(values, EncodingType.NUMBER), values).to_numpy()
    real = values.to_numpy()
    assert abs((out == 0).mean() - (real == 0).mean()) < 0.005
    assert np.array_equal(out, out.round(2))
    assert abs((out % 100 == 0).mean() - (real % 100 == 0).mean()) < 0.02


@pytest.mark.feature(213)
def test_many_categories_become_two_small_tokens() -> None:
    rng = np.random.default_rng(0)
    values = pa.array([f"v{i:05d}" for i in rng.integers(0, 3000, 60_000)])
    made = fitted(values, EncodingType.CATEGORICAL)
    assert [f.cardinality <= 256 for f in made.fields] == [True, True]
    out = through(made, values)
    assert pc.mean(pc.equal(out, values)).as_py() > 0.97


@pytest.mark.feature(211)
def test_weekdays_and_hours_survive_where_days_are_rare() -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 365 * 30, 20_000)
    days = days[(days + 3) % 7 < 5]
    moments = days * 86_400 + rng.choice([9, 12, 18], len(days)) * 3600
    values = pa.array(moments, pa.int64()).cast(pa.timestamp("s"))
    made = fitted(values, EncodingType.DATETIME)
    out = through(made, values)
    assert pc.max(pc.day_of_week(out)).as_py() <= 4
    assert set(pc.hour(out).unique().to_pylist()) == {9, 12, 18}
    assert abs(pc.mean(pc.subtract(pc.cast(out, pa.int64()), pa.array(moments))).as_py()) < 86_400 * 7


@pytest.mark.feature(207, 215)
def test_patterned_strings_have_a_form_of_the_data_and_are_not_copied() -> None:
    rng = np.random.default_rng(0)
    real = [f"{c}-{n:06d}" for c, n in zip(rng.choice(["AB", "CD"], 5000), rng.integers(0, 10**6, 5000), strict=True)]
    values = pa.array(real)
    made = fitted(values, EncodingType.PATTERN)
    out = through(made, values)
    assert pc.all(pc.match_substring_regex(out, r"^(AB|CD)-[0-9]{6}$")).as_py()
    assert pc.mean(pc.equal(pc.utf8_slice_codeunits(out, 0, 2), pc.utf8_slice_codeunits(values, 0, 2))).as_py() > 0.99
    assert not set(out.to_pylist()) & set(real)
    assert not any(text in json.dumps(made.to_dict()) for text in real[:200])


@pytest.mark.feature(207)
@pytest.mark.parametrize(
    "values",
    [
        pa.array([f"{i:08x}-0000-4000-8000-{i:012x}" for i in range(300)]),
        pa.array([f"K{i:03d}" for i in range(300)]),
        pa.array(range(10**9, 10**9 + 300)),
        pa.array([Decimal(10**9 + i) for i in range(300)], pa.decimal128(20, 0)),
    ],
    ids=["uuid", "code", "integer", "decimal"],
)
def test_identifiers_are_unique_over_batches_and_in_form(values: pa.Array) -> None:
    made = fitted(values, EncodingType.IDENTIFIER)
    rng = np.random.default_rng(0)
    tokens = np.zeros((1000, len(made.fields)), np.int32)
    draws = [Draw(rng=rng, first_row=start, all_rows=3000) for start in (0, 1000, 2000)]
    parts = [restore(made.decode(tokens, draw), values.type) for draw in draws]
    texts = [str(v) for part in parts for v in part.to_pylist()]
    assert len(set(texts)) == 3000
    assert {len(t) for t in texts} <= {len(str(values[0].as_py())), len(str(values[0].as_py())) + 1}
    assert not set(map(str, values.to_pylist())) & set(texts) or made.kind == "identifier"


@pytest.mark.feature(216)
@pytest.mark.parametrize("encoding", [EncodingType.TEXT, EncodingType.DATE, EncodingType.NUMBER])
def test_a_type_that_does_not_go_with_its_encoding_is_refused_by_name(encoding: EncodingType) -> None:
    with pytest.raises(ModelError, match="column 'x'") as caught:
        fitted(pa.array(["a", "b"]), encoding)
    assert "include: false" in str(caught.value.fix)


def test_empty_looking_columns_need_no_tokens() -> None:
    for values, encoding in (
        (pa.nulls(30, pa.string()), EncodingType.CATEGORICAL),
        (pa.nulls(30, pa.int64()), EncodingType.NUMBER),
        (pa.nulls(30, pa.timestamp("us")), EncodingType.DATETIME),
        (pa.array([5] * 30), EncodingType.INTEGER),
        (pa.array(["same"] * 30), EncodingType.CATEGORICAL),
        (pa.nulls(30), EncodingType.CATEGORICAL),
        (pa.array([dt.date(2020, 1, 1)] * 30), EncodingType.DATE),
    ):
        made = fitted(values, encoding)
        assert made.fields == ()
        assert through(made, values).to_pylist() == values.to_pylist()


def test_a_damaged_encoding_is_an_artefact_error() -> None:
    state = fitted(pa.array([1, 2, 3] * 10), EncodingType.INTEGER).to_dict()
    for bad in ({"kind": "nothing"}, {**state, "scale": {"integer": True}}, {**state, "type": "###"}):
        with pytest.raises(ArtefactError):
            encoding_from_dict(bad)


def test_an_identifier_of_a_narrow_or_wide_type_is_made_within_it() -> None:
    for values in (
        pa.array(range(100), pa.int8()),
        pa.array(np.arange(10**19, 10**19 + 100, dtype=np.uint64)),
        pa.array([Decimal(10**8 + i) for i in range(100)], pa.decimal128(10, 0)),
    ):
        encoding = fitted(values, EncodingType.IDENTIFIER)
        made = encoding.decode(np.zeros((4096, 0), np.int32), Draw(rng=np.random.default_rng(0)))
        assert made.type == values.type
        assert len(made.slice(0, 100).unique()) == 100


def test_identifiers_stay_unique_and_in_form_where_batches_outgrow_the_characters_seen() -> None:
    made = fitted(pa.array([f"A-{i:05d}" for i in range(5000)]), EncodingType.IDENTIFIER)
    rows, size = 20_000, 4096
    tokens = np.zeros((size, len(made.fields)), np.int32)
    texts: list[str] = []
    for start in range(0, rows, size):
        draw = Draw(rng=np.random.default_rng(start), first_row=start, all_rows=rows)
        texts += made.decode(tokens, draw).to_pylist()
    texts = texts[:rows]
    assert len(set(texts)) == rows
    assert all(text.startswith("A-") and len(text) == 7 for text in texts)


def unguarded(encoding: Encoding) -> Encoding:
    state = encoding.to_dict()
    return encoding_from_dict({**state, "forms": {"forms": state["forms"]["forms"]}})


def addresses() -> list[str]:
    parts = [consonant + vowel for consonant in "bdfgklmn" for vowel in "aeiou"]
    every = [f"{a}.{b}@{c}" for a in parts for b in parts for c in ("a.org", "b.org", "c.org", "d.org")]
    return [str(v) for v in np.random.default_rng(1).choice(every, 1500, replace=False)]


@pytest.mark.feature(207)
def test_no_drawn_address_is_one_that_a_single_subject_holds() -> None:
    real = addresses()
    made = fitted(pa.array(real), EncodingType.PATTERN)
    out = through(made, pa.array(real)).to_pylist()

    assert not set(out) & set(real)
    assert all(len(text) == 11 and text[2] == "." and text[5] == "@" for text in out)
    assert out == through(made, pa.array(real)).to_pylist()
    assert out != through(made, pa.array(real), seed=1).to_pylist()
    assert len(set(through(unguarded(made), pa.array(real)).to_pylist()) & set(real)) > 50


@pytest.mark.feature(207)
def test_values_that_many_hold_or_that_are_kept_are_not_guarded() -> None:
    shared = pa.array([f"K{i:02d}" for i in range(100)] * 20)
    assert fitted(shared, EncodingType.PATTERN).to_dict()["forms"]["guard"]["bits"] == ""
    assert set(through(fitted(shared, EncodingType.PATTERN), shared).to_pylist()) <= set(shared.to_pylist())
    five = np.arange(2000, dtype=np.uint64) % 5
    assert fitted(shared, EncodingType.PATTERN, subjects=five).to_dict()["forms"]["guard"]["bits"] != ""
    for encoding in (EncodingType.PATTERN, EncodingType.IDENTIFIER):
        kept = fitted(pa.array(addresses()), encoding, treatment=ColumnTreatment.KEEP)
        assert kept.to_dict()["forms"]["guard"] is None


def test_a_form_without_a_free_value_is_drawn_all_the_same() -> None:
    values = pa.array([f"{i:02d}" for i in range(100)])
    out = through(fitted(values, EncodingType.PATTERN), values)
    assert pc.all(pc.match_substring_regex(out, "^[0-9]{2}$")).as_py()
    made = fitted(values, EncodingType.IDENTIFIER).decode(
        np.zeros((100, 0), np.int32), Draw(rng=np.random.default_rng(0), all_rows=100)
    )
    assert len(made.unique()) == 100


@pytest.mark.feature(207)
@pytest.mark.parametrize("all_rows", [3000, 0])
def test_identifiers_that_keep_off_real_ones_stay_unique_over_batches(all_rows: int) -> None:
    numbers = np.random.default_rng(2).choice(10**5, 20_000, replace=False)
    long = [f"A-{n:05d}-{n * 7919 % 10**6:06d}" for n in numbers]
    values = pa.array([f"A-{n:05d}" for n in numbers] if all_rows else long)
    made = fitted(values, EncodingType.IDENTIFIER)

    def texts(encoding: Encoding) -> list[str]:
        rng = np.random.default_rng(0)
        draws = [Draw(rng=rng, first_row=start, all_rows=all_rows) for start in (0, 1000, 2000)]
        return [v for draw in draws for v in encoding.decode(np.zeros((1000, 0), np.int32), draw).to_pylist()]

    out = texts(made)
    assert len(set(out)) == 3000
    assert not set(out) & set(values.to_pylist())
    assert {len(text) for text in out} == {len(values[0].as_py())}
    if all_rows:
        assert len(set(texts(unguarded(made))) & set(values.to_pylist())) > 100


@pytest.mark.feature(207)
def test_codes_that_were_counted_up_are_not_made_again() -> None:
    values = pa.array([f"CUST{i:06d}" for i in range(5000)])
    made = fitted(values, EncodingType.IDENTIFIER)
    draw = Draw(rng=np.random.default_rng(0), all_rows=5000)
    out = made.decode(np.zeros((5000, 0), np.int32), draw).to_pylist()

    assert len(set(out)) == 5000
    assert not set(out) & set(values.to_pylist())
    assert all(text.startswith("CUST") and len(text) == 10 for text in out)
    blind = unguarded(made).decode(np.zeros((5000, 0), np.int32), draw).to_pylist()
    assert len(set(blind) & set(values.to_pylist())) > 4000


def test_long_codes_keep_their_whole_length() -> None:
    values = pa.array([f"{'x' * 190}-{i:06d}" for i in range(300)])
    for encoding in (EncodingType.PATTERN, EncodingType.IDENTIFIER):
        out = through(fitted(values, encoding), values)
        assert pc.all(pc.match_substring_regex(out, "^x{190}-[0-9]{6}$")).as_py()


def test_values_too_long_for_a_form_are_left_out_and_never_cut() -> None:
    assert MOST_LENGTH == LONGEST_PATTERN
    values = pa.array([f"A-{i:04d}" for i in range(300)] + ["A-" + "7" * (MOST_LENGTH - 1)] * 30)
    for encoding in (EncodingType.PATTERN, EncodingType.IDENTIFIER):
        out = through(fitted(values, encoding), values)
        assert pc.all(pc.match_substring_regex(out, "^A-[0-9]{4}$")).as_py()
    edge = pa.array(["7" * MOST_LENGTH] * 30 + ["7" * (MOST_LENGTH + 1)] * 30)
    assert through(fitted(edge, EncodingType.PATTERN), edge).to_pylist() == ["7" * MOST_LENGTH] * 60


def test_a_pattern_of_nothing_but_too_long_values_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="column 'x'") as caught:
        fitted(pa.array(["7" * (MOST_LENGTH + 1)] * 30), EncodingType.PATTERN)
    assert "encoding: text" in str(caught.value.fix)
