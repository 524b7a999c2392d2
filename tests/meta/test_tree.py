"""The project as a stranger finds it: the two commands agree, nothing of a workplace is in it."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

from tests.meta.tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FOREIGN = {
    "a folder of somebody's": r"(?<![\w.])/(?:home|Users)/(?!ann/|user/)[a-z]\w+/|(?<!\w)/ro{2}t/|(?<!\w)/tmp/\w+/\w",
    "an address in a private network": r"\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}\b",
    "a credential": r"AKIA[0-9A-Z]{16}|ghp_\w{30,}|-----BEGIN (?:RSA |EC )?PRIVATE KEY",
}


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_of_a_workplace_is_in_the_tree(what: str) -> None:
    found = []
    for name in tracked():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {match[0]}" for match in re.finditer(FOREIGN[what], text)]

    assert found == []


def test_no_data_file_is_in_the_tree() -> None:
    data = (".parquet", ".arrow", ".feather", ".db", ".sqlite", ".csv.gz", ".semblant", ".npz", ".safetensors")

    # made rows and what was learned of them; kept so that later versions can be held against it (promise A4)
    golden = "tests/core/artefact/golden/"

    assert [name for name in tracked() if name.endswith(data) and not name.startswith(golden)] == []
    assert [name for name in tracked() if (ROOT / name).stat().st_size > 1_000_000] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = re.search(r"^python -m pip install tox && python -m tox$", README, re.MULTILINE)

    assert command
    assert f"'{command[0]}'" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_changelog_has_the_version_or_is_unreleased() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"## [{version}]" in changelog or "## [Unreleased]" in changelog


def test_every_exception_to_a_rule_has_a_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("[tool.ruff.lint]")
    rules = [
        line for line in lines[start : lines.index("[tool.ruff.lint.mccabe]")] if re.match(r'\s+"[A-Z]+\d*",', line)
    ]

    assert len(rules) > 10
    assert [line for line in rules if not re.search(r'",\s*# .{10}', line)] == []
