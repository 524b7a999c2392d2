"""Encodings of made columns, each with its reason."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from semblant.detection.columns import detect_columns
from semblant.schema import Column, ForeignKey, Table
from semblant.vocabulary import EncodingType as E
from tests.core.detection.sources import column_of, columns_of, profiled

CHANCE = random.Random(11)
NAMES = ["Ann", "Bob", "Cleo", "Dora", "Emil", "Fritz", "Gus", "Hilda", "Ida", "Jon"]
SYLLABLES = ["ba", "ke", "lo", "mi", "nu", "ra", "so", "ti", "vo", "zu", "shi", "gra"]


def word(chance: random.Random) -> str:
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(2, 4)))


def sentence(chance: random.Random, words: int) -> str:
    return " ".join(word(chance) for _ in range(words))


def phone(chance: random.Random) -> str:
    return f"+{chance.randint(30, 49)} {chance.randint(100, 999)} {chance.randint(100000, 9999999)}"


@pytest.mark.feature(11)
@pytest.mark.parametrize(
    ("values", "kind", "encoding"),
    [
        ([True, False, None], pa.bool_(), E.BOOLEAN),
        ([1.5, 2.25, None], pa.float64(), E.NUMBER),
        ([dt.date(2020, 1, 1)], pa.date32(), E.DATE),
        ([dt.datetime(2020, 1, 1, 5)], pa.timestamp("us"), E.DATETIME),
        ([dt.time(5, 1)], pa.time64("us"), E.TIME),
        ([dt.timedelta(hours=5)], pa.duration("us"), E.DURATION),
        ([b"\x00\x01"], pa.binary(), E.BINARY),
        ([[1, 2], []], pa.list_(pa.int64()), E.LIST),
        ([[("a", 1)]], pa.map_(pa.string(), pa.int64()), E.LIST),
        ([{"a": 1}], pa.struct({"a": pa.int64()}), E.STRUCT),
        ([None, None], pa.null(), E.CATEGORICAL),
    ],
    ids=lambda value: str(value) if isinstance(value, E | pa.DataType) else "",
)
def test_a_type_that_leaves_no_choice_decides(values: list[Any], kind: pa.DataType, encoding: E) -> None:
    found = column_of(values, kind=kind)

    assert found.encoding is encoding
    assert found.reason


def test_the_reason_of_a_category_counts_its_values() -> None:
    found = column_of(["red", "green", "blue"] * 400)

    assert found.encoding is E.CATEGORICAL
    assert found.reason == "3 distinct values in 1,200 rows"


@pytest.mark.parametrize(("distinct", "encoding"), [(2, E.CATEGORICAL), (20, E.CATEGORICAL), (21, E.INTEGER)])
def test_whole_numbers_with_few_values_are_codes(distinct: int, encoding: E) -> None:
    assert column_of([number % distinct for number in range(2_000)]).encoding is encoding


def test_few_rows_make_no_codes_of_numbers() -> None:
    assert column_of([3, 1, 4, 1, 5, 9, 2, 6, 5, 3] * 3).encoding is E.INTEGER


@pytest.mark.feature(213)
def test_many_categories_are_categories_when_their_values_are_reused() -> None:
    chance = random.Random(1)
    people = sorted({word(chance).title() for _ in range(9_000)})
    popular = [people[int(len(people) * chance.random() ** 4)] for _ in range(40_000)]
    found = column_of(popular, "host_name")

    assert len(set(popular)) > 2_000
    assert found.encoding is E.CATEGORICAL


@pytest.mark.feature(20)
def test_titles_that_are_hardly_reused_are_text() -> None:
    chance = random.Random(2)
    found = column_of([sentence(chance, chance.randint(3, 8)) for _ in range(3_000)], "title")

    assert found.encoding is E.TEXT
    assert "words on average" in found.reason


@pytest.mark.feature(20)
def test_the_same_titles_reused_a_hundred_times_are_categories() -> None:
    chance = random.Random(2)
    titles = [sentence(chance, chance.randint(3, 8)) for _ in range(30)]

    assert column_of(titles * 100, "title").encoding is E.CATEGORICAL


def test_codes_with_dots_that_are_reused_are_categories() -> None:
    chance = random.Random(3)
    codes = [f"{chance.randint(1, 999)}.{chance.randint(0, 99):02}" for _ in range(700)] + [f"V{n}" for n in range(90)]
    found = column_of([chance.choice(codes) for _ in range(60_000)], "diagnosis")

    assert found.encoding is E.CATEGORICAL


@pytest.mark.feature(215)
@pytest.mark.parametrize(
    ("make", "name", "said"),
    [
        (phone, "phone", "phone numbers"),
        (lambda chance: f"{word(chance)}.{word(chance)}@{word(chance)}.org", "mail", "e-mail addresses"),
        (lambda chance: f"{chance.randint(10000, 99999)}-{chance.randint(100, 999)}", "plz", "shape"),
        (lambda chance: f"https://{word(chance)}.org/{word(chance)}", "site", "web addresses"),
        (lambda chance: ".".join(str(chance.randint(0, 255)) for _ in range(4)), "ip", "IP addresses"),
    ],
    ids=["phone", "e-mail", "postal code", "url", "ip"],
)
def test_strings_with_a_form_are_patterns(make: Any, name: str, said: str) -> None:
    chance = random.Random(4)
    values = [make(chance) for _ in range(2_000)]
    found = column_of([*values, values[0]], name)

    assert found.encoding is E.PATTERN
    assert said in found.reason


def test_unique_codes_and_uuids_are_identifiers() -> None:
    chance = random.Random(5)
    uuids = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(300)]

    assert column_of(uuids).encoding is E.IDENTIFIER
    assert column_of([f"B{number:07}X" for number in chance.sample(range(10**6), 500)]).encoding is E.IDENTIFIER


@pytest.mark.parametrize("length", [256, 257])
def test_values_too_long_for_a_pattern_are_text_for_that_reason(length: int) -> None:
    codes = [f"B{number:07}X" for number in random.Random(5).sample(range(10**6), 500)]
    found = column_of([*codes, "B" + "0" * (length - 1)])
    mails = column_of([f"u{n}@a.org" for n in range(500)] + [f"u@{'a' * (length - 6)}.org"])

    for column, encoding in ((found, E.IDENTIFIER), (mails, E.PATTERN)):
        assert column.encoding is (encoding if length <= 256 else E.TEXT)
        assert ("257 characters: too long for a pattern" in column.reason) == (length > 256)


def test_unique_numbers_are_identifiers_only_when_something_says_so() -> None:
    numbers = random.Random(6).sample(range(10**9), 1_000)

    assert column_of(numbers, "encounter_id").encoding is E.IDENTIFIER
    assert column_of(numbers, "population").encoding is E.INTEGER
    assert column_of(list(range(1_000)), "x").encoding is E.IDENTIFIER
    assert column_of(random.Random(7).sample(range(1_000), 1_000), "rank").encoding is E.INTEGER


@pytest.mark.feature(214)
def test_coordinates_need_name_range_and_decimals() -> None:
    chance = np.random.default_rng(8)
    places = np.round(chance.uniform(40, 50, 500), 5)

    assert column_of(places.tolist(), "pickup_latitude").encoding is E.LATITUDE
    assert column_of((-places).tolist(), "lon").encoding is E.LONGITUDE
    assert column_of(places.tolist(), "speed").encoding is E.NUMBER
    assert column_of((places * 10).tolist(), "lat").encoding is E.NUMBER
    assert column_of(np.round(places, 1).tolist(), "long").encoding is E.NUMBER


@pytest.mark.feature(216)
def test_strings_that_parse_as_objects_or_arrays_are_json() -> None:
    rows = [json.dumps({"a": number, "b": [number, None]}) for number in range(300)]

    assert column_of(rows).encoding is E.JSON
    assert column_of([row[1:] for row in rows]).encoding is not E.JSON
    long = [json.dumps({"key": "x" * 2_000, "n": number}) for number in range(50)]
    assert column_of(long).encoding is E.JSON


def test_a_dictionary_or_an_extension_is_judged_by_what_it_stores() -> None:
    values = pa.array([f"v{number % 300}" for number in range(900)]).dictionary_encode()
    assert columns_of(pa.table({"x": values}))["x"].encoding is E.CATEGORICAL
    assert "dictionary type" in columns_of(pa.table({"x": values}))["x"].reason
    texts = pa.array([sentence(CHANCE, 6) for _ in range(200)]).dictionary_encode()
    assert columns_of(pa.table({"x": texts}))["x"].encoding is E.TEXT
    ids = pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([uuid.UUID(int=n).bytes for n in range(50)], pa.binary(16))
    )
    assert columns_of(pa.table({"x": ids}))["x"].encoding is E.IDENTIFIER


def test_values_that_the_source_lists_are_categories() -> None:
    data = pa.table({"size": [f"s{number}" for number in range(100)]})
    table = Table(name="t", columns=(Column(name="size", type=pa.string(), enum=("s1", "s2")),))

    assert detect_columns(table, profiled(data))["size"].encoding is E.CATEGORICAL


def test_keys_are_told_as_such() -> None:
    data = pa.table({"k": range(100), "owner": [number // 2 for number in range(100)]})
    table = Table(
        name="t",
        columns=tuple(Column(name=field.name, type=field.type) for field in data.schema),
        primary_key=("k",),
        foreign_keys=(ForeignKey(columns=("owner",), references="owners", referenced_columns=("id",)),),
    )
    found = detect_columns(table, profiled(data))

    assert found["k"].encoding is E.IDENTIFIER
    assert found["k"].reason == "primary key (declared)"
    assert found["owner"].notes[-1] == "refers to table 'owners'"


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([str(number) for number in range(100)] * 20, "numbers written as text"),
        ([f"{number:05}" for number in range(100)] * 20, "digits with leading zeros: a code"),
        (["2024-01-02", "2023-11-30", "2022-05-06"] * 20, "dates written as text"),
        (["yes", "no"] * 20, "yes or no written as text"),
        (["a", "", "b"] * 20, "20 empty strings"),
        (["same"] * 20, "one single value"),
        (["same", None] * 20, "one single value beside missing ones"),
        ([None] * 20, "all values are missing"),
    ],
)
def test_a_note_tells_what_else_is_peculiar(values: list[Any], note: str) -> None:
    assert note in column_of(values, kind=pa.string()).notes


def test_whole_numbers_stored_as_floats_are_noted() -> None:
    assert column_of([1.0, 2.0, None] * 30, kind=pa.float64()).notes == ("whole numbers only",)


def test_every_column_of_an_empty_table_has_an_encoding() -> None:
    data = pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.int64()), "c": pa.array([], pa.float32())})

    assert [found.encoding for found in columns_of(data).values()] == [E.CATEGORICAL, E.INTEGER, E.NUMBER]
