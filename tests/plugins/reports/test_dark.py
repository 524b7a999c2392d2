"""The page in the light and in the dark: words can be read, and more of something is the stronger colour in both."""

from __future__ import annotations

import re

import pytest

from semblant_reports.matrices import accuracy_matrix, difference_matrix
from semblant_reports.style import DIVERGING, IN_THE_DARK, ORIGINAL, STEPS, SYNTHETIC
from tests.plugins.reports.test_formats import of_blocks, rendered

PAPER = {"light": "#ffffff", "dark": "#12181f"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    cells = [(0, 0, 0.99), (1, 1, 0.5), (0, 1, 0.85)]
    blocks = (accuracy_matrix(("a", "b"), cells), difference_matrix(("a", "b"), [(0, 1, 0.2)], "difference"))
    return rendered(of_blocks(*blocks), "html", tmp_path_factory.mktemp("dark")).read_text(encoding="utf-8")


def luminance(colour: str) -> float:
    """Give the relative luminance of WCAG 2."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def variables(page: str, scheme: str) -> dict[str, str]:
    roots = re.findall(r":root \{([^}]*)\}", page)
    found = dict(re.findall(r"--([a-z]+): (#[0-9A-Fa-f]{3,6})", roots[0]))
    return found | (dict(re.findall(r"--([a-z]+): (#[0-9A-Fa-f]{3,6})", roots[1])) if scheme == "dark" else {})


@pytest.mark.feature(251)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_on_paper_and_in_tables(page: str, scheme: str) -> None:
    colours = variables(page, scheme)

    assert colours["paper"].lower() in {PAPER[scheme], "#fff"}
    for name in ("ink", "muted", "good", "fair", "bad", "plain"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
        assert contrast(colours[name], colours["shade"]) >= 4.2, name


@pytest.mark.feature(251)
def test_more_is_stronger_on_either_paper() -> None:
    light = [contrast(colour, PAPER["light"]) for colour in STEPS]
    dark = [contrast(IN_THE_DARK[colour], PAPER["dark"]) for colour in STEPS]

    assert light == sorted(light)
    assert dark == sorted(dark)
    assert min(light[0], dark[0]) < 1.2
    assert min(light[-1], dark[-1]) > 6
    for colour in (DIVERGING[0], SYNTHETIC, ORIGINAL):
        assert contrast(IN_THE_DARK.get(colour, colour), PAPER["dark"]) > 3


@pytest.mark.feature(251)
def test_every_colour_of_a_matrix_has_its_counterpart_in_the_dark(page: str) -> None:
    drawn = set(re.findall(r'<path[^>]* fill="(#[0-9A-Fa-f]{6})"', page))
    rules = dict(re.findall(r'svg \[fill="(#[0-9A-Fa-f]{6})"\] \{ fill: (#[0-9A-Fa-f]{6}); \}', page))

    assert len(drawn & set(STEPS)) >= 3
    assert drawn - {SYNTHETIC} <= set(rules)
    assert rules == dict(IN_THE_DARK)


@pytest.mark.feature(251)
def test_on_a_narrow_screen_tables_and_wide_pictures_scroll_by_themselves(page: str) -> None:
    wide = re.findall(r'<figure class="wide" style="--own: (\d+)px', page)

    assert len(wide) == 1
    assert ".wide { overflow-x: auto; }" in page
    assert ".scroll { overflow-x: auto;" in page
    assert "white-space: nowrap" in page
