"""Connectors: saved without secrets, used by name, tried out step by step."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.cli.main import program
from semblant.connectors.checking import checked
from semblant.connectors.expanding import expand
from semblant.engine import Engine
from semblant.errors import ConfigError
from semblant.home import Home
from semblant.host import PluginHost
from semblant.settings.plaintext import holds_secret, plain_secrets
from semblant.store.database import Store

HOST = PluginHost(third_party=False)
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the program; gives status, output and messages."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            program.main(list(words))
        found = capsys.readouterr()
        return int(caught.value.code or 0), found.out, found.err

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pq.write_table(pa.table({"id": range(200), "age": [20 + n % 50 for n in range(200)]}), tmp_path / "people.parquet")
    return tmp_path / "people.parquet"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.mark.feature(86)
@pytest.mark.feature(86)
def test_a_setting_of_one_role_alone_that_is_wrong_saves_nothing(call: Call) -> None:
    words = ["connectors", "create", "db", "--type", "oracle", "--set", "host=db"]

    status, _, message = call(*words, "--set", "empty_texts=maybe")

    assert status == 2
    assert "empty_texts" in message
    assert call(*words, "--set", "empty_texts=as_null")[0] == 0
    assert "empty_texts: as_null" in call("connectors", "show", "db")[1]


def test_connectors_are_created_listed_shown_edited_and_deleted(call: Call, data: Path) -> None:
    assert "no connectors" in call("connectors", "list")[1]
    assert call("connectors", "create", "people", str(data))[0] == 0
    assert json.loads(call("connectors", "show", "people", "--json")[1])["settings"] == {"path": str(data)}
    status, _, message = call("connectors", "create", "people", str(data))
    assert (status, "already" in message) == (2, True)
    assert call("connectors", "edit", "people", "--set", "trim=true", "--name", "folk")[0] == 0
    (listed,) = json.loads(call("connectors", "list", "--json")[1])
    assert (listed["name"], listed["type"], listed["used_as"]) == ("folk", "files", "source")
    assert listed["settings"]["trim"] is True
    assert call("connectors", "edit", "folk", "--set", "trim=null")[0] == 0
    assert "trim" not in json.loads(call("connectors", "show", "folk", "--json")[1])["settings"]
    assert call("connectors", "delete", "folk")[0] == 0
    status, _, message = call("connectors", "show", "folk")
    assert (status, "there is no connector 'folk'" in message) == (2, True)


@pytest.mark.feature(2, 86)
def test_a_spec_and_the_command_line_use_a_connector_by_name(call: Call, data: Path, tmp_path: Path) -> None:
    call("connectors", "create", "people", str(data))
    call("connectors", "create", "out", "--type", "folder", "--set", f"path={tmp_path / 'out'}", "--set", "format=csv")
    spec = tmp_path / "spec.yaml"
    spec.write_text("source: {connector: people, trim: true}\ndestination: {connector: out, mode: replace}\n")
    with Engine() as engine:
        loaded = engine.load(spec)
        assert loaded.source.type == "files"
        assert loaded.source.settings == {"path": str(data), "trim": True}
        assert loaded.destination is not None
        assert (loaded.destination.type, loaded.destination.mode) == ("folder", "replace")
        assert loaded.destination.settings["format"] == "csv"
        assert engine.spec_for("connector:people").source.settings["path"] == str(data)
    shown = json.loads(call("preview", "connector:people", "--json")[1])
    assert "people" in json.dumps(shown)


def test_an_unknown_connector_is_a_finding_with_the_nearest_name(call: Call, data: Path, tmp_path: Path) -> None:
    call("connectors", "create", "people", str(data))
    spec = tmp_path / "spec.yaml"
    spec.write_text("source: {connector: poeple}\nmodel: {size: huge}\n")
    with Engine() as engine, pytest.raises(ConfigError) as caught:
        engine.load(spec)
    found = {finding.path: finding for finding in caught.value.findings}
    assert set(found) == {"source.connector", "model.size"}
    assert "people" in found["source.connector"].fix
    assert found["source.connector"].line == 1


def test_a_connector_of_another_type_or_role_is_refused(tmp_path: Path) -> None:
    with Store.of(Home()) as store:
        made = store.connectors.create("out", type="folder", settings={"path": str(tmp_path)}, kind="destination")
    for section, given in (("source", {"connector": "out"}), ("destination", {"connector": "out", "type": "s3"})):
        _, found = expand({section: given}, HOST, lambda _: made)
        assert [finding.code for finding in found] == ["unknown-connector"], section


KEY_ID = "AKIA" + "X" * 16
PLAIN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("s3", {"path": "s3://b/p", "secret_key": "hunter22hunter22"}),
    ("s3", {"path": f"s3://{KEY_ID}:wJalrXUtnFEMI@b/p"}),
    ("objects", {"path": "sftp://host/p", "options": {"password": "hunter22"}}),
    ("objects", {"path": "sftp://host/p", "secrets": {"password": "hunter22"}}),
    ("azure", {"path": "az://c/p", "connection_string": "AccountName=a;AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0;"}),
    ("sqlite", {"url": "sqlite://ann:hunter22@x"}),
    ("files", {"path": "https://x.example/a.csv?sig=Zm9vYmFyZm9vYmFy"}),
    ("gcs", {"path": "gs://b/p", "service_account": '{"private_key": "hunter22hunter22"}'}),
)


@pytest.mark.parametrize(("kind", "settings"), PLAIN, ids=[f"{kind} {'.'.join(s)}" for kind, s in PLAIN])
def test_plain_secrets_are_refused_and_not_repeated(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(HOST, kind, settings)
    text = str(caught.value)
    for secret in ("hunter22", "wJalrX", "c2VjcmV0", "Zm9vYmFy", "BEGIN"):
        assert secret not in text
    assert all(finding.fix for finding in caught.value.findings)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann@db:5432/shop",
        "postgresql://ann:env:DB_PW@db/shop",
        "https://x.example/a.csv?page=2",
        "s3://b/p",
    ],
)
def test_locations_without_a_secret_are_taken(text: str) -> None:
    assert not holds_secret(text)
    assert plain_secrets({"path": text, "tokenizer": "bpe", "keys": ["id"]}, "source") == []


def test_a_secret_in_a_spec_is_a_finding_and_in_no_message(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("source: {type: files, path: 'https://ann:hunter22@x.example/a.csv'}\n")
    for overrides in ((), ("source.path=https://bob:hunter22@x.example/b.csv",)):
        with Engine() as engine, pytest.raises(ConfigError) as caught:
            engine.load(spec, overrides)
        assert [finding.code for finding in caught.value.findings] == ["plain-secret"]
        assert "hunter22" not in str(caught.value)


@pytest.mark.feature(86)
def test_trying_out_names_the_step_that_failed_and_the_setting_to_change(call: Call, tmp_path: Path) -> None:
    pytest.importorskip("s3fs")
    endpoint = f"http://127.0.0.1:{closed_port()}"
    call("connectors", "create", "lake", "s3://lake/shop", "--set", f"endpoint={endpoint}", "--set", "anonymous=true")
    status, out, _ = call("connectors", "test", "lake", "--json")
    found = json.loads(out)
    assert (status, found["works"]) == (3, False)
    assert [(step["step"], step["passed"]) for step in found["steps"]] == [("host", True), ("port", False)]
    assert found["steps"][-1]["setting"] == "endpoint"
    call("connectors", "create", "out", "--type", "folder", "--set", f"path={tmp_path / 'out'}")
    status, out, _ = call("connectors", "test", "out")
    assert (status, "write access" in out) == (0, True)


def test_a_place_that_can_be_written_and_holds_nothing_yet_works(call: Call) -> None:
    call("connectors", "create", "mem", "--type", "objects", "--set", "path=memory://lake/fresh")
    status, out, _ = call("connectors", "test", "mem", "--json")
    assert (status, json.loads(out)["works"]) == (0, True)
    assert [step["step"] for step in json.loads(out)["steps"]][-2:] == ["write access", "read access"]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_database_file_that_is_not_there_yet_can_be_written(kind: str, call: Call, tmp_path: Path) -> None:
    if kind == "duckdb":
        pytest.importorskip("duckdb")
    assert call("connectors", "create", "shop", f"{kind}:///{tmp_path}/shop.file")[0] == 0
    status, out, _ = call("connectors", "test", "shop")
    assert status == 0, out
    assert "to read there is nothing yet" in out


def test_a_secret_of_the_destination_that_is_not_there_is_found_before_any_work(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("s3fs")
    monkeypatch.delenv("SEMBLANT_TEST_GONE", raising=False)
    monkeypatch.setenv("SEMBLANT_TEST_THERE", "some-value-of-it")
    keys = {"access_key": "env:SEMBLANT_TEST_THERE", "secret_key": "env:SEMBLANT_TEST_GONE"}
    spec = {"source": {"type": "files", "path": str(data)}, "destination": {"type": "s3", "path": "s3://b/p", **keys}}
    with Engine() as engine:
        found = [finding for finding in engine.check(engine.load(spec)) if finding.code == "secret-not-found"]
        assert [(finding.path, finding.severity) for finding in found] == [("destination.secret_key", "error")]
        assert "SEMBLANT_TEST_GONE" in found[0].message
        monkeypatch.setenv("SEMBLANT_TEST_GONE", "another-value")
        assert not any(finding.code == "secret-not-found" for finding in engine.check(engine.load(spec)))
