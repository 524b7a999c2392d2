"""A stranger's distribution: built and installed by pip, then used by name, suffix and spec like our own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.meta.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ACME = ROOT / "tests" / "thirdparty" / "acme"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the distribution into a folder of its own, without the network."""
    project = tmp_path_factory.mktemp("project") / "acme"
    shutil.copytree(ACME, project)
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-build-isolation", "--no-deps", "--quiet"]
    subprocess.run(
        [*pip, "--target", str(target), str(project)], check=True, timeout=300, capture_output=True, text=True
    )
    return target


@pytest.fixture
def station(tmp_path: Path) -> Path:
    path = tmp_path / "north.acme"
    lines = [f"North|2026-01-{day:02d}T12:00:00|{day / 2}" for day in range(1, 31)]
    path.write_text("\n".join(["station|time|temperature", *lines]) + "\n", encoding="utf-8")
    return path


def semblant(site: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "semblant", *arguments],
        env={**os.environ, "PYTHONPATH": str(site), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def listed(site: Path, *arguments: str, **environment: str) -> dict[str, str]:
    done = semblant(site, "plugins", "--json", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    rows = answer if isinstance(answer, list) else answer["plugins"]
    found = [row for row in rows if row["distribution"] == "semblant-acme"]
    assert len(found) == 1
    row: dict[str, str] = found[0]
    return row


def test_an_installed_plugin_is_listed_with_its_distribution(site: Path) -> None:
    row = listed(site)

    assert (row["kind"], row["name"], row["version"], row["status"]) == ("source", "acme", "1.2", "ok")


def test_its_files_are_read_by_their_ending(site: Path, station: Path) -> None:
    done = semblant(site, "preview", str(station))

    assert done.returncode == 0, done.stderr
    assert "temperature" in done.stdout
    assert "North" in done.stdout


def test_its_errors_reach_the_user_with_their_fix(site: Path, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("semblant: 1\nsource: {type: acme, path: south.acme}\n", encoding="utf-8")

    done = semblant(site, "preview", str(spec))

    assert done.returncode == 3
    assert "cannot read" in done.stderr
    assert "name the file that a station wrote" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_can_be_named_in_a_spec(site: Path, station: Path, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"semblant: 1\nsource:\n  type: acme\n  path: {station}\n", encoding="utf-8")

    assert semblant(site, "preview", str(spec)).returncode == 0
    spec.write_text(f"semblant: 1\nsource:\n  type: acme\n  pth: {station}\n", encoding="utf-8")
    done = semblant(site, "check", str(spec))
    assert done.returncode == 2
    assert "path" in done.stderr + done.stdout


def test_it_can_be_switched_off_by_the_environment(site: Path) -> None:
    assert listed(site, SEMBLANT_DISABLED_PLUGINS="acme")["status"] == "disabled"
    assert listed(site, SEMBLANT_NO_THIRD_PARTY="1")["status"] == "disabled"
    assert listed(site, SEMBLANT_ALLOWED_PLUGINS="another")["status"] == "disabled"


def test_the_readme_shows_it_word_for_word() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = (ACME / "semblant_acme.py").read_text(encoding="utf-8")

    assert code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert code.count("\n") <= 40
    entry = '[project.entry-points.semblant]\nacme = "semblant_acme"\n'
    assert entry in readme
    assert entry in (ACME / "pyproject.toml").read_text(encoding="utf-8")
