"""Three strangers' distributions: built and installed from their own files, checked by the kit, used by commands."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.meta.tree import ROOT

THIRD = ROOT / "tests" / "thirdparty"
NAMES = ("pages", "stability", "trees")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build and install all three into a folder of their own, without the network."""
    target = tmp_path_factory.mktemp("site")
    projects = []
    for name in NAMES:
        project = tmp_path_factory.mktemp("project") / name
        shutil.copytree(THIRD / name, project, ignore=shutil.ignore_patterns("build", "__pycache__"))
        projects.append(str(project))
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-build-isolation", "--no-deps", "--quiet"]
    subprocess.run([*pip, "--target", str(target), *projects], check=True, timeout=300, capture_output=True, text=True)
    return target


@pytest.fixture
def semblant(site, tmp_path):
    def call(*arguments, python=sys.executable, **environment):
        home = {"SEMBLANT_HOME": str(tmp_path / "home"), "PYTHONPATH": str(site)}
        return subprocess.run(
            [python, "-m", "semblant", *map(str, arguments)],
            env={**os.environ, **home, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    return call


def people(path, rows=1500):
    """Write a table in which spending hangs on the tier, and the tier on the city."""
    rng = np.random.default_rng(3)
    city = rng.choice(["Bern", "Graz", "Turin"], rows, p=[0.5, 0.3, 0.2])
    gold = rng.random(rows) < np.where(city == "Bern", 0.6, 0.1)
    spent = np.where(gold, rng.normal(900, 60, rows), rng.normal(100, 20, rows)).round(2)
    tier = np.where(gold, "gold", "basic")
    pl.DataFrame({"city": city, "tier": tier, "spent": spent, "age": rng.integers(18, 90, rows)}).write_csv(path)


def test_they_are_listed_with_name_kind_distribution_version_capabilities_and_health(semblant):
    done = semblant("plugins", "--json")
    rows = {row["distribution"]: row for row in json.loads(done.stdout)["plugins"] if row["distribution"] != "semblant"}

    for name, kind, version in (("pages", "source", "0.2"), ("stability", "section", "0.1"), ("trees", "model", "0.3")):
        row = rows[f"semblant-{name}"]
        assert (row["name"], row["kind"], row["version"], row["status"]) == (name, kind, version, "ok")
    assert rows["semblant-trees"]["capabilities"]["context"] is False


@pytest.mark.parametrize("name", ["pages", "stability", pytest.param("trees", marks=pytest.mark.nightly)])
def test_they_conform(name, semblant):
    done = semblant("plugins", "check", f"semblant-{name}", "--json")
    answer = json.loads(done.stdout)

    assert done.returncode == 0, answer["failed"]
    assert sum(answer["passed"].values()) >= 40


def test_the_tests_that_they_bring_themselves_pass(site, tmp_path):
    places = [str(THIRD / name / "tests") for name in ("pages", "stability")]
    line = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "-c", os.devnull, "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *line, *places, "-k", "not TestPages and not TestStability"],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_no_stranger_is_loaded_where_none_is_allowed(semblant):
    def status(*before, **environment):
        done = semblant(*before, "plugins", "--json", **environment)
        rows = json.loads(done.stdout)["plugins"]
        return {row["name"]: row["status"] for row in rows if row["distribution"] != "semblant"}

    assert set(status("--no-third-party").values()) == {"disabled"}
    assert status("--allow-plugins", "trees,semblant-pages") == {"trees": "ok", "pages": "ok", "stability": "disabled"}
    assert status(SEMBLANT_ALLOWED_PLUGINS="stability")["trees"] == "disabled"
    refused = semblant("--no-third-party", "preview", "pages+http://127.0.0.1:1/v1")
    assert refused.returncode == 2
    assert "--no-third-party" in refused.stderr


def test_a_service_is_read_by_its_address(semblant, monkeypatch):
    monkeypatch.syspath_prepend(str(THIRD / "pages"))
    standin = importlib.import_module("semblant_pages.standin")
    from semblant.testing.material import schema_of, shop

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(standin.running())
        address = standin.hold(server, shop(), schema_of(shop()))
        done = semblant("detect", f"pages+{address}", "--json")

    assert done.returncode == 0, done.stderr
    assert "orders" in done.stdout
    assert "person" in done.stdout


def test_the_model_is_chosen_in_the_spec_and_learns_what_depends(semblant, tmp_path):
    people(tmp_path / "people.csv")
    spec = "semblant: 1\nsource: {type: files, path: people.csv}\nmodel: {backend: trees, settings: {bins: 32}}\n"
    (tmp_path / "spec.yaml").write_text(spec)

    done = semblant("run", "spec.yaml", "--records", 3000, "--no-report", "-o", "out")

    assert done.returncode == 0, done.stderr
    made = pl.read_parquet(tmp_path / "out" / "people.parquet")
    assert made.height == 3000
    gold: Any = made.filter(pl.col("tier") == "gold")
    basic: Any = made.filter(pl.col("tier") == "basic")
    assert (gold["spent"] > 500).mean() > 0.97
    assert (basic["spent"] < 500).mean() > 0.97
    assert (gold["city"] == "Bern").mean() == pytest.approx(0.86, abs=0.06)
    assert "backend: trees" in (tmp_path / "out" / "spec.yaml").read_text()


def test_a_setting_of_the_model_changes_what_it_learns_and_a_wrong_one_is_a_finding(semblant, tmp_path):
    people(tmp_path / "people.csv")
    leaves = []
    for rows in (10, 400):
        setting = f'model.settings={{"min_leaf_rows": {rows}}}'
        file = f"m{rows}.semblant"
        done = semblant("train", "people.csv", "--set", "model.backend=trees", "--set", setting, "-o", file)
        assert done.returncode == 0, done.stderr
        with zipfile.ZipFile(tmp_path / file) as generator:
            (table,) = json.loads(generator.read("generator.json"))["tables"]
        leaves.append(table["settings_used"]["leaves"])
    wrong = semblant("check", "people.csv", "--set", "model.backend=trees", "--set", 'model.settings={"bins": 1}')

    assert leaves[0] > leaves[1]
    assert wrong.returncode == 2
    assert "bins" in wrong.stderr + wrong.stdout


def test_what_the_model_cannot_is_a_finding_before_anything_is_trained(semblant, tmp_path):
    (tmp_path / "shop").mkdir()
    pl.DataFrame({"id": range(100), "city": ["Bern", "Graz"] * 50}).write_csv(tmp_path / "shop" / "guests.csv")
    visits = {"visit": range(300), "guest": [n // 3 for n in range(300)], "nights": [n % 7 for n in range(300)]}
    pl.DataFrame(visits).write_csv(tmp_path / "shop" / "visits.csv")
    spec = (
        "semblant: 1\nsource: {type: files, path: shop}\nmodel: {backend: trees}\ntables:\n"
        "  guests: {primary_key: id}\n  visits: {primary_key: visit, "
        "foreign_keys: [{columns: guest, references: guests}]}\n"
    )
    (tmp_path / "spec.yaml").write_text(spec)

    done = semblant("check", "spec.yaml")

    assert done.returncode == 2
    assert "the model 'trees' cannot learn rows of 'visits'" in done.stdout + done.stderr
    (tmp_path / "spec.yaml").write_text(spec.replace("visits: {", "visits: {model: {backend: auto}, "))
    assert semblant("check", "spec.yaml").returncode == 0


def test_the_section_is_in_the_report(semblant, tmp_path):
    people(tmp_path / "a.csv", 800)
    people(tmp_path / "b.csv", 700)

    done = semblant("report", "a.csv", "b.csv", "--sections", "stability", "--formats", "json,html", "-o", "out")

    assert done.returncode == 0, done.stderr
    (section,) = [
        one
        for one in json.loads((tmp_path / "out" / "report.json").read_text())["sections"]
        if one["name"] == "stability"
    ]
    assert {column["column"] for column in section["figures"]["columns"]} == {"city", "tier", "spent", "age"}
    assert "Population stability" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.nightly
def test_the_model_works_beside_the_core_alone_without_jax(tmp_path):
    """Wheels in an empty environment: Semblant without any extra, and the stranger's backend."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(wheels)]
    subprocess.run([*build, str(ROOT), str(THIRD / "trees")], check=True, timeout=600, capture_output=True)
    files = sorted(map(str, wheels.glob("*.whl")))
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *files], timeout=1200, capture_output=True, text=True, check=False
    )
    if "No matching distribution" in done.stderr or "Could not find a version" in done.stderr:
        pytest.skip("no package registry is reachable")
    assert done.returncode == 0, done.stderr
    people(tmp_path / "people.csv")
    line = ["run", "people.csv", "--set", "model.backend=trees", "--records", "500", "--no-report", "-o", "out"]
    environment = {"PATH": os.environ["PATH"], "SEMBLANT_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    ran = subprocess.run(
        [python, "-m", "semblant", *line], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    without = subprocess.run([python, "-c", "import jax"], capture_output=True, timeout=60, check=False)

    assert without.returncode != 0
    assert ran.returncode == 0, ran.stderr
    assert pl.read_parquet(tmp_path / "out" / "people.parquet").height == 500


@pytest.mark.nightly
def test_adult_is_synthesized_by_the_ordinary_command_with_report(semblant, test_data, tmp_path):
    folder = Path(test_data) / "bench" / "adult"
    source = f"source: {{type: files, path: {folder / 'train.parquet'}}}"
    (tmp_path / "adult.yaml").write_text(f"semblant: 1\n{source}\nmodel: {{backend: trees}}\n")

    done = semblant("run", "adult.yaml", "--holdout", folder / "holdout.parquet", "-o", "out", "--json")

    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)["scores"]
    assert scores["accuracy"] > 0.96
    assert scores["membership_auc"] < 0.57
    assert scores["identical_rows"] < 0.001
    assert (tmp_path / "out" / "report.pdf").stat().st_size > 10_000
