"""Memory stays flat however long a file is: the address space is limited and the file is not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

READ = """
import resource, sys
import polars, psutil, pyarrow.compute, pyarrow.csv
from semblant_sources.files.source import FilesSource
from semblant_sources.settings import FilesSettings

path, limit = sys.argv[1], int(sys.argv[2]) << 20
after_imports = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (after_imports + limit, after_imports + limit))
source = FilesSource(FilesSettings(path=(path,)))
(table,) = source.discover()
print(",".join(str(column.type) for column in table.columns))
print(table.rows, sum(batch.num_rows for batch in source.read(table.name)))
"""
ROWS = 20_000
LEAN = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
"""Allocators that reserve address space in advance would be measured instead of the reader."""


def long_file(path: Path, blocks: int) -> Path:
    rows = "".join(
        f"{i},{i / 7:.9f},{('alpha', 'beta', 'gamma')[i % 3]},2024-01-{i % 28 + 1:02d},words number {i * 7919} stay\n"
        for i in range(ROWS)
    ).encode()
    with path.open("wb") as file:
        file.write(b"id,x,kind,day,text\n")
        for _ in range(blocks):
            file.write(rows)
    return path


def read_limited(path: Path, limit: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), str(limit)],
        env={**os.environ, **LEAN},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


def test_a_file_larger_than_the_memory_left_is_read(tmp_path):
    path = long_file(tmp_path / "t.csv", 160)
    assert path.stat().st_size > 190 << 20
    types, *counts = read_limited(path, 256)
    assert types == "int64,double,string,date32[day],string"
    assert counts == [str(160 * ROWS)] * 2


@pytest.mark.nightly
@pytest.mark.feature(119)
def test_two_gigabytes_are_read_in_half_a_gigabyte(tmp_path):
    path = long_file(tmp_path / "t.csv", 1800)
    assert path.stat().st_size > 2 << 30
    _, *counts = read_limited(path, 512)
    assert counts == [str(1800 * ROWS)] * 2
