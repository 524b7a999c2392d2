"""Every setting of an object storage, changed alone: the driver is told something else, or other bytes lie there."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pytest

from semblant.errors import DestinationError, SemblantError
from semblant.remote.filesystem import open_filesystem
from semblant.remote.manifest import MANIFEST
from semblant.remote.settings import AnyAccess, AzureAccess, GcsAccess, S3Access
from semblant.settings import Secret
from semblant.vocabulary import WriteMode
from semblant_destinations.settings import TableFormat
from tests import servers
from tests.plugins.destinations import stores
from tests.plugins.destinations.deliveries import deliver

pytestmark = [pytest.mark.feature(59, 68, 69, 70)]

WORDS = pa.table({"id": [1, 2, 3], "said": ["=a", "b;c", None]})
SECRET = Secret("env:SEMBLANT_TEST_CANARY")
SAID = "said-by-the-environment"
CASES: tuple[tuple[type, str, Any, str, Any], ...] = (
    (S3Access, "access_key", SECRET, "key", SAID),
    (S3Access, "secret_key", SECRET, "secret", SAID),
    (S3Access, "session_token", SECRET, "token", SAID),
    (S3Access, "region", "eu-north-1", "client_kwargs", {"region_name": "eu-north-1"}),
    (S3Access, "addressing", "virtual", "config_kwargs.s3.addressing_style", "virtual"),
    (S3Access, "checksums", "when_required", "config_kwargs.request_checksum_calculation", "when_required"),
    (S3Access, "anonymous", True, "anon", True),
    (S3Access, "timeout_seconds", 7.0, "config_kwargs.read_timeout", 7.0),
    (S3Access, "endpoint", "http://127.0.0.1:1", "endpoint_url", "http://127.0.0.1:1"),
    (GcsAccess, "service_account", Secret("env:SEMBLANT_TEST_JSON"), "token", {"type": "service_account"}),
    (GcsAccess, "project", "acme", "project", "acme"),
    (GcsAccess, "endpoint", "http://127.0.0.1:1", "endpoint_url", "http://127.0.0.1:1"),
    (GcsAccess, "anonymous", True, "token", "anon"),
    (GcsAccess, "timeout_seconds", 7.0, "timeout", 7.0),
    (AzureAccess, "account", "acme", "account_name", "acme"),
    (AzureAccess, "account_key", SECRET, "account_key", SAID),
    (AzureAccess, "sas_token", SECRET, "sas_token", SAID),
    (AzureAccess, "connection_string", SECRET, "connection_string", SAID),
    (AzureAccess, "tenant_id", "t", "tenant_id", "t"),
    (AzureAccess, "client_id", "c", "client_id", "c"),
    (AzureAccess, "client_secret", SECRET, "client_secret", SAID),
    (AzureAccess, "endpoint", "blobs.example", "account_host", "blobs.example"),
    (AzureAccess, "anonymous", True, "anon", True),
    (AzureAccess, "timeout_seconds", 7.0, "read_timeout", 7.0),
    (AnyAccess, "options", {"port": 22}, "port", 22),
    (AnyAccess, "secrets", {"password": SECRET}, "password", SAID),
)
ALSO = {
    # a server of one's own is spoken to in the older manner, which older servers understand
    "endpoint": {"config_kwargs.s3.addressing_style", *(f"config_kwargs.{way}" for way in (
        "request_checksum_calculation", "response_checksum_validation"))},
    "checksums": {"config_kwargs.response_checksum_validation"},
    "timeout_seconds": {"config_kwargs.connect_timeout", "connection_timeout"},
}  # fmt: skip
"""What goes with a setting besides."""


def flat(options: dict[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in options.items():
        deep = isinstance(value, dict) and name in {"config_kwargs", "s3", "retries"}
        found |= flat(value, f"{before}{name}.") if deep else {f"{before}{name}": value}
    return found


@pytest.mark.parametrize(
    ("access", "setting", "value", "option", "told"), CASES, ids=lambda v: getattr(v, "__name__", str(v)[:20])
)
def test_a_setting_changes_one_option_of_the_driver(
    access: Any, setting: str, value: Any, option: str, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMBLANT_TEST_CANARY", SAID)
    monkeypatch.setenv("SEMBLANT_TEST_JSON", '{"type": "service_account"}')
    before, after = flat(access().driver_options()), flat(access(**{setting: value}).driver_options())

    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert after[option] == told
    assert differing - ALSO.get(setting, set()) == {option}
    assert SAID not in repr(access(**{setting: value}))


@pytest.mark.parametrize("access", [S3Access, GcsAccess, AzureAccess, AnyAccess], ids=lambda access: access.__name__)
def test_every_setting_of_a_way_in_is_among_those_above(access: Any) -> None:
    assert set(attrs.fields_dict(access)) == {name for kind, name, *_ in CASES if kind is access}


def written(folder: Path, **settings: Any) -> bytes:
    """Give the bytes of a delivery into memory."""
    store = stores.Memory()
    deliver(store.opened(folder, **settings), {"words": WORDS}, WriteMode.FAIL)
    assert store.tables(folder)["words"].to_pydict() == WORDS.to_pydict() or settings.get("spreadsheet_guard")
    filesystem, path = open_filesystem(store.url(folder), store.writing(folder))
    found: bytes = filesystem.cat_file(f"{path.rstrip('/')}/words")
    return found


MADE = {
    "format": ("jsonl", {}, lambda found: found.startswith(b'{"id":1')),
    "compression": ("gzip", {"format": "csv"}, lambda found: found.startswith(b"\x1f\x8b")),
    "delimiter": (";", {"format": "csv"}, lambda found: found.startswith(b"id;said")),
    "spreadsheet_guard": (True, {"format": "csv"}, lambda found: b"'=a" in found),
}  # fmt: skip


@pytest.mark.feature(73, 110)
@pytest.mark.parametrize("setting", MADE)
def test_a_setting_of_the_format_changes_the_bytes(setting: str, tmp_path: Path) -> None:
    value, others, shown = MADE[setting]
    assert not shown(written(tmp_path / "before", **others))
    assert shown(written(tmp_path / "after", **others, **{setting: value}))


def test_the_id_of_a_delivery_makes_the_second_one_nothing(tmp_path: Path) -> None:
    store, rows = stores.Memory(), []
    for delivery in ("one", "one", "", ""):
        deliver(store.opened(tmp_path, delivery=delivery), {"words": WORDS}, WriteMode.APPEND)
        rows.append(store.tables(tmp_path)["words"].num_rows)
    assert rows == [3, 3, 6, 9]


def test_the_path_decides_the_prefix(tmp_path: Path) -> None:
    store = stores.Memory()
    for name in ("one", "two"):
        deliver(store.opened(tmp_path / name), {"words": WORDS}, WriteMode.FAIL)
    assert set(store.objects(tmp_path / "one")) == set(store.objects(tmp_path / "two")) == {MANIFEST, "words"}


def test_every_setting_of_the_format_is_among_those_above() -> None:
    assert set(attrs.fields_dict(TableFormat)) == {*MADE, "delivery"}


@pytest.mark.parametrize("kind", [stores.S3, stores.Gcs, stores.Azure], ids=["s3", "gcs", "azure"])
def test_a_server_that_says_nothing_is_left_after_the_timeout(
    kind: type[stores.Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip({"S3": "s3fs", "Gcs": "gcsfs", "Azure": "adlfs"}[kind.__name__])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(kind, "server", servers.Server(endpoint + ("/acme" if kind is stores.Azure else "")))
        begun = time.monotonic()
        with pytest.raises((DestinationError, SemblantError)):
            kind().opened(tmp_path, timeout_seconds=0.25).check()
        assert time.monotonic() - begun < 20
