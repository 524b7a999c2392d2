"""Detection on real tables and databases, against what their descriptions say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from semblant.vocabulary import EncodingType as E
from semblant.vocabulary import TableTreatment
from tests.core.detection.sources import columns_of, detected, folder_of, profiled

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from semblant.detection.model import ColumnDetection

EXPECTED = {
    "single/adult": {
        "age": E.INTEGER, "workclass": E.CATEGORICAL, "fnlwgt": E.INTEGER, "education_num": E.CATEGORICAL,
        "capital_gain": E.INTEGER, "native_country": E.CATEGORICAL, "income": E.CATEGORICAL,
    },
    "single/airbnb_london": {
        "host_name": E.CATEGORICAL, "title": E.TEXT, "property_type": E.CATEGORICAL, "neighbourhood": E.CATEGORICAL,
        "price": E.INTEGER,
    },
    "single/nyc_taxis": {
        "pickup": E.DATETIME, "passengers": E.CATEGORICAL, "fare": E.NUMBER, "tolls": E.NUMBER,
        "payment": E.CATEGORICAL,
        "pickup_zone": E.CATEGORICAL, "dropoff_zone": E.CATEGORICAL, "dropoff_borough": E.CATEGORICAL,
    },
    "single/diabetes130": {
        "encounter_id": E.IDENTIFIER, "patient_nbr": E.INTEGER, "age": E.CATEGORICAL, "weight": E.CATEGORICAL,
        "medical_specialty": E.CATEGORICAL, "diag_1": E.CATEGORICAL, "diag_2": E.CATEGORICAL, "diag_3": E.CATEGORICAL,
        "num_lab_procedures": E.INTEGER, "examide": E.CATEGORICAL, "readmitted": E.CATEGORICAL,
    },
    "single/creditcard_default": {
        "limit_bal": E.INTEGER, "sex": E.CATEGORICAL, "pay_0": E.CATEGORICAL, "bill_amt1": E.INTEGER,
        "pay_amt6": E.INTEGER, "has_default": E.CATEGORICAL,
    },
    "single/beijing_pm25": {
        "No": E.IDENTIFIER, "year": E.CATEGORICAL, "hour": E.INTEGER, "pm2.5": E.NUMBER, "cbwd": E.CATEGORICAL,
        "Iws": E.NUMBER,
    },
    "single/diamonds": {"carat": E.NUMBER, "cut": E.CATEGORICAL, "price": E.INTEGER, "x": E.NUMBER},
    "single/iris": {"sepal_length": E.NUMBER, "class": E.CATEGORICAL},
    "single/automobile": {"symboling": E.CATEGORICAL, "make": E.CATEGORICAL, "price": E.INTEGER, "bore": E.NUMBER},
    "single/magic_telescope": {"fLength": E.NUMBER, "class": E.CATEGORICAL},
    "text/fine_foods": {"product": E.IDENTIFIER, "review": E.TEXT, "score": E.CATEGORICAL},
    "text/netflix_titles": {
        "show_id": E.IDENTIFIER, "title": E.TEXT, "director": E.TEXT, "cast": E.TEXT, "country": E.CATEGORICAL,
        "release_year": E.INTEGER, "duration": E.CATEGORICAL, "listed_in": E.CATEGORICAL, "description": E.TEXT,
    },
    "text/youtube_comments": {
        "COMMENT_ID": E.PATTERN, "AUTHOR": E.TEXT, "DATE": E.DATETIME, "CONTENT": E.TEXT, "CLASS": E.CATEGORICAL,
    },
    "relational/nycflights13": {"lat": E.LATITUDE, "lon": E.LONGITUDE, "tzone": E.CATEGORICAL},
    "relational/chinook": {"Email": E.PATTERN, "Phone": E.PATTERN, "PostalCode": E.PATTERN, "Address": E.TEXT},
}  # fmt: skip
TABLE_OF = {"relational/nycflights13": "airports", "relational/chinook": "Customer"}
SENSITIVE = {
    "single/adult": set(),
    "single/airbnb_london": {"host_name"},
    "single/nyc_taxis": set(),
    "single/diamonds": set(),
    "single/creditcard_default": set(),
    "text/fine_foods": {"review"},
    "text/netflix_titles": {"director", "cast"},
    "text/youtube_comments": {"AUTHOR", "CONTENT"},
    "relational/nycflights13": set(),
}
DATABASES = ["chinook", "northwind", "nycflights13", "online_retail"]


def columns_in(test_data: Path, name: str) -> dict[str, ColumnDetection]:
    table = TABLE_OF.get(name, name.rpartition("/")[2])
    return columns_of(pq.read_table(test_data / "dev" / name / f"{table}.parquet"), table)


@pytest.mark.feature(11, 213)
@pytest.mark.parametrize("name", EXPECTED)
def test_encodings_of_real_columns_are_the_expected_ones(test_data: Path, name: str) -> None:
    found = columns_in(test_data, name)

    assert {column: found[column].encoding for column in EXPECTED[name]} == EXPECTED[name]
    assert all(column.reason for column in found.values())


@pytest.mark.feature(12)
@pytest.mark.parametrize("name", SENSITIVE)
def test_personal_columns_of_real_tables_are_proposed_and_no_others(test_data: Path, name: str) -> None:
    assert {column for column, found in columns_in(test_data, name).items() if found.sensitive} == SENSITIVE[name]


@pytest.mark.parametrize("name", ["single/adult", "single/airbnb_london", "single/beijing_pm25", "single/diabetes130"])
def test_the_profile_counts_what_the_description_says(test_data: Path, name: str) -> None:
    folder = test_data / "dev" / name
    described = json.loads((folder / "dataset.json").read_text())["tables"][0]
    found = profiled(pq.read_table(folder / described["file"]))

    assert found.rows == described["rows"]
    assert found.duplicate_rows == described["duplicate_rows"]
    for column in described["columns"]:
        figures = found.columns[column["name"]]
        assert figures.nulls == column["nulls"]
        if figures.distinct_exact:
            assert figures.distinct == column["distinct"]


@pytest.mark.feature(200, 201, 202, 203, 205, 206)
@pytest.mark.parametrize("name", DATABASES)
def test_every_key_of_a_real_database_is_found_and_none_is_made_up(test_data: Path, name: str) -> None:
    folder = test_data / "dev" / "relational" / name
    described = {table["name"]: table for table in json.loads((folder / "dataset.json").read_text())["tables"]}
    found = detected(folder_of(folder)).schema

    assert {table.name: list(table.primary_key) for table in found} == {
        n: t["primary_key"] for n, t in described.items()
    }
    for table in found:
        keys = {(key.columns, key.references, key.referenced_columns) for key in table.foreign_keys}
        truth = described[table.name]["foreign_keys"]
        assert keys == {(tuple(k["columns"]), k["references"], tuple(k["ref_columns"])) for k in truth}
        assert all(key.reason and 0 < key.confidence <= 1 for key in table.foreign_keys)


@pytest.mark.feature(14, 16)
@pytest.mark.parametrize(
    ("name", "root", "copied"),
    [
        ("northwind", "Customers", {"Categories", "CustomerDemographics", "Regions", "Shippers", "Territories"}),
        ("chinook", "Customer", {"Album", "Artist", "Genre", "MediaType", "Playlist", "Track"}),
        ("online_retail", "customers", set()),
        ("nycflights13", "flights", {"airlines", "airports", "planes", "weather"}),
    ],
)
def test_root_and_lookups_of_a_real_database_are_proposed(
    test_data: Path, name: str, root: str, copied: set[str]
) -> None:
    found = detected(folder_of(test_data / "dev" / "relational" / name))

    assert [table for table, detection in found.tables.items() if detection.root] == [root]
    assert {t for t, detection in found.tables.items() if detection.treatment is TableTreatment.ORIGINAL} == copied


def test_tables_that_have_nothing_to_do_with_each_other_get_no_keys(test_data: Path) -> None:
    tables: dict[str, pa.Table] = {}
    for kind in ("single", "text"):
        for folder in sorted((test_data / "dev" / kind).iterdir()):
            tables |= folder_of(folder)
    found = detected(tables).schema

    assert len(tables) >= 12
    assert {table.name: table.foreign_keys for table in found if table.foreign_keys} == {}
