"""Random and damaged input: an answer or a named error, never a crash, a hang or a traceback (promise E2)."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from semblant.artefact.pack import pack, unpack
from semblant.engine import Engine
from semblant.errors import SemblantError
from semblant.host import PluginHost
from semblant.spec.load import load_spec
from semblant.spec.model import Selected, Spec
from tests import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONGEST = 10.0
"""Seconds that one input may take."""

CSVS = [
    b'id,name,when,amount\n1,Ann,2020-01-02,3.50\n2,"Bo, jr",2020-02-03,4\n3,,2021-03-04,5.25\n' * 20,
    "größe;preis;datum\n1,5;2,25;01.02.2020\n3,0;;05.06.2021\n".encode("cp1252") * 30,
    "\ufeffa\tb\n1\tx\n2\ty\n".encode("utf-16") + "3\tz\n".encode("utf-16-le") * 40,
    b'{"a": 1, "b": [1, 2]}\n{"a": null, "b": []}\n' * 20,
    b"a|b|c\r1|2|3\r4|5|6\r" * 30,
]
SPEC = b"""semblant: 1
name: spring
source: {type: files, path: data.csv, delimiter: ';'}
tables:
  customers:
    primary_key: [id, "no"]
    foreign_keys: [{columns: [a], references: b}]
    columns: {city: {encoding: categorical, rebalance: true}}
model: {size: small, max_epochs: 3, text: {size: large}}
generation: {records: 10, rebalance: {customers: {city: {Bern: 0.5}}}}
report: {holdout: 0.1, formats: [pdf, json]}
"""
TOKENS = [
    b"\0",
    b"\xff\xfe",
    b'"',
    b"'",
    b",",
    b";",
    b"\n",
    b"\r",
    b"\t",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"&a",
    b"*a",
    b"!!python/object:os.system",
    b"1e999",
    b"-",
    b"NaN",
    b"9" * 40,
    "\u202e\U0001f600".encode(),
    b"<<: *a",
    b"%YAML 9",
    b"---\n",
    b"0x1F",
    b"=cmd()",
]


def _damaged(content: bytes, draw: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(draw.choice([1, 1, 2, 5, 20])):
        place = draw.randrange(len(data) + 1)
        kind = draw.randrange(5)
        if kind == 0 and data:
            data[min(place, len(data) - 1)] = draw.randrange(256)
        elif kind == 1:
            data[place:place] = draw.choice(TOKENS)
        elif kind == 2:
            del data[place : place + draw.randrange(1, 50)]
        elif kind == 3:
            data[place:place] = data[: draw.randrange(1, 200)]
        else:
            data = data[:place] or bytearray(b"x")
    return bytes(data)


def _fuzz(seconds: float, attempt: Callable[[random.Random], None]) -> None:
    seed = int(os.environ.get("SEMBLANT_TEST_FUZZ_SEED", time.time_ns() % 10**9))
    print(f"SEMBLANT_TEST_FUZZ_SEED={seed}")
    draw, end, tries = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            attempt(draw)
        except SemblantError as exc:
            silent = not str(exc).strip()
        else:
            silent = False
        assert not silent, f"seed {seed}, try {tries}: an error without words"
        assert time.monotonic() - began < LONGEST, f"seed {seed}, try {tries}: too slow"
        tries += 1
    print(f"{tries} tries")
    assert tries > 3


def _durations() -> list[object]:
    return [5.0, pytest.param(float(os.environ.get("SEMBLANT_TEST_FUZZ_SECONDS", "170")), marks=pytest.mark.nightly)]


@pytest.fixture
def host() -> PluginHost:
    made = PluginHost()
    made.add(plain.PlainPlugin(), "plain")
    return made


@pytest.mark.parametrize("seconds", _durations())
def test_any_file_is_read_or_refused_by_name(seconds: float, host: PluginHost, tmp_path: Path) -> None:
    engine = Engine(home=tmp_path / "home", host=host)

    def attempt(draw: random.Random) -> None:
        number = draw.randrange(len(CSVS))
        path = tmp_path / f"data.{'jsonl' if number == 3 else 'csv'}"
        path.write_bytes(_damaged(CSVS[number], draw))
        (tmp_path / "last").write_bytes(path.read_bytes())
        spec = Spec(source=Selected(type="files", settings={"path": str(path)}))
        engine.detect(spec)
        engine.preview(spec)

    _fuzz(seconds, attempt)


@pytest.mark.parametrize("seconds", _durations())
def test_any_spec_is_loaded_or_refused_with_findings(seconds: float, host: PluginHost, tmp_path: Path) -> None:
    def attempt(draw: random.Random) -> None:
        path = tmp_path / "spec.yaml"
        path.write_bytes(_damaged(SPEC, draw))
        load_spec(path, host, environment={})

    _fuzz(seconds, attempt)


@pytest.mark.parametrize("seconds", _durations())
def test_any_generator_file_is_opened_or_refused(seconds: float, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "models").mkdir(parents=True)
    (folder / "generator.json").write_text('{"a": 1}')
    (folder / "models" / "w").write_bytes(bytes(2000))
    pack(folder, tmp_path / "g.semblant", made_by="1")
    whole = (tmp_path / "g.semblant").read_bytes()
    count = 0

    def attempt(draw: random.Random) -> None:
        nonlocal count
        count += 1
        (tmp_path / "bad.semblant").write_bytes(_damaged(whole, draw))
        unpack(tmp_path / "bad.semblant", tmp_path / "deep" / "out" / str(count))

    _fuzz(seconds, attempt)
    assert {path.name for path in tmp_path.iterdir()} <= {"in", "g.semblant", "bad.semblant", "deep"}


@pytest.mark.parametrize("seconds", _durations())
def test_any_identifier_goes_through_a_whole_run(seconds: float, host: PluginHost, tmp_path: Path) -> None:
    engine = Engine(home=tmp_path / "home", host=host)
    letters = "ab Zé日🙂\u202e/\\.:\"'`%$&|<>*?;\t\n\x00\x1b[]{}#=-_"
    count = 0

    def name(draw: random.Random) -> str:
        return "".join(draw.choice(letters) for _ in range(draw.choice([1, 3, 8, 80, 300])))

    def attempt(draw: random.Random) -> None:
        nonlocal count
        count += 1
        columns = list(dict.fromkeys([name(draw), name(draw), draw.choice(["id", "select", "..", "CON", " "])]))
        values = [np.arange(40) % 7 for _ in columns]
        plain.TABLES["fuzz"] = {name(draw): pa.table(values, names=columns)}
        spec = engine.load(
            {
                "source": {"type": "memory", "path": "fuzz"},
                "model": {"backend": "shuffled"},
                "report": {"enabled": False},
                "generation": {"records": 5},
            }
        )
        result = engine.run(spec, out=tmp_path / "out" / str(count))
        assert result.table().schema.names == columns

    _fuzz(seconds, attempt)
    assert {path.name for path in tmp_path.iterdir()} <= {"home", "out"}
