"""The spec that ``semblant detect -o`` writes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.cli.starter import scalar, starter_spec
from semblant.detection.model import ColumnDetection, Detection, TableDetection
from semblant.host import PluginHost
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.spec.lines import read
from semblant.spec.load import load_spec
from semblant.spec.model import Selected, Spec, TableSpec
from semblant.vocabulary import EncodingType, TableTreatment

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
HOST = PluginHost()


def detection(columns, *, table="customers", reason="why", key=()):
    schema = Schema(
        tables=(
            Table(
                name=table,
                columns=tuple(Column(name=name, type=pa.string()) for name in columns),
                primary_key=key,
                rows=1234,
            ),
        )
    )
    found = {name: ColumnDetection(encoding=EncodingType.TEXT, reason=reason, sensitive=True) for name in columns}
    return Detection(schema=schema, tables={table: TableDetection(columns=found)})


def spec(**more):
    return Spec(source=Selected(type="files", settings={"path": "customers.csv"}), **more)


@given(st.one_of(NAMES, st.integers(), st.booleans(), st.none(), st.lists(NAMES)))
@settings(deadline=None)
def test_what_is_written_is_read_back(value):
    document = read(f"a: {scalar(value)}\n")
    assert not document.findings
    assert document.data == {"a": value}


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), NAMES, st.text(max_size=40))
@settings(deadline=None, max_examples=60)
def test_a_starter_spec_loads_whatever_the_names(columns, table, reason):
    text = starter_spec(spec(), detection(columns, table=table, reason=reason, key=(columns[0],)))
    loaded = load_spec(text, HOST, environment={})
    assert loaded.table(table).primary_key == (columns[0],)
    assert loaded.source.settings["path"] == "customers.csv"


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.text(max_size=40))
@settings(deadline=None, max_examples=60)
def test_the_lines_behind_a_hash_can_be_taken_out_of_it(columns, reason):
    text = starter_spec(spec(), detection(columns, reason=reason))
    bare = "\n".join(
        line.replace("    # ", "    ", 1) if line.startswith("    # ") else line for line in text.splitlines()
    )
    loaded = load_spec(bare, HOST, environment={})
    assert {name: column.encoding for name, column in loaded.table("customers").columns.items()} == dict.fromkeys(
        columns, EncodingType.TEXT
    )
    assert all(column.sensitive for column in loaded.table("customers").columns.values())


def test_the_settings_shown_at_the_end_are_real_ones():
    text = starter_spec(spec(), detection(["a"]))
    body, end = text.split("# model:", 1)
    bare = (
        body
        + "model:"
        + "\n".join(
            line.removeprefix("#").removeprefix(" ") if line.startswith("#") else line for line in end.splitlines()
        )
    )
    loaded = load_spec(bare, HOST, environment={})
    assert (loaded.model.max_minutes, loaded.generation.records, loaded.report.holdout) == (10, 1000, 0.2)
    assert loaded.destination is not None


def test_keys_and_lookups_stand_with_their_reasons():
    parent = Table(name="products", columns=(Column(name="id", type=pa.int64()),), primary_key=("id",))
    key = ForeignKey(columns=("product",), references="products", referenced_columns=("id",), reason="same values")
    child = Table(name="lines", columns=(Column(name="product", type=pa.int64()),), foreign_keys=(key,))
    found = Detection(schema=Schema(tables=(parent, child)), tables={})
    text = starter_spec(spec(tables={"products": TableSpec(treatment=TableTreatment.ORIGINAL)}), found)
    loaded = load_spec(text, HOST, environment={})
    assert "# same values" in text
    assert loaded.table("products").treatment is TableTreatment.ORIGINAL
    assert [key.references for key in loaded.table("lines").foreign_keys if not isinstance(key, str)] == ["products"]
    assert loaded.table("lines").primary_key is None


def test_a_key_that_is_matched_stays_matched():
    staff = Table(name="staff", columns=(Column(name="id", type=pa.int64()),), primary_key=("id",))
    agent = ForeignKey(columns=("agent",), references="staff", referenced_columns=("id",), matched=True)
    boss = ForeignKey(columns=("boss",), references="buyers", referenced_columns=("id",), matched=True)
    names = ("id", "agent", "boss")
    buyers = Table(
        name="buyers",
        columns=tuple(Column(name=name, type=pa.int64()) for name in names),
        primary_key=("id",),
        foreign_keys=(agent, boss),
    )
    loaded = load_spec(starter_spec(spec(), Detection(schema=Schema(tables=(staff, buyers)), tables={})), HOST)
    keys = [key for key in loaded.table("buyers").foreign_keys if not isinstance(key, str)]
    assert [(key.references, key.match) for key in keys] == [("staff", True), ("buyers", False)], (
        "'buyers' became a child of 'staff'"
    )


def test_a_local_path_is_relative_to_where_the_spec_lies(tmp_path):
    (tmp_path / "data").mkdir()
    data = tmp_path / "data" / "customers.csv"
    data.write_text("a\n1\n", encoding="utf-8")
    here = Spec(source=Selected(type="files", settings={"path": str(data)}))
    text = starter_spec(here, detection(["a"]), folder=tmp_path)
    assert "path: data/customers.csv" in text
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    loaded = load_spec(tmp_path / "spec.yaml", HOST, environment={})
    assert Path(str(loaded.source.settings["path"])) == data


def test_ten_thousand_columns_are_cut():
    text = starter_spec(spec(), detection([f"c{n}" for n in range(10_000)]))
    assert len(text.splitlines()) < 300
    assert "9,800 more columns" in text
