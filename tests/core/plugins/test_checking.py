"""``semblant plugins check`` tells what the kit says of a distribution."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from semblant.scaffold.write import write_plugin


def installed(folder, kind, name, version="1.0"):
    """Put a distribution where Python finds it, as pip would."""
    write_plugin(kind, name, folder / "project", version="0.1")
    module = f"semblant_{name}"
    (folder / "site").mkdir(exist_ok=True)
    (folder / "project" / module).rename(folder / "site" / module)
    info = folder / "site" / f"semblant_{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: semblant-{name}\nVersion: {version}\n")
    points = f"[semblant]\n{name} = {module}\n\n[semblant.conformance]\n{name} = {module}.conformance\n"
    (info / "entry_points.txt").write_text(points)
    return folder / "site"


def check(site, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "semblant", "plugins", "check", *arguments],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_distribution_that_conforms_is_told_with_its_numbers(tmp_path):
    done = check(installed(tmp_path, "validator", "acme"), "semblant-acme")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "semblant-acme conforms (" in done.stdout
    assert "passed" in done.stdout
    assert "it requires nothing" in done.stdout


def test_one_that_does_not_is_told_check_by_check_and_ends_with_one(tmp_path):
    site = installed(tmp_path, "section", "acme")
    module = site / "semblant_acme" / "section.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace('return {"tables": tables}', 'return {"tables": tables, "at": float("nan")}'))

    done = check(site, "semblant_Acme", "--json")
    answer = json.loads(done.stdout)

    assert done.returncode == 1, done.stderr
    assert answer["conforms"] is False
    assert "test_the_figures_are_json[usual]" in {one["check"] for one in answer["failed"]}
    assert answer["passed"]


def test_a_source_that_ships_no_conformance_class_fails_with_what_is_to_be_done(tmp_path):
    site = installed(tmp_path, "source", "acme")
    info = next(site.glob("*.dist-info"))
    (info / "entry_points.txt").write_text("[semblant]\nacme = semblant_acme\n")

    done = check(site, "semblant-acme", "--json")
    (failed,) = json.loads(done.stdout)["failed"]

    assert done.returncode == 1
    assert failed["check"] == "test_a_conformance_class_is_shipped"
    assert "subclass semblant.testing.SourceConformance" in failed["reason"]


@pytest.mark.parametrize("kind", ["section", "renderer"])
def test_a_component_that_needs_no_help_is_checked_without_a_class_of_its_own(kind, tmp_path):
    site = installed(tmp_path, kind, "acme")
    info = next(site.glob("*.dist-info"))
    (info / "entry_points.txt").write_text("[semblant]\nacme = semblant_acme\n")

    done = check(site, "semblant-acme")

    assert done.returncode == 0, done.stdout
    assert f"Test{kind.title()}Acme" in done.stdout


def test_a_distribution_that_is_not_there_or_does_not_load_is_an_error_with_advice(tmp_path):
    site = installed(tmp_path, "validator", "acme")
    missing = check(site, "semblant-lost")
    (site / "semblant_acme" / "__init__.py").write_text("import a_package_that_nobody_has\n")
    broken = check(site, "semblant-acme")

    assert (missing.returncode, broken.returncode) == (2, 2)
    assert "no distribution 'semblant-lost' with plugins is installed" in missing.stderr
    assert "a_package_that_nobody_has" in broken.stderr
    assert "Traceback" not in missing.stderr + broken.stderr
