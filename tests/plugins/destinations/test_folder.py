"""The folder destination: modes, atomicity, names, errors."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.components import DestinationType
from semblant.errors import ConfigError, DestinationError
from semblant.vocabulary import WriteMode
from semblant_destinations import semblant_destinations
from semblant_destinations.folder import Folder
from semblant_destinations.publish import MANIFEST, read_manifest
from tests.plugins.destinations.deliveries import contents, deliver, folder, schema_of

FAIL, REPLACE, APPEND, TRUNCATE = WriteMode.FAIL, WriteMode.REPLACE, WriteMode.APPEND, WriteMode.TRUNCATE
ALL_FORMATS = ("parquet", "csv", "jsonl", "arrow")


def shop(rows: int = 2500, shift: int = 0) -> dict[str, pa.Table]:
    numbers = pa.array(range(shift, shift + rows), pa.int64())
    names = pa.array([None if n % 7 == 0 else f"name {n}" for n in range(shift, shift + rows)])
    return {"parents": pa.table({"id": numbers}), "order lines": pa.table({"id": numbers, "name": names})}


def test_all_destinations_are_offered_and_can_be_made(tmp_path: Path) -> None:
    offered: dict[str, DestinationType] = {component.name: component for component in semblant_destinations()}
    assert set(offered) == {"folder", "storage", "s3", "gcs", "azure", "objects"}
    assert all(component.atomic and component.summary for component in offered.values())
    made = offered["folder"].create(offered["folder"].settings(path=str(tmp_path)))
    assert isinstance(made, Folder)


@pytest.mark.feature(59, 110)
@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_each_format_writes_one_file_per_table(tmp_path: Path, kind: str) -> None:
    deliver(folder(tmp_path / "out", format=kind), shop(), FAIL)
    assert set(contents(tmp_path / "out")) == {f"parents.{kind}", f"order lines.{kind}", MANIFEST}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_parquet_comes_back_equal_in_large_row_groups(tmp_path: Path) -> None:
    tables = shop(300_000)
    deliver(folder(tmp_path / "a" / "b"), tables, FAIL, batch_rows=7000)
    file = pq.ParquetFile(tmp_path / "a" / "b" / "order lines.parquet")
    assert file.read().equals(tables["order lines"])
    assert file.num_row_groups <= 4


def test_fail_is_refused_and_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "parents.parquet").write_bytes(b"mine")
    before = contents(tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path, tmp_path / "parents.parquet")}
    with pytest.raises(DestinationError, match="'parents' is already in") as caught:
        folder(tmp_path).open(schema_of(shop()), FAIL)
    assert "replace" in (caught.value.fix or "")
    assert contents(tmp_path) == before
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_replacing_three_times_gives_the_same_files(tmp_path: Path, kind: str) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    deliver(folder(tmp_path, format=kind), shop(10), FAIL)
    results = []
    for _ in range(3):
        deliver(folder(tmp_path, format=kind), shop(), REPLACE)
        results.append(contents(tmp_path))
    assert results[0] == results[1] == results[2]
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_appending_adds_the_rows_behind_the_old_ones(tmp_path: Path, kind: str, compression: str) -> None:
    if (kind, compression) == ("arrow", "gzip"):
        with pytest.raises(ConfigError, match="know no 'gzip'"):
            folder(tmp_path, format=kind, compression=compression)
        return
    settings = {"format": kind, "compression": compression}
    deliver(folder(tmp_path / "both", **settings), shop(10), FAIL)
    deliver(folder(tmp_path / "both", **settings), shop(10, shift=10), APPEND)
    deliver(folder(tmp_path / "once", **settings), shop(20), FAIL)
    file = next((tmp_path / "both").glob("order lines.*"))
    assert _rows(tmp_path / "both" / file.name) == _rows(tmp_path / "once" / file.name)
    assert read_manifest(tmp_path / "both")["tables"]["order lines"]["rows"] == 20


def _rows(path: Path) -> object:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".arrow":
        return pa.ipc.open_file(path).read_all().to_pylist()
    with pa.input_stream(path, compression="detect") as stream:
        return stream.read()


def test_appending_the_same_delivery_again_adds_nothing(tmp_path: Path) -> None:
    for _ in range(3):
        deliver(folder(tmp_path, delivery="job-1"), shop(10), APPEND)
    assert pq.read_metadata(tmp_path / "parents.parquet").num_rows == 10
    deliver(folder(tmp_path, delivery="job-2"), shop(10), APPEND)
    assert pq.read_metadata(tmp_path / "parents.parquet").num_rows == 20


def test_truncating_keeps_the_columns_and_changes_the_rows(tmp_path: Path) -> None:
    deliver(folder(tmp_path), shop(10), FAIL)
    deliver(folder(tmp_path), shop(3), TRUNCATE)
    assert pq.read_metadata(tmp_path / "parents.parquet").num_rows == 3


@pytest.mark.parametrize("mode", [APPEND, TRUNCATE])
@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_other_columns_are_refused_by_name(tmp_path: Path, mode: WriteMode, kind: str) -> None:
    deliver(folder(tmp_path, format=kind), shop(10), FAIL)
    before = contents(tmp_path)
    with pytest.raises(DestinationError, match="other columns .*'colour'"):
        folder(tmp_path, format=kind).open(schema_of({"parents": pa.table({"colour": ["red"]})}), mode)
    assert contents(tmp_path) == before


def test_a_table_that_somebody_else_wrote_is_checked_too(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["text"]}), tmp_path / "parents.parquet")
    with pytest.raises(DestinationError, match="other columns .*'id'"):
        folder(tmp_path).open(schema_of(shop()), APPEND)
    (tmp_path / "parents.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(DestinationError, match="cannot be read"):
        folder(tmp_path).open(schema_of(shop()), APPEND)


def test_another_format_replaces_the_old_files_of_the_set_only(tmp_path: Path) -> None:
    (tmp_path / "order lines.csv").write_text("mine\r\n")
    deliver(folder(tmp_path), shop(10), FAIL)
    deliver(folder(tmp_path, format="jsonl"), shop(10), REPLACE)
    assert set(contents(tmp_path)) == {"order lines.csv", "order lines.jsonl", "parents.jsonl", MANIFEST}


def test_an_aborted_delivery_leaves_no_trace(tmp_path: Path) -> None:
    destination = folder(tmp_path / "a" / "b")
    delivery = destination.open(schema_of(shop()), FAIL)
    delivery.write("parents", shop()["parents"].to_batches()[0])
    delivery.abort()
    delivery.abort()
    assert contents(tmp_path) == {}
    delivery = destination.open(schema_of(shop()), FAIL)
    destination.close()
    assert contents(tmp_path) == {}
    deliver(destination, shop(), FAIL)
    before = contents(tmp_path)
    destination.close()
    assert contents(tmp_path) == before


def test_tables_without_rows_become_files_without_rows(tmp_path: Path) -> None:
    folder(tmp_path, format="csv").open(schema_of(shop(0)), FAIL).commit()
    assert (tmp_path / "order lines.csv").read_bytes() == b"id,name\r\n"


@pytest.mark.parametrize("there", [True, False])
def test_a_second_writer_meets_the_lock(tmp_path: Path, there: bool) -> None:
    place = tmp_path if there else tmp_path / "new"
    first = folder(place).open(schema_of(shop()), FAIL)
    with pytest.raises(DestinationError, match="another delivery .* under way"):
        folder(place).open(schema_of(shop()), REPLACE)
    first.commit()
    deliver(folder(place), shop(), REPLACE)


def test_a_folder_that_came_into_being_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    delivery = folder(tmp_path / "out").open(schema_of(shop()), FAIL)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(DestinationError, match="in the way"):
        delivery.commit()
    assert contents(tmp_path) == contents(tmp_path) | {"out": "folder"}
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine.txt"]


@pytest.mark.feature(72)
def test_write_access_is_proven_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path / "deep" / "er").check()
    assert contents(tmp_path) == {}
    (tmp_path / "file").write_text("")
    with pytest.raises(DestinationError, match="something else is in the way"):
        folder(tmp_path / "file" / "x").check()

    def refuse(**named: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(named["dir"]))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(DestinationError, match="cannot be written: Permission denied") as caught:
        folder(tmp_path / "deep").check()
    assert "writable" in (caught.value.fix or "")


@pytest.mark.parametrize(
    "name",
    ["a/b", "..", "con", "order lines", "表", "🙂", "a\nb", "%41", "-rf", "SELECT * FROM x; --", 'say "hi"', "a.", "é"],
)
def test_hostile_table_names_become_files_and_come_back(tmp_path: Path, name: str) -> None:
    from semblant import filenames

    deliver(folder(tmp_path / "out"), {name: pa.table({"a": [1]})}, FAIL)
    (file,) = (tmp_path / "out").glob("[!.]*")
    assert filenames.decode(file.name.removesuffix(".parquet")) == name
    assert pq.read_table(file).num_rows == 1


@pytest.mark.parametrize("name", ["", "x" * 300, "\udc80"])
def test_impossible_table_names_are_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(DestinationError, match="cannot become a file"):
        folder(tmp_path / "out").open(schema_of({name: pa.table({"a": [1]})}), FAIL)
    assert contents(tmp_path) == {}


def test_a_type_that_the_format_cannot_hold_is_named_before_any_row(tmp_path: Path) -> None:
    table = pa.table({"x": pa.array([None], pa.month_day_nano_interval())})
    with pytest.raises(DestinationError, match=r"cannot hold column 't.x' of type month_day_nano_interval"):
        folder(tmp_path / "out").open(schema_of({"t": table}), FAIL)
    assert contents(tmp_path) == {}
    deliver(folder(tmp_path / "out", format="arrow"), {"t": table}, FAIL)


@pytest.mark.parametrize(
    "settings", [{"delimiter": ""}, {"delimiter": "ab"}, {"delimiter": '"'}, {"format": "csv", "compression": "lz4"}]
)
def test_settings_that_do_not_go_together_are_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        folder(tmp_path, **settings)


def test_wrong_tables_columns_and_values_are_refused_and_nothing_stays(tmp_path: Path) -> None:
    wrong = {
        "no table 'others'": ("others", {"id": [1]}),
        "has the columns": ("parents", {"other": [1]}),
        "does not fit": ("parents", {"id": ["text"]}),
    }
    for reason, (table, columns) in wrong.items():
        delivery = folder(tmp_path / "out").open(schema_of(shop()), FAIL)
        with pytest.raises(DestinationError, match=reason):
            delivery.write(table, pa.RecordBatch.from_pydict(columns))
        assert contents(tmp_path) == {}
    with pytest.raises(DestinationError, match="is over"):
        delivery.write("parents", shop()["parents"].to_batches()[0])


def test_a_foreign_manifest_is_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("[]")
    with pytest.raises(DestinationError, match="damaged or from a newer version"):
        folder(tmp_path).open(schema_of(shop()), REPLACE)
    assert os.listdir(tmp_path) == [MANIFEST]
