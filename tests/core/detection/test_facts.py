"""Findings about the data."""

from __future__ import annotations

import json

import attrs
import numpy as np
import pyarrow as pa
import pytest

from semblant.detection.facts import key_findings, table_findings
from semblant.findings import Finding, Severity
from semblant.schema import Schema
from tests.core.detection.sources import columns_of, detected, profiled, table_of


def facts(data: pa.Table, *key: str) -> dict[str, Finding]:
    table = attrs.evolve(table_of(data), primary_key=key)
    return {found.code: found for found in table_findings(table, profiled(data), columns_of(data))}


@pytest.mark.feature(79)
@pytest.mark.parametrize(
    ("rows", "code", "severity"),
    [
        (0, "too-few-rows", Severity.ERROR),
        (4, "too-few-rows", Severity.ERROR),
        (5, "few-rows", Severity.WARNING),
        (499, "few-rows", Severity.WARNING),
    ],
)
def test_a_data_set_that_is_too_small_is_told(rows: int, code: str, severity: Severity) -> None:
    found = facts(pa.table({"x": pa.array(range(rows), pa.int64())}))[code]

    assert found.severity is severity
    assert found.path == "tables.things"
    assert found.fix


def test_enough_rows_are_no_finding() -> None:
    assert facts(pa.table({"x": range(500)})) == {}


def test_the_number_of_rows_is_not_judged_by_the_beginning_of_a_table() -> None:
    found = detected({"t": pa.table({"x": range(900)})}, max_rows=3)

    assert found.tables["t"].rows_read == 3
    assert not found.tables["t"].complete
    assert found.findings == ()


@pytest.mark.feature(8)
def test_a_key_with_repeats_or_gaps_is_an_error() -> None:
    data = pa.table({"a": [*range(599), 3], "b": [*range(599), None], "c": range(600)})

    assert facts(data, "a")["primary-key-repeated"].message == "'a' is not unique: 599 values in 600 rows"
    assert facts(data, "b")["primary-key-null"].message == "the primary key column 'b' is missing in 1 of 600 rows"
    assert facts(data, "gone")["primary-key-column"].severity is Severity.ERROR
    assert facts(data, "c") == {}
    assert key_findings(table_of(data), profiled(data)) == []


def test_a_composite_key_is_not_judged_by_one_of_its_columns() -> None:
    data = pa.table({"a": [1, 1, 2] * 200, "b": range(600)})

    assert facts(data, "a", "b") == {}


@pytest.mark.feature(8, 200)
def test_a_composite_key_whose_columns_repeat_together_is_an_error() -> None:
    data = pa.table({"a": [number // 3 for number in range(600)], "b": [number % 3 for number in range(600)]})
    schema = Schema(tables=(attrs.evolve(table_of(data, "t"), primary_key=("a", "b")),))
    assert "primary-key-repeated" not in {finding.code for finding in detected({"t": data}, schema).findings}

    twice = pa.concat_tables([data, data.slice(0, 6)])
    found = next(f for f in detected({"t": twice}, schema).findings if f.code == "primary-key-repeated")
    assert found.message == "'a', 'b' together are not unique: 1.0% of the rows repeat an earlier one"
    assert found.severity is Severity.ERROR


def test_empty_and_constant_columns_are_told_together() -> None:
    data = pa.table({"x": range(600), "one": ["a"] * 600, "two": ["b"] * 600, "none": pa.nulls(600, pa.string())})
    found = facts(data)

    assert found["constant-column"].message == "one single value in all rows: 'one', 'two'"
    assert found["empty-column"].path == "tables.things.columns.none"
    assert {finding.severity for finding in found.values()} == {Severity.INFO}


def test_repeated_rows_are_told_with_their_share() -> None:
    data = pa.table({"x": [number % 300 for number in range(600)]})

    assert facts(data)["duplicate-rows"].message == "300 of 600 rows (50.0%) repeat an earlier row"


def test_categories_with_few_rows_are_a_warning() -> None:
    data = pa.table({"city": [f"City{chr(65 + n % 26)}{chr(97 + n // 26 % 26)}" for n in range(520)] + ["Rome"] * 100})
    shops = pa.table({"city": [f"City{chr(65 + n % 26)}{chr(97 + n // 26 % 4)}" for n in range(620)]})

    assert "sparse-categories" in facts(shops)
    assert "sparse-categories" not in facts(data.slice(520))


def test_ten_thousand_columns_are_a_warning() -> None:
    data = pa.table({f"c{number}": [1.5, 2.5] for number in range(1_000)})

    assert "1,000 columns" in facts(data)["many-columns"].message


def test_an_empty_child_is_no_error_and_an_empty_lookup_is_copied() -> None:
    tables = {
        "customers": pa.table({"customer_id": range(600), "x": [1.5] * 600}),
        "claims": pa.table({"claim_id": pa.array([], pa.int64()), "customer_id": pa.array([], pa.int64())}),
    }
    found = {finding.path: finding for finding in detected(tables).findings}

    assert found["tables.claims"].code == "no-rows"
    assert found["tables.claims"].severity is Severity.INFO


def test_detection_as_plain_data_holds_keys_reasons_and_findings() -> None:
    tables = {
        "customers": pa.table({"id": range(600), "email": [f"a{n}@b.org" for n in range(600)]}),
        "orders": pa.table({"id": range(900), "customer_id": np.arange(900) % 600}),
    }
    plain = json.loads(json.dumps(detected(tables).as_dict()))

    assert plain["tables"]["orders"]["foreign_keys"][0]["references"] == "customers"
    assert plain["tables"]["customers"]["root"] is True
    assert plain["tables"]["customers"]["columns"]["email"]["sensitive"] is True
    assert plain["findings"] == []


def test_a_source_without_tables_is_detected_as_nothing() -> None:
    found = detected({}, Schema(tables=()))

    assert found.as_dict() == {"tables": {}, "findings": []}


def test_the_same_data_are_detected_alike_twice() -> None:
    generator = np.random.default_rng(1)
    data = pa.table({"x": generator.normal(size=2_000), "w": [f"w{n}" for n in generator.integers(0, 900, 2_000)]})

    assert detected({"t": data}).as_dict() == detected({"t": data}).as_dict()
