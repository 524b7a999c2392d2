"""From paths to tables: folders, globs, lists, URLs, parts, and what is left aside."""

from __future__ import annotations

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.errors import DataError, MissingDependencyError, SourceError
from semblant_sources.files import from_location
from semblant_sources.files.source import FilesSource
from semblant_sources.settings import FilesSettings
from tests.plugins.sources.reading import read_all, source, written

CSV = "a,b\n1,2\n"


@pytest.mark.feature(2)
def test_every_known_file_of_a_folder_is_a_table(tmp_path):
    written(tmp_path, CSV, "Order Details.csv")
    written(tmp_path, CSV, "orders.tsv")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "products.parquet")
    written(tmp_path, b"picture", "logo.png")
    written(tmp_path, CSV, ".hidden.csv")
    written(tmp_path, '{\n "title": "x"\n}', "dataset.json")
    written(tmp_path, "Please read me, or do not.\nThank you.\n", "README.txt")
    schema = source(tmp_path).discover()
    assert schema.table_names == ("Order Details", "orders", "products")
    notes = "\n".join(schema.tables[0].notes)
    for name in ("logo.png", ".hidden.csv", "dataset.json", "README.txt"):
        assert f"{name}' skipped" in notes


def test_a_glob_picks_files(tmp_path):
    for name in ("a1.csv", "a2.csv", "b.csv"):
        written(tmp_path, CSV, name)
    assert source(tmp_path / "a*.csv").discover().table_names == ("a1", "a2")


def test_several_paths_make_one_database(tmp_path):
    paths = tuple(str(written(tmp_path, CSV, name)) for name in ("x.csv", "y.csv", "z.csv"))[:2]
    assert FilesSource(FilesSettings(path=paths)).discover().table_names == ("x", "y")


@pytest.mark.parametrize("names", [("orders.csv", "orders.parquet"), ("orders.csv", "orders.csv.gz")])
def test_two_files_for_one_table_are_refused(tmp_path, names):
    for name in names:
        written(tmp_path, CSV, name)
    with pytest.raises(DataError, match="two files make the same table 'orders'"):
        source(tmp_path).discover()


def test_part_files_of_a_sub_folder_are_one_table(tmp_path):
    (tmp_path / "orders").mkdir()
    for number in range(3):
        pq.write_table(pa.table({"id": [number]}), tmp_path / "orders" / f"part-{number}.parquet")
    written(tmp_path, CSV, "customers.csv")
    opened = source(tmp_path)
    assert opened.discover().table_names == ("customers", "orders")
    assert read_all(opened, "orders").to_pydict() == {"id": [0, 1, 2]}


def test_a_folder_of_parts_is_one_table(tmp_path):
    for number in range(2):
        written(tmp_path, f"id,x\n{number},a\n", f"part-{number}.csv")
    opened = source(tmp_path)
    assert read_all(opened, tmp_path.name).to_pydict() == {"id": [0, 1], "x": ["a", "a"]}


@pytest.mark.parametrize(
    ("second", "message"),
    [("id,y\n1,a\n", "has no column 'x'"), ("id,x\nq,a\n", "column 'id' is int64 in .* and string in")],
)
def test_parts_that_differ_are_refused(tmp_path, second, message):
    written(tmp_path, "id,x\n0,a\n", "part-0.csv")
    written(tmp_path, second, "part-1.csv")
    with pytest.raises(DataError, match=message):
        source(tmp_path).discover()


def test_a_missing_file_gets_the_nearest_name(tmp_path):
    written(tmp_path, CSV, "customers.csv")
    with pytest.raises(SourceError, match="there is no file or folder") as caught:
        source(tmp_path / "custmers.csv").check()
    assert caught.value.fix == "did you mean 'customers.csv'?"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("pattern", ["", "*.csv"])
def test_a_place_without_tables_is_named(tmp_path, pattern):
    written(tmp_path, "x", "notes.md")
    with pytest.raises(SourceError, match=r"holds no file that can be read|no file matches"):
        source(f"{tmp_path}/{pattern}").check()


def test_an_empty_list_of_paths_is_named():
    with pytest.raises(DataError, match="no path"):
        FilesSource(FilesSettings(path=())).check()


@pytest.mark.parametrize("url", ["memory://shop/orders.csv", "memory://shop", "memory://shop/*.csv"])
def test_any_fsspec_url_will_do(url):
    fsspec.filesystem("memory").pipe("/shop/orders.csv", CSV.encode())
    try:
        assert read_all(source(url), "orders").to_pydict() == {"a": [1], "b": [2]}
    finally:
        fsspec.filesystem("memory").rm("/shop", recursive=True)


def test_a_file_url_is_a_path(tmp_path):
    assert read_all(source(f"file://{written(tmp_path, CSV)}")).to_pydict() == {"a": [1], "b": [2]}


def test_an_unknown_scheme_is_named():
    with pytest.raises(SourceError, match="cannot be opened"):
        source("nowhere://x.csv").check()


def test_a_store_whose_package_is_missing_comes_with_the_pip_line(monkeypatch):
    def missing(location):
        raise ImportError("no s3fs", name="s3fs")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(MissingDependencyError) as caught:
        source("s3://bucket/x.csv").check()
    assert caught.value.fix == "pip install 'semblant[s3]'"


def test_a_table_can_be_given_a_name(tmp_path):
    assert source(written(tmp_path, CSV), table="orders").discover().table_names == ("orders",)
    written(tmp_path, CSV, "u.csv")
    with pytest.raises(DataError, match="names one table, the path holds 2"):
        source(tmp_path, table="orders").discover()


def test_settings_of_one_table_stand_in_overrides(tmp_path):
    written(tmp_path, "a;b,c\n1;2,3\n", "one.csv")
    written(tmp_path, CSV, "two.csv")
    opened = source(tmp_path, overrides={"one": {"delimiter": ",", "header_row": "none"}})
    assert opened.discover().table("one").column_names == ("column_1", "column_2")
    assert opened.discover().table("two").column_names == ("a", "b")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [({"three": {}}, "a table 'three'"), ({"one": {"delimeter": ","}}, "overrides.one.delimeter is no setting")],
)
def test_wrong_overrides_are_refused(tmp_path, overrides, message):
    written(tmp_path, CSV, "one.csv")
    with pytest.raises(DataError, match=message):
        source(tmp_path, overrides=overrides).discover()


def test_a_location_becomes_settings():
    assert from_location("data/*.csv") == {"path": "data/*.csv"}
