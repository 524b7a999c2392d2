"""The tutorials, run as they stand: what a reader types is what is tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.meta.tree import ROOT

TUTORIALS = ROOT / "docs" / "tutorials"
LEAVES = {
    "one-table": ["out/customers.parquet", "out/report.pdf", "out/generator.semblant", "more/customers.parquet"],
    "database": ["out/customers.parquet", "out/orders.parquet", "out/report.html", "shop.yaml"],
    "seeds": ["bern/customers.parquet", "golden/customers.parquet", "filled"],
    "text": ["out/reviews.parquet", "out/generator.semblant"],
    "private": ["out/customers.parquet", "out/generator.semblant"],
    "embedding": ["home", "customers.csv"],
}
"""What lies there afterwards."""
TRAINS = {"database", "seeds", "text", "private", "embedding"}
"""Longer than a commit should wait, all together."""


def blocks(name):
    """Give the code of a tutorial in order: language and text."""
    text = (TUTORIALS / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"^```(shell|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.feature(136)
@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.nightly] * (n in TRAINS)) for n in LEAVES])
def test_a_tutorial_does_what_it_says(name, tmp_path):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "semblant").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m semblant "$@"\n')
    (bin_ / "semblant").chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    environment = {**os.environ, "SEMBLANT_HOME": str(tmp_path / "home"), "PATH": f"{bin_}:{os.environ['PATH']}"}
    python = "\n".join(code for kind, code in blocks(name) if kind == "python")
    shells = [code for kind, code in blocks(name) if kind == "shell"]
    for line in [[sys.executable, "-c", python], *(["sh", "-e", "-c", code] for code in shells)]:
        done = subprocess.run(line, cwd=work, env=environment, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, f"{line[-1]}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr

    assert [path for path in LEAVES[name] if not (work / path).exists()] == []


@pytest.mark.feature(136)
def test_every_tutorial_with_commands_is_run():
    pages = {path.stem for path in TUTORIALS.glob("*.md") if blocks(path.stem) and not path.stem.startswith("write-a")}

    assert pages == set(LEAVES)
