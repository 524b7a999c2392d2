"""Tables in object storage: keys, formats, modes, locks and ids, on memory and on the servers that can be had here."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.access import AccessStep, examine
from semblant.errors import ConfigError, DestinationError, SourceError
from semblant.remote.filesystem import Bucket, open_filesystem
from semblant.remote.manifest import LOCK, MANIFEST
from semblant.retry import Retry
from semblant.settings import Secret
from semblant.vocabulary import WriteMode
from semblant_destinations.objects.delivery import key_of
from semblant_destinations.objects.destination import Objects
from semblant_destinations.objects.lock import PrefixLock
from semblant_destinations.settings import ObjectsSettings, S3Settings
from tests import servers
from tests.plugins.destinations import stores
from tests.plugins.destinations.deliveries import deliver, schema_of

FAIL, REPLACE, APPEND, TRUNCATE = WriteMode.FAIL, WriteMode.REPLACE, WriteMode.APPEND, WriteMode.TRUNCATE
PEOPLE = pa.table({"id": [1, 2, 3], "name": ["=ann", None, "Zoë"]})
VISITS = pa.table({"id": [10, 11], "person": [1, 3]})
SET = {"people": PEOPLE, "order lines": VISITS}


@pytest.fixture(params=["memory", "s3", "gcs", "azure"])
def store(request: pytest.FixtureRequest) -> stores.Store:
    if request.param != "memory":
        request.getfixturevalue(f"{request.param}_server")
    made: dict[str, type[stores.Store]] = {"memory": stores.Memory, "s3": stores.S3, "gcs": stores.Gcs}
    return made.get(request.param, stores.Azure)()


@pytest.fixture
def memory() -> stores.Store:
    return stores.Memory()


def bytes_of(store: stores.Store, folder: Path, key: str) -> bytes:
    filesystem, path = open_filesystem(store.url(folder), store.writing(folder))
    found: bytes = filesystem.cat_file(f"{path.rstrip('/')}/{key}")
    return found


@pytest.mark.feature(68, 69, 70, 71, 73)
def test_a_set_arrives_under_the_names_of_its_tables_and_the_source_reads_it_back(
    store: stores.Store, tmp_path: Path
) -> None:
    with_ids = store.opened(tmp_path, delivery="job-1")
    deliver(with_ids, SET, FAIL)
    assert sorted(store.objects(tmp_path)) == [MANIFEST, "order lines", "people"]
    assert pq.read_table(io.BytesIO(bytes_of(store, tmp_path, "people"))).equals(PEOPLE)
    assert {name: table.to_pydict() for name, table in store.tables(tmp_path).items()} == {
        name: table.to_pydict() for name, table in SET.items()
    }
    before = store.objects(tmp_path)
    deliver(with_ids, SET, APPEND)
    deliver(store.opened(tmp_path, delivery="job-1"), SET, APPEND)
    assert store.objects(tmp_path) == before
    deliver(store.opened(tmp_path, delivery="job-2"), {"people": PEOPLE}, APPEND)
    assert store.tables(tmp_path)["people"].num_rows == 6
    with pytest.raises(DestinationError, match="people"):
        deliver(store.opened(tmp_path), SET, FAIL)


@pytest.mark.feature(72)
def test_write_access_is_proven_with_a_temporary_object(store: stores.Store, tmp_path: Path) -> None:
    store.opened(tmp_path).check()
    assert store.objects(tmp_path) == {}


@pytest.mark.feature(73)
@pytest.mark.parametrize(
    ("form", "begins"),
    [("parquet", b"PAR1"), ("csv", b"id,name\r\n"), ("jsonl", b'{"id":1'), ("arrow", b"ARROW1")],
)
def test_the_format_is_a_setting_and_the_key_has_no_ending(
    form: str, begins: bytes, memory: stores.Store, tmp_path: Path
) -> None:
    deliver(memory.opened(tmp_path, format=form), {"people": PEOPLE}, FAIL)
    assert sorted(memory.objects(tmp_path)) == [MANIFEST, "people"]
    assert bytes_of(memory, tmp_path, "people").startswith(begins)
    assert memory.tables(tmp_path)["people"].to_pydict() == PEOPLE.to_pydict()


@pytest.mark.parametrize(("guard", "written"), [(False, b"1,=ann"), (True, b"1,'=ann")])
def test_pipelines_get_texts_as_they_are_unless_the_guard_is_on(
    guard: bool, written: bytes, memory: stores.Store, tmp_path: Path
) -> None:
    more = {"spreadsheet_guard": True} if guard else {}
    deliver(memory.opened(tmp_path, format="csv", **more), {"people": PEOPLE}, FAIL)
    assert written in bytes_of(memory, tmp_path, "people")


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compressed_texts_and_other_delimiters_are_read_back_by_the_manifest(
    compression: str, memory: stores.Store, tmp_path: Path
) -> None:
    more = {"format": "csv", "compression": compression, "delimiter": "|"}
    deliver(memory.opened(tmp_path, **more), {"people": PEOPLE}, FAIL)
    deliver(memory.opened(tmp_path, **more), {"people": PEOPLE}, APPEND)
    assert memory.tables(tmp_path)["people"].to_pydict() == pa.concat_tables([PEOPLE, PEOPLE]).to_pydict()


def test_another_format_is_not_appended_to(memory: stores.Store, tmp_path: Path) -> None:
    deliver(memory.opened(tmp_path), {"people": PEOPLE}, FAIL)
    before = memory.objects(tmp_path)
    with pytest.raises(DestinationError, match="another kind of file"):
        deliver(memory.opened(tmp_path, format="csv"), {"people": PEOPLE}, APPEND)
    assert memory.objects(tmp_path) == before


def test_a_table_that_others_put_there_is_refused_replaced_or_appended_to(memory: stores.Store, tmp_path: Path) -> None:
    bucket = Bucket.open(memory.url(tmp_path))
    data = io.BytesIO()
    pq.write_table(PEOPLE, data)
    bucket.put("people", data.getvalue())
    with pytest.raises(DestinationError, match="already"):
        memory.opened(tmp_path).open(schema_of({"people": PEOPLE}), FAIL)
    deliver(memory.opened(tmp_path), {"people": PEOPLE}, APPEND)
    assert memory.tables(tmp_path)["people"].num_rows == 6


def test_objects_below_the_name_of_a_table_are_in_the_way(memory: stores.Store, tmp_path: Path) -> None:
    Bucket.open(memory.url(tmp_path)).put("people/part-0", b"x")
    with pytest.raises(DestinationError, match="holds objects already") as caught:
        memory.opened(tmp_path).open(schema_of({"people": PEOPLE}), REPLACE)
    assert caught.value.fix


@pytest.mark.parametrize(
    "name", ["a/b", "..", ".hidden", "_hidden", "q?x", "s*[1]", "tab\there", "100%", "x#y", " pad "]
)
def test_hostile_names_become_keys_and_come_back(name: str, memory: stores.Store, tmp_path: Path) -> None:
    deliver(memory.opened(tmp_path), {name: VISITS}, FAIL)
    assert list(memory.tables(tmp_path)) == [name]
    assert all("/" not in key for key in memory.objects(tmp_path))


@pytest.mark.parametrize("name", ["x" * 401, "\ud800"])
def test_names_that_cannot_be_keys_are_refused(name: str) -> None:
    with pytest.raises(DestinationError, match="cannot become the key"):
        key_of(name)


def test_a_second_writer_gets_a_lock_error_that_names_the_first(store: stores.Store, tmp_path: Path) -> None:
    first = store.opened(tmp_path).open(schema_of(SET), FAIL)
    with pytest.raises(DestinationError, match="another delivery to .* is under way by process") as caught:
        store.opened(tmp_path).open(schema_of(SET), REPLACE)
    assert caught.value.fix
    first.abort()
    deliver(store.opened(tmp_path), {"people": PEOPLE}, FAIL)
    assert LOCK not in store.objects(tmp_path)


def test_the_lock_of_a_writer_on_another_machine_is_taken_over_when_its_lease_is_over(tmp_path: Path) -> None:
    bucket = Bucket.open(stores.Memory().url(tmp_path))
    now = 1_000.0
    bucket.put(LOCK, json.dumps({"token": "x", "host": "elsewhere", "process": 1, "until": now + 60}).encode())
    with pytest.raises(DestinationError, match="elsewhere"):
        PrefixLock(bucket, clock=lambda: now)
    PrefixLock(bucket, clock=lambda: now + 61).release()
    assert bucket.get(LOCK) is None


def test_the_lock_of_a_dead_process_of_this_machine_is_taken_over_at_once(tmp_path: Path) -> None:
    bucket = Bucket.open(stores.Memory().url(tmp_path))
    lock = PrefixLock(bucket)
    text = json.loads(bucket.get(LOCK) or b"{}")
    bucket.put(LOCK, json.dumps(text | {"token": "dead", "started": 1.0}).encode())
    PrefixLock(bucket).release()
    lock.release()


def test_a_writer_that_stood_still_for_too_long_makes_nothing_visible(memory: stores.Store, tmp_path: Path) -> None:
    deliver(memory.opened(tmp_path), {"people": PEOPLE}, FAIL)
    slow = memory.opened(tmp_path).open(schema_of({"people": VISITS}), REPLACE)
    bucket = Bucket.open(memory.url(tmp_path))
    bucket.remove(LOCK)  # as if its lease had ended
    deliver(memory.opened(tmp_path), {"people": PEOPLE}, APPEND)
    with pytest.raises(DestinationError, match="stood still for too long"):
        slow.commit()
    assert memory.tables(tmp_path)["people"].num_rows == 6


def test_a_set_that_changes_while_it_is_read_is_not_mixed(store: stores.Store, tmp_path: Path) -> None:
    deliver(store.opened(tmp_path), SET, FAIL)
    source = store.reading(tmp_path)
    source.discover()
    list(source.read("people"))
    other = {name: table.slice(0, 1) for name, table in SET.items()}
    deliver(store.opened(tmp_path), other, REPLACE)
    with pytest.raises(SourceError, match="replaced while the set was read"):
        list(source.read("order lines"))


def test_a_damaged_manifest_is_named_by_reader_and_writer(memory: stores.Store, tmp_path: Path) -> None:
    deliver(memory.opened(tmp_path), SET, FAIL)
    Bucket.open(memory.url(tmp_path)).put(MANIFEST, b'{"layout": "objects", "format": 99}')
    with pytest.raises(SourceError, match="manifest"):
        memory.reading(tmp_path).check()
    with pytest.raises(DestinationError, match="damaged, from a newer version"):
        memory.opened(tmp_path).open(schema_of(SET), REPLACE)


@pytest.mark.parametrize("path", ["lake/shop", "s3:///shop", "/tmp/x"])
def test_a_path_without_a_bucket_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="names no bucket"):
        Objects(ObjectsSettings(path=path))


def settings_of(endpoint: str, bucket: str = "lake", **more: Any) -> S3Settings:
    return S3Settings(path=f"s3://{bucket}/p", endpoint=endpoint, region="us-east-1", **{**stores.KEYS, **more})


def steps(settings: S3Settings, pauses: list[float] | None = None) -> list[tuple[AccessStep, bool, str]]:
    retry = Retry(sleep=(pauses if pauses is not None else []).append)
    return [
        (probe.step, probe.passed, probe.setting)
        for probe in examine(Objects(settings, retry=retry), last=AccessStep.WRITE)
    ]


@pytest.mark.feature(86)
def test_the_probe_names_the_step_that_failed_and_the_setting(s3_server: servers.Server) -> None:
    reached = [(AccessStep.HOST, True, ""), (AccessStep.PORT, True, "")]
    good = [*reached, *((step, True, "") for step in (AccessStep.CREDENTIALS, AccessStep.DATABASE, AccessStep.WRITE))]
    assert steps(settings_of(s3_server.endpoint)) == good
    assert steps(settings_of("http://no-such-host.invalid:1")) == [(AccessStep.HOST, False, "endpoint")]
    closed = f"http://127.0.0.1:{servers.free_port()}"
    assert steps(settings_of(closed)) == [reached[0], (AccessStep.PORT, False, "endpoint")]
    no_tls = s3_server.endpoint.replace("http://", "https://")
    assert steps(settings_of(no_tls))[-1] == (AccessStep.TLS, False, "endpoint")
    assert steps(settings_of(s3_server.endpoint, "nobodys"))[2:] == [
        (AccessStep.CREDENTIALS, True, ""),
        (AccessStep.DATABASE, False, "path"),
    ]


def test_keys_that_a_server_refuses_are_told_from_a_bucket_that_it_protects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMBLANT_TEST_WRONG", "wrong-secret-key-0000")
    with servers.s3() as server:
        allowed = servers.with_rights(server)
        keys: dict[str, Any] = {
            name: Secret(f"env:SEMBLANT_TEST_{name.upper()}") for name in ("access_key", "secret_key")
        }
        for name, value in allowed.items():
            monkeypatch.setenv(f"SEMBLANT_TEST_{name.upper()}", value)
        refused = steps(settings_of(server.endpoint, **keys))
        assert refused[-1] == (AccessStep.WRITE, False, "access_key and secret_key")
        wrong: dict[str, Any] = {"access_key": keys["access_key"], "secret_key": Secret("env:SEMBLANT_TEST_WRONG")}
        found = steps(settings_of(server.endpoint, **wrong))
        assert found[-1] == (AccessStep.CREDENTIALS, False, "access_key and secret_key")


def test_a_dead_server_is_asked_four_times_with_growing_pauses(tmp_path: Path) -> None:
    pauses: list[float] = []
    dead = Objects(settings_of(f"http://127.0.0.1:{servers.free_port()}"), retry=Retry(sleep=pauses.append))
    with pytest.raises(DestinationError, match="cannot be reached"):
        dead.check()
    assert pauses == [1.0, 4.0, 16.0]


@pytest.mark.nightly
def test_a_server_that_restarts_in_the_middle_costs_nothing(tmp_path: Path) -> None:
    port = servers.free_port()
    restarted: list[Any] = []

    def restart(_: float) -> None:
        if not restarted:
            running = servers.s3(port)
            running.__enter__()
            restarted.append(running)

    with servers.s3(port) as server:
        destination = Objects(settings_of(server.endpoint), retry=Retry(sleep=restart))
        destination.check()
    try:
        deliver(destination, SET, FAIL)
        assert restarted
    finally:
        for running in restarted:
            running.__exit__(None, None, None)


@pytest.mark.feature(69)
@pytest.mark.parametrize(
    ("more", "checksums", "addressing"),
    [
        ({}, "when_supported", "auto"),
        ({"endpoint": "http://127.0.0.1:1"}, "when_required", "path"),
        ({"endpoint": "http://127.0.0.1:1", "checksums": "when_supported"}, "when_supported", "path"),
        ({"addressing": "virtual"}, "when_supported", "virtual"),
    ],
)
def test_older_servers_are_sent_no_checksums_that_they_do_not_know(
    more: dict[str, Any], checksums: str, addressing: str
) -> None:
    config = S3Settings(path="s3://lake", **more).driver_options()["config_kwargs"]
    assert config["request_checksum_calculation"] == checksums
    assert config["s3"]["addressing_style"] == addressing
