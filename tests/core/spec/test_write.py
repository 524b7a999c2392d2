"""Specs as YAML: minimal, complete, commented, and always readable again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.errors import ConfigError
from semblant.settings import AUTO
from semblant.spec.lines import read
from semblant.spec.load import load_spec
from semblant.spec.model import (
    ColumnSpec,
    DestinationSpec,
    ForeignKeySpec,
    GenerationSpec,
    ReportSpec,
    Selected,
    Spec,
    TableSpec,
)
from semblant.spec.schema import spec_schema
from semblant.spec.training import ModelSpec, PrivacySpec, TextModelSpec
from semblant.spec.write import spec_data, spec_text
from semblant.spec.yaml_text import to_yaml
from semblant.vocabulary import ColumnTreatment, EncodingType, Goal, ModelSize, TableTreatment, WriteMode
from tests.core.spec.plugins import standard

HOST = standard()
SOURCE = Selected(type="files", settings={"path": "a.csv"})
TEXT = st.text(min_size=1, max_size=12)
SHARE = st.floats(0, 1)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
COLUMNS = st.builds(
    ColumnSpec,
    include=st.booleans(),
    encoding=st.just(AUTO) | st.sampled_from(EncodingType),
    treatment=st.sampled_from(ColumnTreatment),
    sensitive=st.just(AUTO) | st.booleans(),
    rebalance=st.booleans(),
    options=st.dictionaries(TEXT, PLAIN, max_size=2),
)
TABLES = st.builds(
    TableSpec,
    include=st.booleans(),
    treatment=st.sampled_from(TableTreatment),
    primary_key=st.none() | st.just(AUTO) | NAMES,
    foreign_keys=st.just(AUTO)
    | st.lists(
        st.builds(ForeignKeySpec, columns=NAMES, references=TEXT, referenced_columns=st.just(AUTO) | NAMES), max_size=2
    ).map(tuple),
    columns=st.dictionaries(TEXT, COLUMNS, max_size=3),
    model=st.just({}) | st.just({"size": "small", "text": {"max_epochs": 3}}),
)
SPECS = st.builds(
    Spec,
    name=st.none() | st.just("amber-otter-7f3"),
    seed=st.integers(0, 2**60),
    source=st.lists(TEXT, min_size=1, max_size=3).map(lambda paths: Selected(type="files", settings={"path": paths})),
    default_include=st.booleans(),
    tables=st.dictionaries(TEXT, TABLES, max_size=3),
    model=st.builds(
        ModelSpec,
        max_epochs=st.just(AUTO) | st.integers(1, 100),
        max_minutes=st.none() | st.floats(0.01, 100),
        learning_rate=st.just(AUTO) | st.floats(1e-9, 1),
        size=st.sampled_from(ModelSize),
        goal=st.sampled_from(Goal),
        settings=st.just({}) | st.just({"layers": 3}),
        text=st.builds(TextModelSpec, size=st.sampled_from(ModelSize)),
    ),
    privacy=st.none() | st.builds(PrivacySpec, epsilon=st.none() | st.floats(0.01, 10)),
    generation=st.builds(
        GenerationSpec,
        records=st.just(AUTO) | st.integers(1, 10**9),
        temperature=st.floats(0.1, 5),
        rebalance=st.dictionaries(
            TEXT, st.dictionaries(TEXT, st.dictionaries(TEXT, SHARE, max_size=2), max_size=2), max_size=2
        ),
    ),
    report=st.builds(
        ReportSpec, formats=st.sampled_from([(), ("pdf",), ("json", "pdf")]), holdout=st.just(AUTO) | SHARE | TEXT
    ),
    destination=st.none()
    | st.builds(
        DestinationSpec,
        type=st.just("folder"),
        mode=st.sampled_from(WriteMode),
        settings=TEXT.map(lambda path: {"path": path}),
    ),
)


@settings(max_examples=200)
@given(SPECS, st.booleans())
def test_loading_what_was_written_gives_the_same_spec(spec: Spec, full: bool) -> None:
    text = spec_text(spec, full=full)
    assert load_spec(text, HOST, environment={}) == spec
    text.encode("utf-8")


@given(SPECS, st.booleans())
def test_what_was_written_is_valid_by_the_json_schema(spec: Spec, full: bool) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(spec_schema(HOST))
    assert [error.message for error in validator.iter_errors(spec_data(spec, full=full))] == []


@pytest.mark.parametrize(
    "fault",
    [
        {"seeed": 1},
        {"seed": -1},
        {"seed": "a"},
        {"model": {"size": "huge"}},
        {"model": {"max_epochs": 0}},
        {"source": {"type": "files"}},
        {"source": {"type": "files", "path": "a", "pth": "b"}},
        {"source": {"type": "flies"}},
        {"tables": {"a": {"model": {"sizes": 1}}}},
        {"tables": {"a": {"columns": {"b": {"encoding": "numbr"}}}}},
        {"destination": {"type": "folder", "path": "a", "mode": "overwrite"}},
        {"privacy": {"delta": 1}},
    ],
)
def test_the_json_schema_refuses_what_loading_refuses(fault: dict[str, object]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    data = {"source": {"type": "files", "path": "a.csv"}, **fault}
    with pytest.raises(ConfigError):
        load_spec(data, HOST, environment={})
    assert not jsonschema.Draft202012Validator(spec_schema(HOST)).is_valid(data)


@given(st.dictionaries(st.text(max_size=8), PLAIN, max_size=4))
def test_any_plain_data_are_read_as_they_were_written(data: dict[str, object]) -> None:
    document = read(to_yaml(data))
    assert document.findings == []
    assert document.data == data


@given(st.text(alphabet="abNo:#-[]{}'\"\\ \n\t~0.&*!|>%@`\u2028\x85\U0001f600", max_size=12))
def test_any_text_keeps_its_place_as_value_key_and_entry(text: str) -> None:
    data = {text: {"x": text, "y": [text, text]}}
    assert read(to_yaml(data)).data == data


def test_a_name_of_thousands_of_characters_is_a_key() -> None:
    data = {"a" * 5000: {"b" * 2000: 1}, "c": 2}
    assert read(to_yaml(data)).data == data


def test_the_minimal_form_has_only_what_differs() -> None:
    spec = Spec(
        source=SOURCE,
        tables={
            "Order Details": TableSpec(
                primary_key=("order", "line"),
                columns={"note": ColumnSpec(encoding=EncodingType.TEXT)},
                foreign_keys=(ForeignKeySpec(columns=("order",), references="orders"),),
            ),
            "log": TableSpec(include=False),
        },
        model=ModelSpec(size=ModelSize.SMALL),
        destination=DestinationSpec(type="folder", settings={"path": "/out"}),
    )
    assert (
        spec_text(spec)
        == """\
semblant: 1
source:
  type: files
  path: a.csv
tables:
  Order Details:
    primary_key: [order, line]
    foreign_keys:
      - columns: order
        references: orders
    columns:
      note:
        encoding: text
  log:
    include: false
model:
  size: small
destination:
  type: folder
  path: /out
"""
    )


def test_the_full_form_has_every_setting() -> None:
    text = spec_text(Spec(source=SOURCE), full=True)
    wanted = {"seed: 0", "  max_epochs: auto", "  records: auto", "  formats: [pdf, html, json]", "destination: null"}
    assert wanted <= set(text.splitlines())


def test_comments_stand_above_their_keys_and_on_what_is_auto_in_their_section() -> None:
    spec = Spec(source=SOURCE, tables={"people": TableSpec(columns={"note": ColumnSpec(encoding=EncodingType.TEXT)})})
    comments = {
        "tables.people": "10 rows",
        "tables.people.columns.note.encoding": "long\nand varied",
        "tables.people.columns.age": "integer: 70 values",
        "tables.people.primary_key": "id: unique",
    }
    text = spec_text(spec, comments, heading="Made for people.csv")
    assert (
        text
        == """\
# Made for people.csv
semblant: 1
source:
  type: files
  path: a.csv
tables:
  # 10 rows
  people:
    columns:
      note:
        # long
        # and varied
        encoding: text
      # age: integer: 70 values
    # primary_key: id: unique
"""
    )
    assert load_spec(text, HOST, environment={}) == spec


@given(st.text(max_size=30))
def test_no_comment_changes_what_is_read(comment: str) -> None:
    spec = Spec(source=SOURCE, tables={"a": TableSpec(foreign_keys=(ForeignKeySpec(columns=("b",), references="c"),))})
    paths = (
        "source",
        "source.path",
        "seed",
        "tables.a.foreign_keys[0]",
        "tables.a.foreign_keys[0].columns",
        "tables.b.c",
    )
    text = spec_text(spec, dict.fromkeys(paths, comment), heading=comment)
    assert load_spec(text, HOST, environment={}) == spec
