"""BigQuery against the emulator ``local-bigquery``: every commit what matters most, every night the whole kit."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from semblant.access import AccessStep, examine
from semblant.errors import ConfigError, DestinationError, SemblantError, SourceError
from semblant.schema import Column, Schema
from semblant.settings import Secret
from semblant.testing import DestinationConformance, SourceConformance
from semblant.testing.material import assert_same, people, schema_of, shop
from semblant.vocabulary import WriteMode
from semblant_databases import BIGQUERY_DESTINATION, BIGQUERY_SOURCE
from semblant_databases.bigquery import from_location
from semblant_databases.bigquery.write_types import loaded
from semblant_databases.settings import BigqueryDestination, BigquerySource
from tests import servers
from tests.plugins.databases.emulated import client, place_in
from tests.plugins.databases.places import DatabasePlace
from tests.plugins.databases.test_fidelity import KINDS, same
from tests.plugins.databases.test_sets import in_order, keys, read
from tests.servers import Server

pytestmark = [pytest.mark.feature(61, 65)]


REFUSED = {"decimal256", "time64_ns", "timestamp_ns"}
BEYOND_THE_EMULATOR = ("decimal_38_0", "decimal_38_30")
"""The service keeps them as BIGNUMERIC; the emulator takes that for DECIMAL(38,9): more digits it refuses or rounds."""


@pytest.mark.nightly
def test_forty_types_come_back_or_are_refused_by_name(dataset: DatabasePlace) -> None:
    refused, kept = set(), {"id": pa.array([0, 1, 2], pa.int64())}
    for name, values in KINDS.items():
        try:
            encode = loaded(Column(name=name, type=values.type)).encode
            assert encode is not None
            encode(values)
        except (DestinationError, pa.ArrowInvalid):
            refused.add(name)
        else:
            kept[name] = values
    for name in BEYOND_THE_EMULATOR:
        kind = kept.pop(name).type
        assert loaded(Column(name=name, type=kind)).sql == f"BIGNUMERIC({kind.precision},{kind.scale})"
    table = pa.table(kept)

    dataset.deliver(schema_of({"kinds": table}), {"kinds": table})
    found = read(dataset)[1]["kinds"].sort_by("id")

    assert [name for name in kept if not same(found.column(name), kept[name])] == []
    assert refused == REFUSED


@pytest.mark.parametrize("values", [KINDS["time64_ns"], KINDS["decimal256"]], ids=["values", "type"])
def test_what_cannot_be_kept_is_refused_by_name(values: pa.Array, dataset: DatabasePlace) -> None:
    table = pa.table({"the odd one": values})
    with pytest.raises(DestinationError, match="the odd one") as caught:
        dataset.deliver(schema_of({"t": table}), {"t": table})
    assert caught.value.fix


@pytest.mark.feature(71, 72)
def test_a_set_with_keys_comes_back_and_is_written_in_every_mode(dataset: DatabasePlace) -> None:
    with contextlib.closing(dataset.writer()) as destination:
        destination.check()
    dataset.deliver(schema_of(shop()), shop(), delivery="one")
    dataset.deliver(schema_of(shop()), shop(), WriteMode.APPEND, delivery="one")
    schema, found = read(dataset)
    assert keys(schema) == keys(schema_of(shop()))
    assert {name: table.num_rows for name, table in found.items()} == {"people": 20, "orders": 60}
    assert_same(found["people"], shop()["people"], types=True)

    with pytest.raises(DestinationError, match="'people' is already in") as caught:
        dataset.deliver(schema_of(shop()), shop())
    assert caught.value.fix
    more = {"people": people(5, first=100)}
    dataset.deliver(schema_of(more), more, WriteMode.APPEND)
    assert read(dataset)[1]["people"].num_rows == 25
    dataset.deliver(schema_of(more), more, WriteMode.TRUNCATE)
    assert read(dataset)[1]["people"]["id"].to_pylist() == [100, 101, 102, 103, 104]
    other = {"people": people(3).select(["id", "born"])}
    with pytest.raises(DestinationError, match="other columns"):
        dataset.deliver(schema_of(other), other, WriteMode.APPEND)
    dataset.deliver(schema_of(other), other, WriteMode.REPLACE)
    assert_same(in_order(read(dataset)[1]["people"]), other["people"], types=True)


def test_an_aborted_delivery_leaves_nothing_and_a_second_one_waits(dataset: DatabasePlace, bigquery: Server) -> None:
    with contextlib.closing(dataset.writer()) as one, contextlib.closing(dataset.writer()) as other:
        delivery = one.open(schema_of({"people": people(3)}), WriteMode.FAIL)
        delivery.write("people", people(3).to_batches()[0])
        with pytest.raises(DestinationError, match="another delivery") as caught:
            other.open(schema_of({"visits": people(3)}), WriteMode.FAIL)
        delivery.abort()

    assert "10 minutes" in (caught.value.fix or "")
    assert list(client(bigquery).list_tables(dataset.source["dataset"])) == []


def test_a_lease_that_was_not_renewed_is_over(dataset: DatabasePlace, bigquery: Server) -> None:
    from google.cloud import bigquery as driver

    table = driver.Table(f"acme.{dataset.source['dataset']}.semblant__lock")
    table.expires = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    client(bigquery).create_table(table)
    with pytest.raises(DestinationError, match="another delivery"):
        dataset.deliver(schema_of({"people": people(3)}), {"people": people(3)})
    import time

    time.sleep(1.2)
    dataset.deliver(schema_of({"people": people(3)}), {"people": people(3)})

    assert read(dataset)[0].table_names == ("people",)


def test_what_is_read_is_chosen_by_queries_filters_and_views(dataset: DatabasePlace, bigquery: Server) -> None:
    table = pa.table({"id": pa.array(range(10), pa.int64()), "half": pa.array([n / 2 for n in range(10)])})
    dataset.deliver(schema_of({"numbers": table}), {"numbers": table})
    name = dataset.source["dataset"]
    client(bigquery).query(f"CREATE VIEW {name}.few AS SELECT id FROM {name}.numbers WHERE id < 3").result()

    chosen = {"big": f"SELECT id + 1 AS next, half FROM {name}.numbers WHERE half > 3 ORDER BY id"}
    assert read(dataset, queries=chosen)[1]["big"].to_pydict() == {"next": [8, 9, 10], "half": [3.5, 4.0, 4.5]}
    assert read(dataset, views=True)[0].table_names == ("few", "numbers")
    assert read(dataset, filters={"numbers": "id >= 8"})[1]["numbers"]["id"].to_pylist() == [8, 9]
    for wrong in ({"filters": {"numbers": "nope = 1"}}, {"queries": {"x": "SELEC 1"}}, {"tables": ("nombers",)}):
        with pytest.raises(SemblantError, match="did you mean 'numbers'|cannot be run"):
            read(dataset, **wrong)


def test_a_source_sees_one_moment(dataset: DatabasePlace) -> None:
    dataset.deliver(schema_of(shop()), shop())
    with contextlib.closing(dataset.reader()) as source:
        assert source.count("people") == 20
        more = {"people": people(5, first=100)}
        dataset.deliver(schema_of(more), more, WriteMode.APPEND)
        rows = sum(batch.num_rows for batch in source.read("people"))
    assert rows == 20, "rows that came later are not read"


@pytest.mark.feature(86)
def test_a_connector_is_tried_out_step_by_step(dataset: DatabasePlace) -> None:
    def tried(made: Any, last: AccessStep) -> list[tuple[AccessStep, bool, str]]:
        with contextlib.closing(made) as connected:
            return [(probe.step, probe.passed, probe.setting) for probe in examine(connected, last=last)]

    steps = (AccessStep.HOST, AccessStep.PORT, AccessStep.CREDENTIALS, AccessStep.DATABASE, AccessStep.WRITE)
    assert tried(dataset.writer(), AccessStep.WRITE) == [(step, True, "") for step in steps]
    assert tried(dataset.writer(dataset="nowhere"), AccessStep.WRITE)[-1] == (AccessStep.DATABASE, False, "dataset")
    closed = f"http://127.0.0.1:{servers.free_port()}"
    assert tried(dataset.reader(endpoint=closed), AccessStep.READ)[-1] == (AccessStep.PORT, False, "endpoint")


def test_a_key_that_is_none_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMBLANT_TEST_CANARY", '{"private_key": "c4nary"')
    settings = BigquerySource(project="acme", dataset="shop", service_account=Secret("env:SEMBLANT_TEST_CANARY"))
    with contextlib.closing(BIGQUERY_SOURCE.create(settings)) as source, pytest.raises(ConfigError) as caught:
        source.check()

    assert "c4nary" not in f"{caught.value!s}{caught.value!r}{caught.value.__cause__!r}"
    assert caught.value.fix


@pytest.mark.parametrize(
    "url", ["bigquery://acme", "bigquery://ann:pw@acme/shop", "bigquery://acme/shop?colour=red", "bigquery://a/b/c"]
)
def test_a_url_that_cannot_be_used_is_refused_in_words(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_location(url)
    assert "pw" not in str(caught.value).replace("bigquery://project/dataset", "")
    assert caught.value.fix


class InEmulator:
    server: ClassVar[Server]

    @pytest.fixture(autouse=True)
    def _running(self, bigquery: Server) -> None:
        type(self).server = bigquery


NO_SIGNS = "BigQuery takes no such sign in a name"


@pytest.mark.nightly
class TestBigquerySource(InEmulator, SourceConformance):
    component = BIGQUERY_SOURCE
    declares_keys = True
    keeps_types = "whole numbers have 64 bits, floating ones too"
    not_kept: ClassVar[Mapping[str, str]] = {
        **{f"columns.{kind}": NO_SIGNS for kind in ("quote", "comma", "semicolon", "dot", "bracket", "emoji")},
        **{f"columns.{kind}": NO_SIGNS for kind in ("newline",)},
        "tables.emoji": NO_SIGNS,
        "types.list": "lists are kept as JSON, which is read as text",
        "types.struct": "nested values are kept as JSON, which is read as text",
        "types.timestamp_ns": "BigQuery keeps microseconds; what is finer is refused",
    }

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> BigquerySource:
        place = place_in(self.server, folder)
        client(self.server).delete_dataset(place["dataset"], delete_contents=True)
        settings = BigqueryDestination(**place_in(self.server, folder))
        with contextlib.closing(BIGQUERY_DESTINATION.create(settings)) as destination:
            delivery = destination.open(schema, WriteMode.FAIL)
            for name, table in tables.items():
                for batch in table.to_batches(50_000):
                    delivery.write(name, batch)
            delivery.commit()
        return BigquerySource(**place)

    def nowhere(self, folder: Path) -> BigquerySource:
        return BigquerySource(**{**place_in(self.server, folder), "dataset": "nowhere"})


@pytest.mark.nightly
class TestBigqueryDestination(InEmulator, DestinationConformance):
    component = BIGQUERY_DESTINATION
    keeps_types = TestBigquerySource.keeps_types
    keeps_order = "a table has no order of its own"
    not_kept: ClassVar[Mapping[str, str]] = {
        **TestBigquerySource.not_kept,
        "tables.very_long": "the stand-in makes a folder of each name, which may have 255 bytes",
    }

    def settings(self, folder: Path) -> BigqueryDestination:
        return BigqueryDestination(**place_in(self.server, folder))

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        reader = BIGQUERY_SOURCE.create(BigquerySource(**place_in(self.server, folder), tables=(table,)))
        with contextlib.closing(reader) as source:
            try:
                described = source.discover().table(table)
            except (SourceError, ConfigError):
                return None
            arrow = pa.schema([pa.field(column.name, column.type) for column in described.columns])
            return pa.Table.from_batches(list(source.read(table)), arrow)

    def state(self, folder: Path) -> Mapping[str, str]:
        found = {}
        dataset = place_in(self.server, folder)["dataset"]
        for entry in client(self.server).list_tables(dataset):
            rows = client(self.server).query(f"SELECT * FROM `{dataset}`.`{entry.table_id}`").result()
            content = repr([rows.schema, *sorted(map(repr, (row.values() for row in rows)))])
            found[entry.table_id] = hashlib.sha256(content.encode()).hexdigest()
        return found
