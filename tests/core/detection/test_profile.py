"""The profile: equal to exact computations, in bounded memory, whatever the batches."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import subprocess
import sys
import textwrap
import time
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.detection.profile import profile_table
from semblant.detection.sketch import DistinctSketch, TopValues, ValueSample
from semblant.errors import SourceError
from semblant.schema import Column, Table
from tests.core.detection.sources import profiled, table_of

NUMBERS = st.lists(st.one_of(st.none(), st.integers(-50, 50), st.integers(-(2**60), 2**60)), min_size=1, max_size=200)
FLOATS = st.lists(
    st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(float("nan")), st.integers(0, 9)), min_size=1, max_size=200
)
WORDS = st.lists(st.one_of(st.none(), st.text("ab 1é", max_size=6)), min_size=1, max_size=200)


@settings(max_examples=60, deadline=None)
@given(NUMBERS, st.integers(1, 70))
def test_whole_numbers_are_profiled_as_polars_computes_them(values: list[int | None], batch_rows: int) -> None:
    found = profiled(pa.table({"x": pa.array(values, pa.int64())}), batch_rows=batch_rows).columns["x"]
    exact = pl.Series(values, dtype=pl.Int64)

    assert found.rows == len(exact)
    assert found.nulls == exact.null_count()
    assert found.distinct == exact.drop_nulls().n_unique()
    assert found.repeated == (exact.drop_nulls().n_unique() < exact.drop_nulls().len())
    assert dict(found.top) == dict(exact.drop_nulls().value_counts().iter_rows())
    assert set(found.sample) == set(exact.drop_nulls().to_list())
    assert found.ascending == exact.drop_nulls().is_sorted()
    assert found.strictly_ascending == (exact.drop_nulls().is_sorted() and not found.repeated)
    if found.present:
        assert found.numbers["minimum"] == float(exact.min())  # type: ignore[arg-type]
        assert found.numbers["mean"] == pytest.approx(float(exact.mean()), rel=1e-9, abs=1e-6)  # type: ignore[arg-type]
        assert found.numbers["decimals"] == 0


@settings(max_examples=60, deadline=None)
@given(FLOATS, st.integers(1, 70))
def test_numbers_are_profiled_as_polars_computes_them(values: list[float | None], batch_rows: int) -> None:
    found = profiled(pa.table({"x": pa.array(values, pa.float64(), from_pandas=False)}), batch_rows=batch_rows).columns[
        "x"
    ]
    exact = pl.Series(values, dtype=pl.Float64).drop_nulls()

    assert found.nans == exact.is_nan().sum()
    finite = exact.filter(exact.is_not_nan())
    assert found.distinct == finite.n_unique()
    if len(finite):
        assert found.numbers["maximum"] == finite.max()
        assert found.numbers["deviation"] == pytest.approx(finite.std(ddof=0), rel=1e-6, abs=1e-6)
        assert found.numbers["zeros"] == (finite == 0).sum()


@settings(max_examples=60, deadline=None)
@given(WORDS, st.integers(1, 70))
def test_strings_are_profiled_as_polars_computes_them(values: list[str | None], batch_rows: int) -> None:
    found = profiled(pa.table({"x": pa.array(values, pa.string())}), batch_rows=batch_rows).columns["x"]
    exact = pl.Series(values, dtype=pl.String).drop_nulls()

    assert found.distinct == exact.n_unique()
    if len(exact):
        assert found.strings["longest"] == exact.str.len_chars().max()
        assert found.strings["shortest"] == exact.str.len_chars().min()
        assert found.strings["mean_length"] == pytest.approx(exact.str.len_chars().mean())
        assert found.strings["empty"] == (exact == "").sum()
        assert sum(count for _, count in found.top) == len(exact)


@settings(max_examples=30, deadline=None)
@given(NUMBERS, WORDS, st.integers(1, 50), st.integers(1, 50))
def test_the_batches_do_not_change_the_profile(numbers: list[Any], words: list[Any], one: int, two: int) -> None:
    rows = min(len(numbers), len(words))
    data = pa.table({"n": pa.array(numbers[:rows], pa.int64()), "w": pa.array(words[:rows], pa.string())})
    first, second = profiled(data, batch_rows=one).as_dict(), profiled(data, batch_rows=two).as_dict()
    for profile in (first, second):
        for column in profile["columns"].values():
            for figure in ("mean", "deviation"):
                column["numbers"].pop(figure, None)

    assert first == second


def test_repeated_rows_are_counted() -> None:
    data = pa.table({"a": [1, 1, 2, 1, None, None], "b": ["x", "x", "x", "y", "z", "z"]})

    assert profiled(data, batch_rows=2).duplicate_rows == 2


def test_beyond_its_capacity_the_sketch_estimates_and_still_finds_repeats() -> None:
    sketch = DistinctSketch(4_096)
    generator = np.random.default_rng(5)
    values = generator.integers(0, 2**64, 300_000, dtype=np.uint64)
    for part in np.array_split(values, 20):
        sketch.add(*np.unique(part, return_counts=True))
    assert not sketch.exact
    assert sketch.reused_share() == 0.0
    assert sketch.distinct == pytest.approx(300_000, rel=5 / 64)

    sketch.add(*np.unique(values[:150_000], return_counts=True))
    assert sketch.repeated
    assert sketch.reused_share() == pytest.approx(0.5, abs=0.05)
    assert sketch.distinct == pytest.approx(300_000, rel=5 / 64)


def test_the_sketch_tells_which_values_another_column_lacks() -> None:
    child, parent = DistinctSketch(100), DistinctSketch(100)
    child.add(np.array([1, 2, 9], np.uint64), np.array([5, 1, 4]))
    parent.add(np.array([1, 2, 3], np.uint64), np.array([1, 1, 1]))

    assert child.missing_from(parent) == (3, 1, 4)


def test_the_most_frequent_values_survive_a_crowd_of_rare_ones() -> None:
    top = TopValues(16)
    generator = np.random.default_rng(6)
    for _ in range(30):
        values = np.concatenate([np.full(100, 7), np.full(60, 8), generator.integers(1_000, 10**9, 300)])
        unique, first, counts = np.unique(values.astype(np.uint64), return_index=True, return_counts=True)
        top.add(unique, counts, first, pa.array(values))
    values_found, counts_found = top.most_common(2)

    assert values_found is not None
    assert values_found.to_pylist() == [7, 8]
    assert not top.exact
    assert 3_000 - 2 * 30 * 460 / 16 <= counts_found[0] <= 3_000


def test_the_sample_does_not_depend_on_the_order_of_rows() -> None:
    values = [f"v{number}" for number in range(5_000)]
    forward = profiled(pa.table({"x": values}), batch_rows=700).columns["x"].sample
    backward = profiled(pa.table({"x": values[::-1]}), batch_rows=333).columns["x"].sample

    assert forward == backward
    assert len(forward) == 512


def test_the_sample_holds_each_value_once() -> None:
    sample = ValueSample(4)
    for _ in range(3):
        sample.add(np.array([3, 5], np.uint64), np.array([0, 1], dtype=np.intp), pa.array(["c", "e"]))
    sample.add(np.array([1, 4, 9], np.uint64), np.array([0, 1, 2], dtype=np.intp), pa.array(["a", "d", "i"]))

    assert sample.values is not None
    assert sample.values.to_pylist() == ["a", "c", "d", "e"]


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([1.0, 2.0], 0), ([0.1, 0.25], 2), ([1 / 3, 0.5], None), ([19.99, 1e15], 2), ([1e-7], 7), ([-0.05, 3.0], 2)],
)
def test_decimals_are_those_that_the_values_are_written_with(values: list[float], decimals: int | None) -> None:
    assert profiled(pa.table({"x": values})).columns["x"].numbers["decimals"] == decimals


@pytest.mark.feature(210)
def test_decimals_of_narrow_floats_are_those_of_their_shortest_form() -> None:
    figures = profiled(pa.table({"x": pa.array([0.1, 2.35], pa.float32())})).columns["x"].numbers

    assert figures["decimals"] == 2


def test_decimals_of_decimals_are_those_that_are_used() -> None:
    values = [decimal.Decimal(cents) / 100 for cents in range(1, 2_000)]
    figures = profiled(pa.table({"x": pa.array(values, pa.decimal128(12, 4))})).columns["x"].numbers

    assert figures["decimals"] == 2
    assert figures["maximum"] == 19.99


@pytest.mark.feature(211)
def test_times_tell_their_resolution_weekdays_and_midnights() -> None:
    monday = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    stamps = [monday + dt.timedelta(days=day) for day in range(14)]
    found = profiled(pa.table({"x": pa.array(stamps, pa.timestamp("us", "UTC"))})).columns["x"]
    assert found.times["weekdays"] == [2] * 7
    assert found.times["midnight_share"] == 1.0
    assert found.times["resolution"] == "day"
    assert found.strictly_ascending

    later = [stamp + dt.timedelta(hours=1, microseconds=5) for stamp in stamps]
    found = profiled(pa.table({"x": pa.array(later, pa.timestamp("us", "UTC"))})).columns["x"]
    assert found.times["midnight_share"] == 0.0
    assert found.times["resolution"] == "microsecond"


def test_weekdays_are_those_of_the_clock_on_the_wall() -> None:
    sunday_evening_in_utc = dt.datetime(2024, 1, 7, 22, tzinfo=dt.UTC)
    found = profiled(pa.table({"x": pa.array([sunday_evening_in_utc], pa.timestamp("s", "Europe/Rome"))})).columns["x"]
    assert found.times["weekdays"][6] == 1

    found = profiled(pa.table({"x": pa.array([sunday_evening_in_utc], pa.timestamp("s", "Asia/Tokyo"))})).columns["x"]
    assert found.times["weekdays"][0] == 1


def test_a_profile_is_ready_for_json_with_every_type() -> None:
    data = pa.table(
        {
            "null": pa.nulls(3),
            "bool": [True, None, False],
            "float": pa.array([float("nan"), float("inf"), 1.5], from_pandas=False),
            "decimal": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal(2)], pa.decimal128(12, 2)),
            "date": pa.array([1, 2, None], pa.date32()),
            "time": pa.array([1, 2, None], pa.time64("us")),
            "span": pa.array([1, 2, None], pa.duration("ns")),
            "bytes": [b"\xff", None, b""],
            "fixed": pa.array([b"ab", None, b"cd"], pa.binary(2)),
            "list": [[1], [], None],
            "struct": [{"a": 1}, None, {"a": 2}],
            "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
            "dictionary": pa.array(["x", None, "x"]).dictionary_encode(),
            "view": pa.array(["x", None, "y"], pa.string_view()),
        }
    )
    text = json.dumps(profiled(data, batch_rows=2).as_dict())

    assert json.loads(text)["columns"]["dictionary"]["distinct"] == 1
    assert profiled(data).columns["list"].lists == {"shortest": 0, "longest": 1, "mean_length": 0.5}
    assert profiled(data).columns["float"].numbers["infinities"] == 1


def test_subjects_are_counted() -> None:
    data = pa.table({"x": range(10)})
    owners = np.arange(10, dtype=np.uint64) // 3

    assert profile_table(table_of(data), iter(data.to_batches()), subjects=iter([owners])).subjects == 4


def test_a_batch_without_a_column_of_the_table_is_refused_by_name() -> None:
    table = Table(name="t", columns=(Column(name="gone", type=pa.int64()),))

    with pytest.raises(SourceError, match="'t' came without its column 'gone'"):
        profile_table(table, iter([pa.record_batch({"x": [1]})]))


def test_a_table_without_rows_has_a_profile() -> None:
    found = profiled(pa.table({"x": pa.array([], pa.string())}))

    assert (found.rows, found.duplicate_rows, found.columns["x"].distinct) == (0, 0, 0)


def test_a_million_cells_take_at_most_a_second() -> None:
    generator = np.random.default_rng(1)
    columns = {f"n{place}": generator.normal(size=50_000) for place in range(10)}
    columns |= {
        f"w{place}": np.array(["north", "south", "east"])[generator.integers(0, 3, 50_000)] for place in range(10)
    }
    data = pa.table(columns)
    start = time.process_time()
    profiled(data)

    assert time.process_time() - start < 1.0


@pytest.mark.nightly
def test_two_gigabytes_go_through_half_a_gigabyte_of_address_space() -> None:
    program = textwrap.dedent(
        """
        import resource
        import numpy as np, pyarrow as pa, pyarrow.compute as pc
        from semblant.detection.profile import profile_table
        from semblant.schema import Column, Table
        pa.set_memory_pool(pa.system_memory_pool())
        now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + 512 * 2**20, now + 512 * 2**20))
        rows, sent = 65_536, 0
        def batches():
            global sent
            place = 0
            while sent < 2_000_000_000:
                key = pc.cast(pa.array(np.arange(place, place + rows)), pa.string())
                fill = pa.array(["nothing that was ever written twice is worth the room it takes"] * rows)
                batch = pa.record_batch({
                    "id": pa.array(np.arange(place, place + rows)),
                    "text": pc.binary_join_element_wise(key, fill, key, fill, " "),
                    "group": pa.array(np.arange(place, place + rows) % 20),
                })
                sent, place = sent + batch.nbytes, place + rows
                yield batch
        kinds = {"id": pa.int64(), "text": pa.string(), "group": pa.int64()}
        table = Table(name="t", columns=tuple(Column(name=name, type=kind) for name, kind in kinds.items()))
        found = profile_table(table, batches())
        assert found.columns["group"].distinct == 20
        assert not found.columns["text"].repeated
        print("sent", sent)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sent 20")
