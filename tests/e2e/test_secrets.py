"""Canary secrets through every connector, whether it works or fails: no way out shows one (promise S1).

Fifty-six scenarios (fourteen connectors, four ways to use each). At every commit each canary goes through some of
them, every night each one through all.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import logging
import os
import random
import string
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import fsspec
import pytest
from fsspec import AbstractFileSystem

from semblant.cli.main import program
from semblant.engine import Engine
from tests import servers

VARIABLE = "SEMBLANT_TEST_CANARY"
CHANCE = random.Random(20261126)


def canaries(number: int = 25) -> list[str]:
    """Give secrets of many shapes: short and long, words, symbols, spaces, quotes, base64, several lines."""
    alphabets = (
        string.ascii_lowercase,
        string.ascii_letters + string.digits,
        string.ascii_letters + "!$%&/()=?@:#;,+*~",
        string.digits,
        string.ascii_letters + "'\"\\ <>",
        string.ascii_letters + "äöüßéñ☃",
    )
    found = []
    for index in range(number):
        letters = alphabets[index % len(alphabets)]
        text = "".join(CHANCE.choices(letters, k=8 + 3 * (index % 9))).strip()
        found.append(f"Cn{text}{index:02d}" if letters is not string.digits else f"9071{text}{index:02d}")
    found[-1] = base64.b64encode(found[-1].encode()).decode()
    return found


CANARIES = canaries()


def forms(canary: str) -> set[str]:
    """Give what to look for."""
    written = {json.dumps(canary)[1:-1], json.dumps(canary, ensure_ascii=False)[1:-1], repr(canary)[1:-1]}
    encoded = {quote(canary), quote_plus(canary), base64.b64encode(canary.encode()).decode()}
    return {canary, *written, *encoded}


class Telltale(AbstractFileSystem):  # type: ignore[misc]
    """A driver that says in every error and log line what it signed in with, as some do."""

    protocol = "telltale"

    def __init__(self, password: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.password = password

    def _refuse(self, *arguments: Any, **options: Any) -> Any:
        logging.getLogger("telltale").warning("password %s sent to %s", self.password, quote(self.password, safe=""))
        try:
            json.loads(self.password + "{")
        except ValueError as exc:
            msg = f"cannot sign in at telltale://ann:{quote(self.password)}@host with {self.password!r}"
            raise OSError(5, msg) from exc

    info = ls = exists = isdir = _open = pipe_file = cat_file = rm_file = _refuse


fsspec.register_implementation("telltale", Telltale, clobber=True)


def _s3(endpoint: str, bucket: str = "lake") -> dict[str, Any]:
    keys = {"access_key": f"env:{VARIABLE}", "secret_key": f"env:{VARIABLE}", "session_token": f"env:{VARIABLE}"}
    return {"path": f"s3://{bucket}/shop", "endpoint": endpoint, "region": "us-east-1", **keys}


def _server() -> dict[str, Any]:
    password = {"user": "ann", "password": f"env:{VARIABLE}", "database": "shop"}
    return {"host": "127.0.0.1", "port": servers.free_port(), **password}


def _closed() -> str:
    return f"http://127.0.0.1:{servers.free_port()}"


CONNECTORS: dict[str, Callable[[str], tuple[str, dict[str, Any]]]] = {
    "s3 that works": lambda s3: ("s3", _s3(s3)),
    "s3 without a server": lambda s3: ("s3", _s3(_closed())),
    "objects whose driver tells the password": lambda s3: (
        "objects",
        {"path": "telltale://lake/shop", "secrets": {"password": f"env:{VARIABLE}"}},
    ),
    "s3 without a bucket": lambda s3: ("s3", _s3(s3, "nobodys")),
    "s3 without TLS": lambda s3: ("s3", _s3(s3.replace("http:", "https:"))),
    "gcs with a broken key": lambda s3: (
        "gcs",
        {"path": "gs://lake/shop", "endpoint": _closed(), "service_account": f"env:{VARIABLE}_JSON"},
    ),
    "azure with a broken login": lambda s3: (
        "azure",
        {"path": "az://lake/shop", "connection_string": f"env:{VARIABLE}"},
    ),
    "objects that take anything": lambda s3: (
        "objects",
        {"path": "memory://lake/shop", "secrets": {"password": f"env:{VARIABLE}"}},
    ),
    "objects without a driver": lambda s3: (
        "objects",
        {"path": "sftp://127.0.0.1/shop", "secrets": {"password": f"env:{VARIABLE}"}},
    ),
    "objects without a server": lambda s3: (
        "objects",
        {"path": f"ftp://127.0.0.1:{servers.free_port()}/shop", "secrets": {"password": f"env:{VARIABLE}"}},
    ),
}
CONNECTORS |= {
    "postgresql without a server": lambda s3: ("postgresql", _server()),
    "sqlserver without a server": lambda s3: ("sqlserver", _server()),
    "oracle without a server": lambda s3: ("oracle", _server()),
    "bigquery with a broken key": lambda s3: (
        "bigquery",
        {"project": "p", "dataset": "shop", "endpoint": _closed(), "service_account": f"env:{VARIABLE}_JSON"},
    ),
}
WAYS = ("looked at", "tried", "read", "written")
SCENARIOS = list(itertools.product(CONNECTORS, WAYS))
assert len(SCENARIOS) == 56


class Witness:
    """Everything that a scenario lets out."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.texts: list[str] = []
        self.statuses: list[int] = []

    def call(self, *words: str) -> None:
        """Call the program with all its words and tracebacks."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as caught:
            program.main([*words, "-vv"])
        self.statuses.append(int(caught.value.code or 0))
        self.texts += [out.getvalue(), err.getvalue()]

    def embed(self, spec: dict[str, Any]) -> None:
        """Use it from Python, and keep the whole traceback."""
        with Engine() as engine:
            try:
                engine.preview(engine.load(spec))
            except Exception as exc:  # noqa: BLE001 - whatever comes is looked through
                self.texts += ["".join(traceback.format_exception(exc)), repr(exc)]

    def everything(self) -> bytes:
        """Give all texts and every byte in the home."""
        files = [path.read_bytes() for path in self.home.rglob("*") if path.is_file()]
        return b"\n".join([*files, *(text.encode(errors="replace") for text in self.texts)])


def play(name: str, way: str, canary: str, s3: str, home: Path, data: Path, log: Path) -> Witness:
    """Play one scenario in a home of its own."""
    kind, settings = CONNECTORS[name](s3)
    words = [part for key, value in settings.items() for part in ("--set", f"{key}={json.dumps(value)}")]
    witness = Witness(home)
    witness.call("connectors", "create", "c", "--type", kind, *words)
    if way == "looked at":
        witness.call("connectors", "show", "c", "--json")
        witness.call("connectors", "list")
        witness.call("connectors", "create", "p", "--type", "s3", "--set", f"secret_key={json.dumps(canary)}")
        url = f"s3://ann:{quote(canary, safe='')}@x/y"
        witness.call("connectors", "edit", "c", "--set", f"path={json.dumps(url)}")
    elif way == "tried":
        witness.call("connectors", "test", "c")
        witness.call("connectors", "test", "c", "--json")
    elif way == "read":
        witness.call("preview", "connector:c")
        witness.embed({"source": {"connector": "c"}})
    else:
        spec = log.with_name("spec.yaml")
        spec.write_text(f"source: {{type: files, path: {data}}}\ndestination: {{connector: c}}\n")
        witness.call("plan", str(spec), "--json")
        witness.call("run", str(spec), "--no-report", "--set", "model.backend=no-such-backend")
    witness.texts.append(log.read_text(encoding="utf-8", errors="replace"))
    return witness


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with servers.s3() as server:
        yield server.endpoint


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: str) -> Iterator[Callable[[str, str, str], Witness]]:
    data = tmp_path / "people.csv"
    data.write_text("id,age\n" + "\n".join(f"{n},{20 + n % 50}" for n in range(300)))
    log = tmp_path / "python.log"
    handler = logging.FileHandler(log)
    from semblant.logs import Redaction

    handler.addFilter(Redaction())
    logging.getLogger().addHandler(handler)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    number = itertools.count()

    def run(name: str, way: str, canary: str) -> Witness:
        home = tmp_path / f"home{next(number)}"
        monkeypatch.setenv("SEMBLANT_HOME", str(home))
        monkeypatch.setenv(VARIABLE, canary)
        key = {"type": "service_account", "client_email": "x@y.example", "private_key": canary, "token_uri": s3}
        monkeypatch.setenv(f"{VARIABLE}_JSON", json.dumps(key))
        return play(name, way, canary, s3, home, data, log)

    yield run
    logging.getLogger().removeHandler(handler)
    handler.close()


def hits(witness: Witness, canary: str) -> list[str]:
    everything = witness.everything()
    return [form for form in forms(canary) if form.encode() in everything]


@pytest.mark.parametrize(("name", "way"), SCENARIOS, ids=[f"{name}, {way}" for name, way in SCENARIOS])
def test_no_way_out_shows_a_canary(name: str, way: str, stage: Callable[[str, str, str], Witness]) -> None:
    canary = CANARIES[SCENARIOS.index((name, way)) % len(CANARIES)]
    witness = stage(name, way, canary)
    assert hits(witness, canary) == []
    assert witness.texts


@pytest.mark.nightly
@pytest.mark.parametrize("canary", CANARIES)
def test_every_canary_goes_through_every_scenario(canary: str, stage: Callable[[str, str, str], Witness]) -> None:
    found = {(name, way): hits(stage(name, way, canary), canary) for name, way in SCENARIOS}
    assert {scenario for scenario, forms_found in found.items() if forms_found} == set()


def test_a_process_never_has_a_secret_among_its_arguments(tmp_path: Path) -> None:
    canary = CANARIES[1]
    environment = {**os.environ, "SEMBLANT_HOME": str(tmp_path), VARIABLE: canary}
    command = [sys.executable, "-m", "semblant", "connectors", "create", "c", "--type", "objects"]
    words = ["--set", "path=memory://lake", "--set", f"secrets.password=env:{VARIABLE}"]
    process = subprocess.Popen([*command, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    arguments = Path(f"/proc/{process.pid}/cmdline")
    seen = arguments.read_bytes() if arguments.exists() else b""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert canary.encode() not in seen + output
