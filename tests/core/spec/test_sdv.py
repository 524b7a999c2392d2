"""Metadata that SDV wrote become a spec: version 1 and version 2, one table and several."""

from __future__ import annotations

import json

import polars as pl
import pytest
from click.testing import CliRunner

from semblant import Engine
from semblant.cli.main import program
from semblant.errors import ConfigError
from semblant.spec.sdv import import_metadata, read_metadata

# as SDV 2.0 writes it (Metadata.detect_from_dataframes, save_to_json)
V2 = {
    "tables": {
        "guests": {
            "columns": {
                "email": {"pii": True, "sdtype": "email", "range_is_nullable": False},
                "room": {
                    "sdtype": "categorical", "range_is_nullable": False, "range_values": ["BASIC", "SUITE"],
                    "high_cardinality": False,
                },
                "stars": {"sdtype": "ordinal", "range_values": [1, 2, 3]},
                "rate": {
                    "sdtype": "numerical", "range_is_nullable": False, "range_min": 100.5, "range_max": 200.25,
                    "decimal_places": 2,
                },
                "checkin": {"datetime_format": "%d %b %Y", "sdtype": "datetime", "range_is_nullable": False},
                "hotel_id": {"sdtype": "id"},
            },
            "primary_key": "email",
        },
        "hotels": {
            "columns": {
                "hotel_id": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"},
                "city": {"pii": True, "sdtype": "city", "range_is_nullable": False},
                "rating": {"sdtype": "numerical", "range_min": 3.9, "range_max": 4.5, "decimal_places": 1},
                "lat": {"sdtype": "latitude", "pii": False},
            },
            "primary_key": "hotel_id",
        },
    },
    "relationships": [
        {
            "parent_table_name": "hotels", "child_table_name": "guests",
            "parent_primary_key": "hotel_id", "child_foreign_key": "hotel_id",
        }
    ],
    "METADATA_SPEC_VERSION": "V2",
}  # fmt: skip

# as SDV 1 writes it (SingleTableMetadata and MultiTableMetadata, save_to_json)
SINGLE_V1 = {
    "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1",
    "columns": {
        "email": {"sdtype": "email", "pii": True},
        "room": {"sdtype": "categorical", "order_by": "alphabetical"},
        "stars": {"sdtype": "categorical"},
        "rate": {"sdtype": "numerical", "computer_representation": "Float"},
        "checkin": {"sdtype": "datetime", "datetime_format": "%d %b %Y"},
        "hotel_id": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"},
    },
    "primary_key": "email",
    "alternate_keys": ["hotel_id"],
    "sequence_key": "hotel_id",
}
MULTI_V1 = {
    "METADATA_SPEC_VERSION": "MULTI_TABLE_V1",
    "tables": {
        "guests": {
            "columns": SINGLE_V1["columns"], "primary_key": "email",
            "column_relationships": [{"type": "address", "column_names": ["room", "stars"]}],
        },
        "hotels": {
            "columns": {
                "hotel_id": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"}, "city": {"sdtype": "categorical"},
                "rating": {"sdtype": "numerical"}, "lat": {"sdtype": "latitude", "pii": True},
            },
            "primary_key": "hotel_id",
        },
    },
    "relationships": V2["relationships"],
}  # fmt: skip


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    numbers = range(60)
    pl.DataFrame(
        {
            "email": [f"g{n}@example.org" for n in numbers],
            "room": [["BASIC", "SUITE"][n % 2] for n in numbers],
            "stars": [1 + n % 3 for n in numbers],
            "rate": [100.5 + n for n in numbers],
            "checkin": ["27 Dec 2020"] * 60,
            "hotel_id": [f"HID_{n % 12:03d}" for n in numbers],
        }
    ).write_parquet(folder / "guests.parquet")
    pl.DataFrame(
        {
            "hotel_id": [f"HID_{n:03d}" for n in range(12)],
            "city": [["Boston", "Miami"][n % 2] for n in range(12)],
            "rating": [3.9 + n / 20 for n in range(12)],
            "lat": [25.7 + n for n in range(12)],
        }
    ).write_parquet(folder / "hotels.parquet")
    return folder


@pytest.fixture
def schema(data, tmp_path):
    with Engine(home=tmp_path / "home") as engine:
        yield engine.discover(engine.spec_for(str(data)))


@pytest.fixture
def guests(schema):
    return type(schema)(tables=[schema.table("guests")])


@pytest.mark.feature(268)
def test_version_two_gives_keys_encodings_and_what_is_personal(schema):
    tables = import_metadata(V2, schema).tables

    assert tables["guests"]["primary_key"] == ["email"]
    assert tables["guests"]["foreign_keys"] == [
        {"columns": ["hotel_id"], "references": "hotels", "referenced_columns": ["hotel_id"]}
    ]
    assert tables["guests"]["columns"] == {"room": {"encoding": "categorical"}, "stars": {"encoding": "categorical"}}
    assert tables["hotels"]["foreign_keys"] == []
    assert tables["hotels"]["columns"] == {
        "city": {"sensitive": True},
        "lat": {"encoding": "latitude", "sensitive": False},
    }


@pytest.mark.feature(268)
def test_version_one_of_several_tables_gives_the_same_keys(schema):
    one, two = import_metadata(MULTI_V1, schema), import_metadata(V2, schema)

    for name in ("guests", "hotels"):
        assert one.tables[name]["primary_key"] == two.tables[name]["primary_key"]
        assert one.tables[name]["foreign_keys"] == two.tables[name]["foreign_keys"]
    assert any("room, stars are related (address)" in note for note in one.notes)


@pytest.mark.feature(268)
@pytest.mark.parametrize(
    "metadata",
    [SINGLE_V1, {"tables": {"called_otherwise": SINGLE_V1}, "METADATA_SPEC_VERSION": "V1"}],
    ids=["single", "one of many"],
)
def test_version_one_of_one_table_is_for_the_only_table_of_the_data(metadata, guests):
    imported = import_metadata(metadata, guests)

    table = imported.tables["guests"]
    assert table["primary_key"] == ["email"]
    assert table["constraints"] == [{"unique": {"columns": ["hotel_id"]}}]
    assert table["columns"]["hotel_id"] == {"encoding": "pattern"}
    assert "foreign_keys" not in table


def test_what_cannot_be_taken_over_is_said(guests):
    notes = import_metadata(SINGLE_V1, guests).notes

    assert any("the sequence key 'hotel_id' was not taken over" in note for note in notes)
    assert any("checkin" in note and "%d %b %Y" in note for note in notes)


def test_composite_keys_are_taken_over(schema):
    metadata = json.loads(json.dumps(V2))
    metadata["tables"]["hotels"]["primary_key"] = ["hotel_id", "city"]
    metadata["relationships"][0] |= {
        "parent_primary_key": ["hotel_id", "city"],
        "child_foreign_key": ["hotel_id", "room"],
    }

    tables = import_metadata(metadata, schema).tables

    assert tables["hotels"]["primary_key"] == ["hotel_id", "city"]
    assert tables["guests"]["foreign_keys"][0]["columns"] == ["hotel_id", "room"]
    assert "room" not in tables["guests"]["columns"]


def test_metadata_of_other_data_are_refused_with_every_name(schema):
    metadata = json.loads(json.dumps(V2))
    metadata["tables"]["hotels"]["columns"]["pool"] = {"sdtype": "boolean"}
    metadata["tables"]["rooms"] = {"columns": {"id": {"sdtype": "id"}}}
    metadata["relationships"][0]["child_table_name"] = "visits"

    with pytest.raises(ConfigError) as caught:
        import_metadata(metadata, schema)

    paths = {finding.path for finding in caught.value.findings}
    assert paths == {"tables.hotels.columns.pool", "tables.rooms", "tables.visits"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "holds no metadata"),
        ('{"a": 1}', "neither 'tables' nor 'columns'"),
        ('{"columns": {}, "METADATA_SPEC_VERSION": "V9"}', "version 'V9'"),
        ('{"tables": {"a": {"fields": {}}}}', "before SDV 1.0"),
    ],
)
def test_a_file_that_is_no_such_metadata_is_refused_in_words(text, said, tmp_path):
    (tmp_path / "meta.json").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=said) as caught:
        read_metadata(tmp_path / "meta.json")
    assert caught.value.fix
    with pytest.raises(ConfigError, match="there is no file"):
        read_metadata(tmp_path / "lost.json")


@pytest.mark.feature(268)
def test_the_command_writes_a_spec_that_loads_and_holds(data, tmp_path, monkeypatch):
    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path / "home"))
    (tmp_path / "meta.json").write_text(json.dumps(V2), encoding="utf-8")
    line = ["detect", str(data), "--sdv-metadata", str(tmp_path / "meta.json"), "-o", str(tmp_path / "spec.yaml")]

    done = CliRunner().invoke(program, line)

    assert done.exit_code == 0, done.output
    with Engine(home=tmp_path / "home") as engine:
        spec = engine.load(tmp_path / "spec.yaml")
        (key,) = engine.discover(spec).table("guests").foreign_keys
    assert (key.references, key.columns) == ("hotels", ("hotel_id",))
    assert spec.tables["hotels"].columns["city"].sensitive is True
    assert spec.tables["guests"].primary_key == ("email",)
    assert "meta.json" in (tmp_path / "spec.yaml").read_text(encoding="utf-8")
    assert "checkin" in done.stderr
