"""The start: quick, and with nothing heavy in it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

HEAVY = (
    "jax",
    "flax",
    "optax",
    "scipy",
    "sklearn",
    "dp_accounting",
    "fpdf",
    "altair",
    "vl_convert",
    "polars",
    "pyarrow",
    "sqlalchemy",
    "pandas",
    "numpy",
    "fsspec",
)
PROGRAM = """
import sys
from semblant.cli.main import program
try:
    program.main({words!r})
except SystemExit as end:
    import json
    print("\\nLOADED", json.dumps([end.code, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


def loaded_by(*words):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(words=list(words))],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, names = json.loads(done.stdout.rpartition("LOADED ")[2])
    assert code == 0
    return set(names)


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["plugins"], ["version"], ["plugins", "--json"]])
def test_help_and_listings_load_nothing_heavy(words):
    assert not loaded_by(*words) & set(HEAVY)


def test_help_loads_neither_rich_nor_the_commands():
    names = loaded_by("--help")
    assert "rich" not in names
    assert "ruamel" not in names


def seconds_of(*words):
    """Give the processor time of the quickest of three: other work on this machine does not count."""
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "semblant", *words], check=True, capture_output=True, timeout=60, env=os.environ
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def test_help_takes_at_most_three_tenths_of_a_second():
    assert seconds_of("--help") < 0.3


def test_the_listing_of_plugins_takes_at_most_six_tenths():
    assert seconds_of("plugins") < 0.6
