"""The core without any extra, as ``pip install .`` leaves it. Run by ``tox -e core`` on the built wheel."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import semblant
from semblant.errors import MissingDependencyError
from semblant.host import PluginHost, Status
from tests.meta.tree import PACKAGES

pytestmark = pytest.mark.bare

EXTRAS = ("jax", "flax", "optax", "dp_accounting", "safetensors", "fpdf", "altair", "vl_convert", "psycopg", "pymysql")


def semblant_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "semblant", *arguments], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("module", EXTRAS)
def test_this_environment_has_no_extra(module: str) -> None:
    assert importlib.util.find_spec(module) is None


def test_the_wheel_is_installed_and_not_the_checkout() -> None:
    folder = Path(semblant.__file__).parent

    assert folder.parent.name == "site-packages"
    assert folder not in PACKAGES


def test_the_wheel_holds_every_file_of_its_packages() -> None:
    wanted = {
        str(path.relative_to(package.parent))
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert wanted - {str(path) for path in importlib.metadata.files("semblant") or ()} == set()


def test_every_default_plugin_loads_without_its_extra() -> None:
    host = PluginHost(third_party=False)

    assert host.failures == ()
    assert {row.status for row in host.plugins()} == {Status.OK, Status.UNAVAILABLE}


def test_the_missing_pieces_are_listed_with_their_pip_lines() -> None:
    done = semblant_command("plugins", "--json")

    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    rows = rows if isinstance(rows, list) else rows["plugins"]
    lines = {(row["kind"], row["install"]) for row in rows if row["status"] == "unavailable"}
    assert ("model", "pip install 'semblant[models]'") in lines
    assert ("renderer", "pip install 'semblant[reports]'") in lines
    shown = semblant_command("plugins")
    assert "pip install 'semblant[models]'" in shown.stdout
    assert "pip install 'semblant[reports]'" in shown.stdout


def test_a_model_that_is_asked_for_is_answered_with_its_pip_line() -> None:
    host = PluginHost()

    tabular = [name for name, model in host.models.items() if model.learns == "tabular"]
    assert tabular
    for name in tabular:
        with pytest.raises(MissingDependencyError) as caught:
            host.get("model", name)
        assert caught.value.fix == "pip install 'semblant[models]'"


def test_a_source_reads_a_file_with_the_core_alone(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,name\n1,Ada\n2,Grace\n", encoding="utf-8")

    done = semblant_command("preview", str(tmp_path / "people.csv"))

    assert done.returncode == 0, done.stderr
    assert "Grace" in done.stdout


def test_a_run_without_the_models_says_what_to_install_and_leaves_nothing(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("age,city\n" + "".join(f"{20 + i % 50},{'AB'[i % 2]}\n" for i in range(200)), encoding="utf-8")

    done = semblant_command("run", str(table), "--records", "100", "-o", str(tmp_path / "out"))

    assert done.returncode == 2, done.stderr
    assert "pip install 'semblant[models]'" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("out/*"))
