"""Parquet, Arrow and JSON Lines: types as stored, damage named."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from semblant.errors import DataError, SourceError
from tests.plugins.sources.reading import read_all, source, written

TABLE = pa.table(
    {
        "id": pa.array([1, 2, None], pa.int64()),
        "price": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("99999999.99")], pa.decimal128(10, 2)),
        "when": pa.array([dt.datetime(2024, 1, 2, 3), None, dt.datetime(1999, 1, 1)], pa.timestamp("us", "UTC")),
        "tags": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
        "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
        "name with, comma": pa.array(["å", "", None]),
    }
)


def plain(table: pa.Table) -> pa.Table:
    return table.set_column(4, "kind", table["kind"].cast(pa.string()))


def stored(path, form):
    if form == "parquet":
        pq.write_table(TABLE, path)
    elif form == "feather":
        feather.write_feather(TABLE, str(path), compression="zstd")
    else:
        with pa.ipc.new_stream(str(path), TABLE.schema) as writer:
            writer.write_table(TABLE)
    return path


@pytest.mark.parametrize(
    ("form", "name"), [("parquet", "t.parquet"), ("feather", "t.feather"), ("stream", "t.arrows"), ("parquet", "t.dat")]
)
def test_stored_types_come_out_as_they_are(tmp_path, form, name):
    assert read_all(source(stored(tmp_path / name, form))).equals(plain(TABLE))


@pytest.mark.parametrize("form", ["parquet", "feather", "stream"])
def test_only_the_wanted_columns_come(tmp_path, form):
    opened = source(stored(tmp_path / "t.bin", form))
    batches = list(opened.read("t.bin", ["kind", "id"], batch_rows=2))
    assert [batch.num_rows for batch in batches] == [2, 1]
    assert pa.Table.from_batches(batches).to_pydict() == {"kind": ["x", "y", "x"], "id": [1, 2, None]}


@pytest.mark.parametrize("form", ["parquet", "feather", "stream"])
def test_a_compressed_one_is_unpacked(tmp_path, form):
    path = stored(tmp_path / "t.bin", form)
    packed = tmp_path / "t.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_all(source(packed)).equals(plain(TABLE))


@pytest.mark.parametrize("form", ["parquet", "feather", "stream"])
@pytest.mark.parametrize("keep", [8, 0.3, 0.6, 0.9])
def test_a_truncated_one_is_a_named_error(tmp_path, form, keep):
    path = stored(tmp_path / "t.bin", form)
    data = path.read_bytes()
    path.write_bytes(data[: keep if keep > 1 else int(len(data) * keep)])
    with pytest.raises(SourceError, match=r"t\.bin' is no complete") as caught:
        read_all(source(path))
    assert caught.value.exit_code == 3
    assert "again" in str(caught.value.fix)


def test_flipped_bytes_are_a_named_error_or_change_nothing_but_values(tmp_path):
    path = stored(tmp_path / "t.parquet", "parquet")
    data = bytearray(path.read_bytes())
    for place in range(4, len(data), 97):
        broken = data.copy()
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        try:
            read_all(source(path))
        except (SourceError, DataError) as exc:
            assert "t.parquet" in str(exc)


def test_an_empty_file_with_a_known_ending_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"t\.parquet' is empty"):
        source(written(tmp_path, b"", "t.parquet")).discover()


def test_a_text_file_called_parquet_is_named(tmp_path):
    with pytest.raises(SourceError, match="no Parquet file"):
        source(written(tmp_path, b"a,b\n1,2\n", "t.parquet")).discover()


def test_columns_of_the_same_name_are_refused(tmp_path):
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="several columns called 'a'"):
        source(tmp_path / "t.parquet").discover()


def test_a_table_without_rows_has_its_columns(tmp_path):
    pq.write_table(TABLE.slice(0, 0), tmp_path / "t.parquet")
    assert read_all(source(tmp_path / "t.parquet")).num_rows == 0


def test_counting_reads_no_rows(tmp_path):
    assert source(stored(tmp_path / "t.parquet", "parquet")).count("t") == 3
    assert source(stored(tmp_path / "u.feather", "feather")).count("u") == 3
    assert source(stored(tmp_path / "v.arrows", "stream")).count("v") is None


LINES = b"""{"a": 1, "b": "x", "c": [1, 2], "d": "2024-01-02", "e": "2024-01-02T03:04:05", "f": true}
{"a": 2.5, "b": null, "c": [], "d": null, "e": null, "f": false}
{"b": "z", "g": {"h": 1}}
"""


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.json", "t.log"])
def test_json_lines_give_numbers_dates_and_nested_values(tmp_path, name):
    opened = source(written(tmp_path, LINES, name))
    table = read_all(opened)
    assert table.to_pydict() == {
        "a": [1.0, 2.5, None],
        "b": ["x", None, "z"],
        "c": [[1, 2], [], None],
        "d": [dt.date(2024, 1, 2), None, None],
        "e": [dt.datetime(2024, 1, 2, 3, 4, 5), None, None],
        "f": [True, False, None],
        "g": [None, None, {"h": 1}],
    }


def test_a_list_of_objects_is_read(tmp_path):
    assert read_all(source(written(tmp_path, b'[{"a": 1}, {"a": 2, "b": "x"}]', "t.json"))).to_pydict() == {
        "a": [1, 2],
        "b": [None, "x"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a": 1}\n{"a": "x"}\n', r"line 2, column 'a': a text, where line 1 has a number"),
        (b'{"a": 1}\n{"a": \n', r"line 2: no complete JSON object"),
        (b'{"a": 1}\n[1]\n', r"line 2: a JSON object is expected"),
        (b'[{"a": 1}, 2]', r"item 2: a JSON object is expected"),
        (b'[{"a": 1}', r"no complete JSON"),
        (b"{}\n{}\n", r"no objects with fields"),
        (b'{"a": "\xff"}\n', r"line 1: the bytes ff are no utf-8"),
        (b"", r"is empty"),
    ],
)
def test_broken_json_names_the_line(tmp_path, text, message):
    with pytest.raises((DataError, SourceError), match=message):
        source(written(tmp_path, text, "t.jsonl" if text[:1] != b"[" else "t.json")).discover()


def test_only_the_wanted_fields_come(tmp_path):
    opened = source(written(tmp_path, LINES, "t.jsonl"))
    assert pa.Table.from_batches(opened.read("t", ["f", "b"], 2)).to_pydict() == {
        "f": [True, False, None],
        "b": ["x", None, "z"],
    }


@pytest.mark.parametrize(
    ("values", "kind", "first"),
    [
        (["2024-01-01T00:00:00+02:00"], pa.timestamp("us", "UTC"), dt.datetime(2023, 12, 31, 22, tzinfo=dt.UTC)),
        (["2024-01-01T00:00:00Z"], pa.timestamp("us", "UTC"), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)),
        (
            ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5+01:00"],
            pa.timestamp("us", "UTC"),
            dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        ),
        (["2024-01-01T10:00:00", "2024-01-02"], pa.timestamp("us"), dt.datetime(2024, 1, 1, 10)),
        (
            ["2024-01-01T10:00:00.25", "2024-01-02T00:00:00"],
            pa.timestamp("us"),
            dt.datetime(2024, 1, 1, 10, 0, 0, 250000),
        ),
        (["2024-01-01T00:00:00", "2024-01-02"], pa.date32(), dt.date(2024, 1, 1)),
        (["2024-01-01T00:00:00Z", "2024-01-01T00:00:00"], pa.string(), "2024-01-01T00:00:00Z"),
        (["2024-01-01", "2024-01-01T00:00:00+02:00"], pa.string(), "2024-01-01"),
        (["2024-01-01", "soon"], pa.string(), "2024-01-01"),
    ],
)
@pytest.mark.parametrize("block", [30, 1 << 20])
@pytest.mark.parametrize("turned", [False, True])
def test_moments_of_json_lines_keep_the_zone_that_was_written(
    tmp_path, monkeypatch, values, kind, first, block, turned
):
    monkeypatch.setattr("semblant_sources.files.json_table._BLOCK", block)
    text = "".join(f'{{"n": {n}, "t": "{value}"}}\n' for n, value in enumerate(values[::-1] if turned else values))
    opened = source(written(tmp_path, (text + '{"n": 9, "t": null}\n').encode(), "t.jsonl"))

    table = read_all(opened)

    assert opened.discover().table("t").columns[1].type == kind
    assert table.schema.field("t").type == kind
    assert table.column("t").to_pylist()[-2 if turned else 0] == first
    assert table.column("t").to_pylist()[-1] is None
