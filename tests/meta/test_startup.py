"""Starting is quick: what help and listing import, and what they cost."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "jax", "jaxlib", "flax", "optax", "scipy", "sklearn", "dp_accounting", "fpdf", "altair", "vl_convert", "tokenizers",
    "safetensors", "polars", "pyarrow", "sqlalchemy", "pandas", "fsspec", "ray",
}  # fmt: skip


def modules_after(code: str) -> set[str]:
    """Give the top-level modules that are loaded after some code ran in a new process."""
    report = f"{code}\nimport json, sys\nprint(json.dumps(sorted(name for name in sys.modules if '.' not in name)))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def command(*arguments: str) -> str:
    return f"""
import contextlib, io, sys
from semblant.cli.main import main
sys.argv = ["semblant", *{arguments!r}]
with contextlib.redirect_stdout(io.StringIO()) as out:
    try:
        main()
    except SystemExit as end:
        assert not end.code
assert out.getvalue(), "nothing was printed"
"""


@pytest.mark.parametrize(
    "code",
    [
        "import semblant",
        "from semblant.host import PluginHost; assert PluginHost().plugins()",
        command("--help"),
        command("version"),
        command("plugins"),
        command("plugins", "--json"),
        command("run", "--help"),
    ],
    ids=["import", "host", "help", "version", "plugins", "plugins-json", "run-help"],
)
def test_nothing_heavy_is_loaded_by(code: str) -> None:
    assert modules_after(code) & HEAVY == set()


def test_importing_semblant_loads_next_to_nothing() -> None:
    # attrs, pluggy and importlib.metadata come only with what is asked for
    assert not modules_after("import semblant") & {"attr", "attrs", "pluggy", "click", "rich", "numpy", "email"}


def cpu_seconds(code: str, enough: float, runs: int = 20) -> float:
    """Give the least processor time of some runs, start of the interpreter apart; stop when one is quick enough.

    Other work on the machine makes a run slower and never quicker, so the least says what the code costs.
    """
    timed = f"import time\nstart = time.process_time()\n{code}\nprint(time.process_time() - start)"
    least = float("inf")
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, timeout=60, check=True)
        least = min(least, float(done.stdout.splitlines()[-1]))
        if least <= enough:
            break
    return least


LOOP = "total = 0\nfor number in range(1_000_000): total += number"
LOOP_SECONDS = 0.06
"""Of the loop on the machine that the limits below were set on."""


@pytest.fixture(scope="module")
def slower() -> float:
    """Give how much slower than that machine this one is at plain Python, and at least 1."""
    return max(1.0, cpu_seconds(LOOP, LOOP_SECONDS, runs=10) / LOOP_SECONDS)


@pytest.mark.parametrize(
    ("code", "most"),
    [
        ("from semblant.host import PluginHost; PluginHost().plugins()", 0.15),
        (command("--help"), 0.3),
        (command("plugins"), 0.6),
    ],
    ids=["host", "help", "plugins"],
)
def test_starting_costs_little(code: str, most: float, slower: float) -> None:
    assert cpu_seconds(code, most * slower) <= most * slower
