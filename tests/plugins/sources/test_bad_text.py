"""Text files in every state of disrepair: each is read, or stops with file, line and a way out."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zipfile

import pyarrow as pa
import pytest

from semblant.errors import DataError, SemblantError, SourceError
from tests.plugins.sources.reading import notes_of, read_all, read_text, source, types_of, written

WIDE = 10_000


@pytest.mark.parametrize(
    ("text", "settings", "error", "message", "fix"),
    [
        (b"", {}, DataError, r"t\.csv' is empty", "a header and at least one row"),
        (b"\n\n  \n", {}, DataError, r"t\.csv' is empty", "a header"),
        (b"\xef\xbb\xbf", {}, DataError, r"t\.csv' is empty", "a header"),
        (b"a,b\n1,2\n3\n4,5\n", {}, DataError, r"t\.csv', line 3: 1 cell where 2 are expected: '3'", "bad_rows: skip"),
        (b"a,b\n1,2\n3,4,5\n6,7\n", {}, DataError, r"t\.csv', line 3: 3 cells where 2 are expected", "bad_rows: skip"),
        (b'a,b\n"x\ny",2\n3,4,5\n6,7\n', {}, DataError, r"line 4: 3 cells where 2", "mend the line"),
        (b"title\n\na,b\n1,2\n3,4,5\n6,7\n8,9\n", {}, DataError, r"line 5: 3 cells where 2", "mend the line"),
        (b"a,b\r1,2\r3,4,5\r6,7\r", {}, DataError, r"line 3: 3 cells where 2", "mend the line"),
        (b'a,b\n1,2\n3,"x\n4,5\n6,7\n', {}, DataError, r"line 3 is never closed", "close the quote"),
        (b'a,b\n1,2\n"3,x\n4,5\n6,7\n', {}, DataError, r"line 3: 1 cell where 2", "close the quote"),
        (b"a,b\n1,\x002\n", {}, DataError, r"NUL byte in line 2", "encoding"),
        (b"a,b\n1,\xe9\n", {"encoding": "utf-8"}, DataError, r"line 2: the bytes e9 are no utf-8", "set encoding"),
        (b"a,b\n1,\x81\n", {"encoding": "cp1252"}, DataError, r"line 2: the bytes 81 are no cp1252", "set encoding"),
        (b"a,b\n1,2\n", {"encoding": "klingon"}, DataError, r"encoding 'klingon'.* is unknown", "codec name"),
        (b"a,b\n1,2\n", {"encoding": "utf-16"}, DataError, r"no utf-16|NUL|cannot", ""),
        (b"a,b\n1,2\n", {"delimiter": "::"}, DataError, r"delimiter must be one ASCII character, not '::'", "auto"),
        (b"a,b\n1,2\n", {"quote": "''"}, DataError, r"quote must be one ASCII character", "auto"),
        (b"a,b\n1,2\n", {"escape": "ab"}, DataError, r"escape must be one ASCII character", "auto"),
        (b"a,b\n1,2\n", {"skip_rows": 9}, DataError, r"no rows after the 9 skipped lines", "lower skip_rows"),
        (b"a,b\n1,2\n", {"header_row": 9}, DataError, r"no line 9, where header_row wants", "lower header_row"),
        (b"a,b\n1,2\n", {"types": {"c": "string"}}, DataError, r"no column 'c', which types names", "use one of: a, b"),
        (
            b"a,b\n1,2\n",
            {"types": {"a": "complex"}},
            DataError,
            r"type 'complex' set for column 'a' is unknown",
            "string, int64",
        ),
        (b"a,b,c\n1,2\n1,2,3,4\n1\n1,2,3,4,5\n", {}, DataError, r"delimiter cannot be told", "set delimiter"),
        (
            b"a,b\n1,x\n2,y\na,b\n3,z\n4,w\n5,v\n6,u\n",
            {},
            DataError,
            r"line 4, column 'a'.*header of another table",
            "suspicious_rows",
        ),
        (b"id,city\n1,Oslo\n2,Rome\nid,city\n3,Bonn\n", {}, DataError, r"line 4, column 'id'.*another table", "keep"),
        (b"x\n1,5\n2,25\n", {}, DataError, r"header has one cell and the rows have two", "decimal mark"),
        (b"SQLite format 3\x00" + b"\0" * 100, {}, DataError, r"is an SQLite database", "sqlite"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, {}, DataError, r"is an old Office document", "CSV"),
        (b"%PDF-1.7 \n", {}, DataError, r"is a PDF document", ""),
        (b"FEA1....", {}, DataError, r"Feather file of version 1", "Parquet"),
        (
            gzip.compress(b"a,b\n" + os.urandom(9000).hex().encode())[:-2000],
            {},
            SourceError,
            r"truncated or damaged",
            "copy",
        ),
        (b"\x1f\x8b\x08nonsense", {}, SourceError, r"truncated or damaged|cannot be read", "copy"),
        (
            lzma.compress(b"a,b\n" + os.urandom(9000).hex().encode())[:-2000],
            {},
            SourceError,
            r"truncated|damaged",
            "copy",
        ),
        (
            bz2.compress(b"a,b\n" + os.urandom(9000).hex().encode())[:-2000],
            {},
            SourceError,
            r"truncated|damaged|cannot",
            "copy",
        ),
        (b"\x28\xb5\x2f\xfdnonsense", {}, SourceError, r"cannot be read|damaged", "copy"),
        (b"PK\x03\x04nonsense", {}, SourceError, r"damaged ZIP", "copy"),
        (b"a,b\n1,2\n", {"format": "parquet"}, SourceError, r"is no Parquet file", "format"),
        (b"a,b\n1,2\n", {"format": "arrow"}, SourceError, r"is no Arrow file", "format"),
        (b"a,b\n1,2\n", {"format": "jsonl"}, DataError, r"line 1: no complete JSON object", "mend"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(tmp_path, text, settings, error, message, fix):
    with pytest.raises(error, match=message) as caught:
        read_text(tmp_path, text, **settings)
    assert fix in str(caught.value.fix or "")
    assert "t.csv" in str(caught.value) or "complex" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (b"a,b\n1,x\n", {"a": [1], "b": ["x"]}),
        (b"a\n1\n2\n", {"a": [1, 2]}),
        (b"a,b\n", {"a": [], "b": []}),
        (b"a,b", {"a": [], "b": []}),
        (b"name\nAnn\nBob, the second\nCleo\nDan\n", {"name": ["Ann", "Bob, the second", "Cleo", "Dan"]}),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", {"a": [1], "b": [2]}),
        ("a,b\nå,1\n".encode("utf-16"), {"a": ["å"], "b": [1]}),
        ("a,b\nå,1\nä,2\n".encode("utf-16-le"), {"a": ["å", "ä"], "b": [1, 2]}),
        ("a,b\nå,1\nä,2\n".encode("utf-16-be"), {"a": ["å", "ä"], "b": [1, 2]}),
        ("a,b\n😀,1\n".encode("utf-32"), {"a": ["😀"], "b": [1]}),
        ("a,b\né,1\n".encode("cp1252"), {"a": ["é"], "b": [1]}),
        (b"a,b\n\x81\xe9,1\n", {"a": ["\x81é"], "b": [1]}),
        (b"a,b\r1,2\r3,4", {"a": [1, 3], "b": [2, 4]}),
        (b"a,b\r\n1,2\n3,4\r5,6\n", {"a": [1, 3, 5], "b": [2, 4, 6]}),
        (b"a\tb\n1\tx,y\n2\tz\n", {"a": [1, 2], "b": ["x,y", "z"]}),
        (b"a|b\n1|2\n", {"a": [1], "b": [2]}),
        (b"a;b\n1,5;2,25\n0,5;3\n", {"a": [1.5, 0.5], "b": [2.25, 3.0]}),
        (b'a,b\n"x, ""y""\nz",1\n', {"a": ['x, "y"\nz'], "b": [1]}),
        (b"a,b\n'x,y',1\n'z,w',2\n'p,q',3\n'r,s',4\n", {"a": ["x,y", "z,w", "p,q", "r,s"], "b": [1, 2, 3, 4]}),
        (b'a,b\n"x\\"y",1\n"z",2\n', {"a": ['x"y', "z"], "b": [1, 2]}),
        (b'a,b\n5" pipe,1\n6" pipe,2\n', {"a": ['5" pipe', '6" pipe'], "b": [1, 2]}),
        (b"a,,b,\n1,2,3,\n4,5,6,\n", {"a": [1, 4], "column_2": [2, 5], "b": [3, 6]}),
        (b"a,a,a_2\n1,2,3\n", {"a": [1], "a_3": [2], "a_2": [3]}),
        (b" a , b \n1,2\n", {"a": [1], "b": [2]}),
        (b"1,x\n2,y\n3,z\n", {"column_1": [1, 2, 3], "column_2": ["x", "y", "z"]}),
        (
            b"country,2010,2011\nSweden,1.5,2.5\nNorway,3.5,4.5\n",
            {"country": ["Sweden", "Norway"], "2010": [1.5, 3.5], "2011": [2.5, 4.5]},
        ),
        (
            b"Report of May\n\nby me\na,b,c\n1,2,3\n4,5,6\n7,8,9\n1,1,1\n",
            {"a": [1, 4, 7, 1], "b": [2, 5, 8, 1], "c": [3, 6, 9, 1]},
        ),
        (b"x y\n1 2 3\nfoo\n4 5 6\n", {"x y": ["1 2 3", "foo", "4 5 6"]}),
        (b"a,b\n1,2\n,\n3,4\n,\n,\n", {"a": [1, None, 3], "b": [2, None, 4]}),
        (b"a,b\n1,2\n\n3,4\n\n\n", {"a": [1, 3], "b": [2, 4]}),
        (
            b"mpg,cyl\nMazda,21,6\nDatsun,22.8,4\nHornet,21.4,6\n",
            {"column_1": ["Mazda", "Datsun", "Hornet"], "mpg": [21.0, 22.8, 21.4], "cyl": [6, 4, 6]},
        ),
        (b"a,b\n1,2,\n3,4,\n5,6,\n", {"a": [1, 3, 5], "b": [2, 4, 6]}),
        (b"a,b\n,\n", {"a": [], "b": []}),
        (b"a,b\n,1\n,2\n", {"a": [None, None], "b": [1, 2]}),
        (b"id, name, age\n1, Ann, 30\n2, Bob, 40\n", {"id": [1, 2], "name": ["Ann", "Bob"], "age": [30, 40]}),
        (b'id, name\n1, "a, b"\n2, "c, d"\n3, ""\n', {"id": [1, 2, 3], "name": ["a, b", "c, d", ""]}),
        (b"a,b\nx,1\x1a\ny,2\n", {"a": ["x", "y"], "b": ["1\x1a", "2"]}),
    ],
)
def test_what_a_careful_person_could_read_is_read(tmp_path, text, columns):
    assert read_text(tmp_path, text) == columns


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a,b\né,1\n".encode("cp1252"), "not UTF-8 (line 2); it was read as cp1252"),
        (b"a,b\n\x81\xe9,1\n", "read as latin-1"),
        (b"a,,b\n1,2,3\n", "1 column has no name: 'column_2'"),
        (b"a,a\n1,2\n", "names that stand twice in the header were numbered: 'a'"),
        (b"1,x\n2,y\n3,z\n", "no header"),
        (b"Title\na,b,c\n1,2,3\n4,5,6\n7,8,9\n", "1 line before the header skipped"),
        (b"a,b,\n1,2,\n", "1 empty column without a name at the end dropped"),
        (b"a,b\n1,2\n,\n", "1 blank row at the end dropped"),
        (b"a,b\n1,2\n,\n3,4\n", "1 row without any value"),
        (b"a,b\nx,1\ny,NA\n", "'b': 1 cell read as missing: 'NA'"),
        (b"a,b\nx,01\ny,02\n", "leading zeros"),
        (b"a,b\nx,5E1\ny,5E2\n", "codes such as 5E1"),
        (b"a,b\nx,99999999999999999999\n", "beyond 64 bits"),
        (b"a,b\nx,1/2/77\ny,13/2/77\n", "two-digit years are read as 1970 to 2069"),
        (b"a,b\nx,$5\ny,$6\n", "the sign '$'"),
    ],
)
def test_what_was_done_to_a_file_is_noted(tmp_path, text, note):
    assert note in notes_of(tmp_path, text)


@pytest.mark.parametrize(
    ("settings", "text", "columns"),
    [
        ({"delimiter": "tab"}, "a\tb\n1\t2\n", {"a": [1], "b": [2]}),
        ({"delimiter": ":"}, "a:b\n1:2\n", {"a": [1], "b": [2]}),
        ({"delimiter": "space"}, "a b\n1 2\n", {"a": [1], "b": [2]}),
        ({"delimiter": ","}, "a;b,c\n1;2,3\n", {"a;b": ["1;2"], "c": [3]}),
        ({"quote": "none"}, 'a,b\n"x,1\ny",2\n', {"a": ['"x', 'y"'], "b": [1, 2]}),
        ({"quote": "'"}, "a,b\n'x,y',1\n", {"a": ["x,y"], "b": [1]}),
        ({"escape": "\\"}, "a,b\nx\\,y,1\n", {"a": ["x,y"], "b": [1]}),
        ({"encoding": "cp1251"}, "a,b\nд,1\n".encode("cp1251"), {"a": ["д"], "b": [1]}),
        ({"header_row": "none"}, "a,b\nc,d\n", {"column_1": ["a", "c"], "column_2": ["b", "d"]}),
        ({"header_row": 2}, "x,y\na,b\n1,2\n", {"a": [1], "b": [2]}),
        ({"skip_rows": 1}, "x,y\na,b\n1,2\n", {"a": [1], "b": [2]}),
        ({"header_rows": 2}, "a,,b\nx,y,\n1,2,3\n", {"a / x": [1], "a / y": [2], "b": [3]}),
        ({"bad_rows": "skip"}, "a,b\n1,2\n3\n4,5,6\n7,8\n", {"a": [1, 7], "b": [2, 8]}),
        (
            {"suspicious_rows": "keep"},
            "a,b\n1,x\n2,y\na,b\n3,z\n4,w\n5,v\n6,u\n",
            {"a": ["1", "2", "a", "3", "4", "5", "6"], "b": ["x", "y", "b", "z", "w", "v", "u"]},
        ),
    ],
)
@pytest.mark.feature(2)
def test_each_setting_changes_what_is_read(tmp_path, settings, text, columns):
    assert read_text(tmp_path, text, **settings) == columns
    try:
        default = read_text(tmp_path, text)
    except SemblantError:
        return
    assert settings in ({"delimiter": "tab"}, {"quote": "'"}) or default != columns


def test_skipped_rows_are_counted_in_a_note(tmp_path):
    assert "2 lines with a wrong number of cells left out" in notes_of(
        tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n", bad_rows="skip"
    )


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compression_is_known_by_content(tmp_path, pack):
    assert read_text(tmp_path, pack(b"a,b\n1,2\n")) == {"a": [1], "b": [2]}


def test_zstandard_and_zip_are_read(tmp_path):
    path = tmp_path / "z.csv.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(b"a,b\n1,2\n")
    assert read_all(source(path)).to_pydict() == {"a": [1], "b": [2]}
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("inner.csv", "a,b\n1,2\n")
    assert read_all(source(tmp_path / "y.zip")).to_pydict() == {"a": [1], "b": [2]}


def test_a_zip_of_several_files_is_refused_by_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("one.csv", "a,b\n1,2\n")
        archive.writestr("two.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"2 files \('one.csv', 'two.csv'\)"):
        source(tmp_path / "y.zip").discover()


def test_a_spreadsheet_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "y.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    with pytest.raises(DataError, match="Office document"):
        source(tmp_path / "y.xlsx").discover()


def test_ten_thousand_columns(tmp_path):
    names = ",".join(f"c{i}" for i in range(WIDE))
    rows = "".join(",".join(str(i + j) for i in range(WIDE)) + "\n" for j in range(3))
    table = read_all(source(written(tmp_path, f"{names}\n{rows}")))
    assert (table.num_rows, table.num_columns) == (3, WIDE)
    assert table.column(9_999).to_pylist() == [9999, 10_000, 10_001]


def test_a_cell_longer_than_a_block(tmp_path):
    long = "x" * (9 << 20)
    table = read_all(source(written(tmp_path, f'a,b\n1,short\n2,"{long}"\n3,short\n')))
    assert table["a"].to_pylist() == [1, 2, 3]
    assert table["b"][1].as_py() == long


def test_constant_and_empty_columns(tmp_path):
    text = "a,b,c\n" + "1,,x\n" * 10
    assert types_of(tmp_path, text) == {"a": "int64", "b": "string", "c": "string"}
    assert read_text(tmp_path, text)["b"] == [None] * 10


def test_only_the_wanted_columns_come_in_the_wanted_order(tmp_path):
    opened = source(written(tmp_path, "a,b,c\n1,2,3\n4,5,6\n"))
    (batch,) = opened.read("t", ["c", "a"])
    assert batch.to_pydict() == {"c": [3, 6], "a": [1, 4]}


def test_batches_are_no_longer_than_asked(tmp_path):
    opened = source(written(tmp_path, "a,b\n" + "1,2\n" * 1000))
    assert [batch.num_rows for batch in opened.read("t", batch_rows=300)] == [300, 300, 300, 100]


def test_an_unknown_table_or_column_is_named(tmp_path):
    opened = source(written(tmp_path, "a,b\n1,2\n"))
    with pytest.raises(SourceError, match="no table 'u'"):
        opened.read("u")
    with pytest.raises(SourceError, match="no column 'z'"):
        opened.read("t", ["z"])


def test_a_file_that_changes_after_discover_stops_the_reading(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n3,4\n")
    opened = source(path)
    opened.discover()
    path.write_text("a,b\n1,2\nx,4\n")
    with pytest.raises(DataError, match=r"line 3, column 'a': 'x' is no int64"):
        list(opened.read("t"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n")
    path.chmod(0)
    with pytest.raises(SourceError, match="permission denied"):
        source(path).discover()
