"""Real files that go wrong elsewhere: what a careful person could read from them is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from semblant.errors import DataError
from tests.plugins.sources.reading import read_all, source

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def nasty(test_data: Path) -> Path:
    return test_data / "dev" / "nasty"


def kinds(table: pa.Table) -> dict[str, str]:
    return {field.name: str(field.type) for field in table.schema}


@pytest.mark.feature(2)
def test_decimal_commas_become_numbers(nasty):
    table = read_all(source(nasty / "dry_bean_decimal_comma.csv"))
    assert (table.num_rows, table.num_columns) == (13_611, 18)
    found = list(kinds(table).values())
    assert found.count("double") + found.count("int64") == 17
    assert kinds(table)["Class"] == "string"
    assert table["Perimeter"][0].as_py() == 610.291


def test_utf16_is_followed_and_codes_stay_text(nasty):
    table = read_all(source(nasty / "nhs_mental_health_utf16.csv"))
    assert (table.num_rows, table.num_columns) == (327, 19)
    assert kinds(table)["Organisation_code"] == "string"
    assert kinds(table)["Reporting_period"] == "string"
    assert {"5C1", "5FE"} <= set(table["Organisation_code"].to_pylist())
    assert sum(str(field.type) == "int64" for field in table.schema) == 15


def test_a_byte_order_mark_is_no_part_of_the_first_name(nasty):
    opened = source(nasty / "cabinet_turnover_bom.csv")
    table = read_all(opened)
    assert table.column_names == [
        "president",
        "position",
        "appointee",
        "start_date",
        "end_date",
        "length",
        "departure_day",
        "gender",
    ]
    assert table.num_rows == 379
    assert kinds(table)["start_date"] == kinds(table)["end_date"] == "date32[day]"
    years = pc.year(table["start_date"]).drop_null()
    assert (pc.min(years).as_py(), pc.max(years).as_py()) == (1977, 2023)
    notes = "\n".join(opened.discover().tables[0].notes)
    assert "2 empty columns without a name" in notes
    assert "'Still in office'" in notes
    assert "'length' is kept as text: 15 of 354" in notes


def test_bare_carriage_returns_preamble_and_stars(nasty):
    opened = source(nasty / "nasa_glb_temperature.csv")
    table = read_all(opened)
    assert (table.num_rows, table.num_columns) == (133, 19)
    assert set(kinds(table).values()) == {"int64"}
    assert table["Year"].to_pylist() == list(range(1880, 2013))
    notes = "\n".join(opened.discover().tables[0].notes)
    assert "3 lines before the header skipped" in notes
    assert "'*****'" in notes


def test_long_ids_and_emoji_survive(nasty):
    table = read_all(source(nasty / "tweet_ids_emoji.csv.gz"))
    assert table.num_rows == 12_118
    assert sum(table["id"].to_pylist()) == 10_926_383_885_639_298_494_419
    assert kinds(table) == {
        "created_at": "timestamp[us]",
        "emojis": "bool",
        "id": "int64",
        "link": "string",
        "retweeted": "bool",
        "screen_name": "string",
        "text": "string",
    }
    assert table["text"][0].as_py().endswith("ateş etmeye başlad\u0131 😃#McGregor https://t.co/mJHDvLfIVc")


def test_a_file_that_is_not_utf8_is_read_with_a_named_fallback(nasty):
    opened = source(nasty / "starwars_survey.csv")
    table = read_all(opened)
    assert (table.num_rows, table.num_columns) == (1187, 38)
    assert kinds(table)["RespondentID"] == "int64"
    assert len(set(table.column_names)) == 38
    assert "Do you consider yourself to be a fan of the Expanded Universe?Œæ" in table.column_names
    notes = "\n".join(opened.discover().tables[0].notes)
    assert "not UTF-8 (line 1); it was read as cp1252" in notes
    assert "23 columns have no name" in notes
    assert "line 2 looks like a second header line" in notes


def test_two_header_lines_can_be_joined(nasty):
    table = read_all(source(nasty / "starwars_survey.csv", header_rows=2))
    assert (table.num_rows, table.num_columns) == (1186, 38)
    assert table.column_names[3].endswith("Please select all that apply. / Star Wars: Episode I  The Phantom Menace")
    assert table.column_names[4].endswith("Please select all that apply. / Star Wars: Episode II  Attack of the Clones")


def test_stacked_tables_stop_and_name_the_line(nasty):
    with pytest.raises(
        DataError, match=r"diabetes_ids_mapping.csv', line 11, column 'admission_type_id'.*another table"
    ) as caught:
        source(nasty / "diabetes_ids_mapping.csv").discover()
    assert caught.value.exit_code == 2
    assert "file of its own" in str(caught.value.fix)


def test_a_shifted_row_stops_and_names_the_line(nasty):
    with pytest.raises(
        DataError, match=r"googleplaystore_shifted.csv', line 10474, columns .*'Last Updated'.*shifted"
    ) as caught:
        source(nasty / "googleplaystore_shifted.csv").discover()
    assert caught.value.exit_code == 2
    assert "suspicious_rows: keep" in str(caught.value.fix)


def test_shifted_rows_can_be_kept(nasty):
    opened = source(nasty / "googleplaystore_shifted.csv", suspicious_rows="keep")
    table = read_all(opened)
    assert (table.num_rows, table.num_columns) == (10_841, 13)
    assert kinds(table)["Rating"] == "double"
    assert pc.max(table["Rating"]).as_py() == 19
    assert "1.9" in table["Category"].to_pylist()


def test_raw_files_give_what_their_parquet_twins_hold(test_data):
    for name in ("adult", "creditcard_default"):
        folder = test_data / "dev" / "single" / name
        raw = read_all(source(folder / f"{name}_raw.csv.gz", null_values=("?",)))
        twin = pq.read_table(folder / f"{name}.parquet")
        assert raw.column_names == twin.column_names
        assert kinds(raw) == kinds(twin)
        for column in raw.column_names:
            assert raw[column].to_pylist() == twin[column].to_pylist(), column


def test_every_single_table_is_read_as_stored(test_data):
    for path in sorted((test_data / "dev" / "single").glob("*/*.parquet")):
        stored = pq.read_table(path)
        found = read_all(source(path))
        assert found.num_rows == stored.num_rows
        assert found.column_names == stored.column_names


@pytest.mark.feature(2)
def test_a_folder_is_a_database(test_data):
    opened = source(test_data / "dev" / "relational" / "northwind")
    schema = opened.discover()
    assert "Order Details" in schema
    assert len(schema.tables) == 13
    assert read_all(opened, "Order Details").num_rows == 2155
    assert any("dataset.json' skipped" in note for note in schema.tables[0].notes)
