"""Compiled programs are kept for the next process, and what is compiled ahead changes no row."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import CancelledError
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from semblant_models.tabular import compiling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROGRAM = """
import hashlib, sys, warnings
from pathlib import Path
import jax
from tests.plugins.models.tabular.making import *

warnings.simplefilter("error")
heard = []
jax.monitoring.register_event_listener(lambda name, **more: heard.append(name))
run = run_in(Path(sys.argv[1]), seed=int(sys.argv[3]), cache=Path(sys.argv[2]))
model = trained(training_table(people(600).select(["city", "member"])), run.workspace, run=run, max_epochs=2)
weights = b"".join(model.arrays[name].tobytes() for name in sorted(model.arrays))
rows = drawn(model, run.workspace, rows=5000)
hits = sum(name.endswith("cache_hits") for name in heard)
print(hits, hashlib.sha256(weights + repr(rows.to_pylist()).encode()).hexdigest())
"""


def outcome(workspace: Path, cache: Path, seed: int = 1) -> tuple[int, str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(workspace.parent)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(workspace), str(cache), str(seed)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    hits, rows = done.stdout.split()
    return int(hits), rows


def test_the_next_process_finds_the_programs_and_makes_the_same_rows(tmp_path: Path) -> None:
    first = outcome(tmp_path / "a", tmp_path / "cache")
    again = outcome(tmp_path / "b", tmp_path / "cache")
    assert first[0] == 0
    assert again[0] >= 2
    assert first[1] == again[1]
    (folder,) = (tmp_path / "cache").iterdir()
    assert folder.name.startswith("jax-")
    assert folder.stat().st_mode & 0o077 == 0


def test_no_place_is_taken_from_the_user_and_none_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jax

    taken: list[object] = []
    monkeypatch.setattr(jax.config, "update", lambda *change: taken.append(change))
    compiling.keep_compiled(None)
    monkeypatch.setattr(type(jax.config), "jax_compilation_cache_dir", "/elsewhere", raising=False)
    compiling.keep_compiled(tmp_path)
    assert taken == []
    assert list(tmp_path.iterdir()) == []


def test_old_programs_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(compiling, "_MOST_BYTES", 250)
    for number in range(4):
        (tmp_path / f"p{number}").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"p{number}", (number, number))
    (tmp_path / "cut-off").touch()
    compiling._prune(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["p2", "p3"]


def test_an_error_in_the_block_waits_for_what_compiles_and_begins_nothing_more() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        time.sleep(0.05)
        done.append(number)

    waits: list[Callable[[], Any]] = []

    def fail() -> None:
        with compiling.compiling_ahead() as ahead:
            waits.extend(ahead(partial(work, number)) for number in range(6))
            msg = "stop"
            raise ValueError(msg)

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert len(done) < 6
    with pytest.raises(CancelledError):
        waits[-1]()
