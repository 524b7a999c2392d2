"""The proposed root, lookups and second roots."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from semblant.findings import Severity
from semblant.vocabulary import TableTreatment
from tests.core.detection.sources import detected

GENERATOR = np.random.default_rng(4)
MAILS = [f"p{number}@mail.org" for number in range(800)]


def made(rows: int, **keys: int) -> pa.Table:
    return pa.table({name: GENERATOR.integers(0, size, rows) for name, size in keys.items()})


def database() -> dict[str, pa.Table]:
    return {
        "clients": pa.table({"client_id": range(800), "email": MAILS, "country_id": GENERATOR.integers(0, 30, 800)}),
        "countries": pa.table({"country_id": range(30), "name": [f"land {number}" for number in range(30)]}),
        "orders": pa.table({"order_id": range(3_000)}).append_column(
            "client_id", pa.array(GENERATOR.integers(0, 800, 3_000))
        ),
        "order_lines": pa.table({"line_id": range(9_000)})
        .append_column("order_id", pa.array(GENERATOR.integers(0, 3_000, 9_000)))
        .append_column("product_id", pa.array(GENERATOR.integers(0, 60, 9_000))),
        "products": pa.table({"product_id": range(60), "price": GENERATOR.uniform(1, 9, 60)}),
    }


@pytest.mark.feature(14, 16)
def test_people_are_the_root_and_lookups_are_copied() -> None:
    found = detected(database())

    assert [name for name, table in found.tables.items() if table.root] == ["clients"]
    originals = {name for name, table in found.tables.items() if table.treatment is TableTreatment.ORIGINAL}
    assert originals == {"countries", "products"}
    assert "'order_lines' point to it" in found.tables["products"].treatment_reason
    assert not [finding for finding in found.findings if finding.code == "second-root"]


@pytest.mark.feature(14)
def test_a_second_table_of_people_is_never_proposed_as_original() -> None:
    tables = database()
    tables["agents"] = pa.table(
        {"agent_id": range(40), "email": MAILS[:40], "phone": [f"+44 20 7946 {n:04}" for n in range(40)]}
    )
    tables["orders"] = tables["orders"].append_column("agent_id", pa.array(GENERATOR.integers(0, 40, 3_000)))
    found = detected(tables)
    finding = next(finding for finding in found.findings if finding.code == "second-root")

    assert found.tables["agents"].treatment is TableTreatment.SYNTHESIZE
    assert finding.path == "tables.agents"
    assert "looks like people" in finding.message
    assert finding.severity is Severity.INFO


def test_without_people_the_table_that_owns_most_rows_is_the_root() -> None:
    tables = database()
    del tables["clients"]
    found = detected(tables)

    assert [name for name, table in found.tables.items() if table.root] == ["orders"]
    assert found.tables["order_lines"].treatment is TableTreatment.SYNTHESIZE
    assert found.tables["products"].treatment is TableTreatment.ORIGINAL


def test_the_centre_of_a_star_is_its_root() -> None:
    flights = made(40_000, carrier_id=16, airport_id=200).append_column(
        "delay", pa.array(GENERATOR.normal(size=40_000))
    )
    carriers = pa.table({"carrier_id": range(16), "label": [f"c{n}" for n in range(16)]})
    airports = pa.table({"airport_id": range(200), "runways": GENERATOR.integers(1, 5, 200)})
    found = detected({"carriers": carriers, "airports": airports, "flights": flights})

    assert found.tables["flights"].root
    assert {name for name, t in found.tables.items() if t.treatment is TableTreatment.ORIGINAL} == {
        "carriers",
        "airports",
    }


@pytest.mark.feature(15)
def test_a_table_that_nobody_points_to_is_not_proposed_as_original() -> None:
    tables = database() | {"holidays": pa.table({"day": [f"d{number}" for number in range(20)]})}
    found = detected(tables)

    assert found.tables["holidays"].treatment is TableTreatment.SYNTHESIZE
    assert [f.path for f in found.findings if f.code == "second-root"] == ["tables.holidays"]


def test_a_single_table_is_its_own_root() -> None:
    found = detected({"t": pa.table({"x": range(900)})})

    assert found.tables["t"].root
    assert found.tables["t"].treatment_reason == "the only table"


def test_a_lookup_of_a_lookup_is_copied_too() -> None:
    tables = database()
    tables["continents"] = pa.table({"continent_id": range(5), "label": ["a", "b", "c", "d", "e"]})
    tables["countries"] = tables["countries"].append_column("continent_id", pa.array([n % 5 for n in range(30)]))
    found = detected(tables)

    assert found.tables["continents"].treatment is TableTreatment.ORIGINAL
    assert found.tables["countries"].treatment is TableTreatment.ORIGINAL
