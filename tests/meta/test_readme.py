"""What the README shows is true."""

from __future__ import annotations

import re

import pytest

from semblant.cli.main import COMMANDS
from semblant.errors import ConfigError
from semblant.host import PluginHost
from semblant.spec.load import load_spec
from tests.meta.tree import ROOT

PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPEC = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0]


def test_the_spec_is_valid_and_means_what_it_says() -> None:
    spec = load_spec(SPEC, PluginHost(third_party=False))

    assert spec.name == "customers"
    assert spec.tables["customers"].primary_key == ("customer_id",)
    assert spec.tables["customers"].columns["email"].include is False
    assert spec.tables["customers"].columns["city"].sensitive is True
    assert spec.generation.records == 10_000
    assert spec.destination is not None
    assert spec.destination.type == "folder"


def test_a_mistake_in_that_spec_is_found_with_its_line() -> None:
    with pytest.raises(ConfigError, match="primary_key") as caught:
        load_spec(SPEC.replace("primary_key", "primry_key"), PluginHost(third_party=False))

    assert "line 8" in str(caught.value)


def test_the_commands_that_it_names_are_there() -> None:
    fences = re.findall(r"```shell\n(.*?)```", README, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", README, flags=re.DOTALL))
    named = set(re.findall(r"(?:^|&& )semblant ([a-z]+)", "\n".join([*fences, *inline]), re.MULTILINE))

    assert set(COMMANDS) - named <= {"schema", "version"}
    assert named - set(COMMANDS) == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_project_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]

    assert [link for link in links if link and not (ROOT / link).exists()] == []


def test_a_link_to_a_heading_has_its_heading() -> None:
    headings = {re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-") for line in README.splitlines()}

    assert set(re.findall(r"\]\(#([^)]+)\)", README)) - headings == set()
