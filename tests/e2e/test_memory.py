"""A table four times larger than the memory allowed goes through organize, analyze and transform."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

BLOCK_ROWS = 100_000


def _write_csv(path: Path, target_bytes: int) -> int:
    """Write a table of numbers, categories, codes and dates; gives its rows. Blocks repeat but for the id."""
    random = np.random.default_rng(3)
    day = (np.datetime64("2019-01-01T00:00:00") + random.integers(0, 10**8, BLOCK_ROWS).astype("m8[s]")).astype(str)
    columns = [
        random.normal(50, 12, BLOCK_ROWS).round(3).astype(str),
        random.integers(0, 900, BLOCK_ROWS).astype(str),
        random.choice(["north", "south", "east", "west"], BLOCK_ROWS),
        np.char.add("P-", random.integers(10**5, 10**6, BLOCK_ROWS).astype(str)),
        np.char.replace(day, "T", " "),
        random.gamma(2, 90, BLOCK_ROWS).round(2).astype(str),
    ]
    rest = ["," + ",".join(row) + "\n" for row in zip(*columns, strict=True)]
    rows = size = 0
    with path.open("w", encoding="ascii") as stream:
        stream.write("id,weight,units,region,product,sold_at,price\n")
        while size < target_bytes:
            block = "".join(f"{rows + i}{line}" for i, line in enumerate(rest))
            stream.write(block)
            rows, size = rows + BLOCK_ROWS, size + len(block)
    return rows


def _measured(tmp_path: Path, megabytes: int, extra_mb: int) -> dict[str, object]:
    rows = _write_csv(tmp_path / "sales.csv", megabytes * 2**20)
    command = [
        sys.executable,
        "-m",
        "tests.e2e.memory_program",
        str(tmp_path / "sales.csv"),
        str(extra_mb),
        str(tmp_path / "w"),
    ]
    (tmp_path / "w").mkdir()
    done = subprocess.run(command, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    print(found)
    assert found["rows"] == rows
    return found


@pytest.mark.feature(119, 120, 121)
@pytest.mark.nightly
def test_two_gigabytes_go_through_half_a_gigabyte(tmp_path: Path) -> None:
    _measured(tmp_path, 2048, 512)


@pytest.mark.feature(119, 120, 121)
def test_a_table_streams_through_every_step_before_training(tmp_path: Path) -> None:
    _measured(tmp_path, 48, 512)
