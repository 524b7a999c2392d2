"""Names of generators."""

from __future__ import annotations

import random
import re

import pytest

from semblant.spec.names import name_problem, readable_name


@pytest.mark.feature(3)
def test_a_made_name_is_readable_valid_and_not_taken() -> None:
    names: set[str] = set()
    for _ in range(2000):
        name = readable_name(names)
        assert re.fullmatch(r"[a-z]+-[a-z]+-[0-9a-f]{3,}", name)
        assert name_problem(name) is None
        assert name not in names
        names.add(name)


def test_names_run_out_for_nobody() -> None:
    class Stubborn(random.Random):
        def choice(self, seq):
            return seq[0]

        def randrange(self, *args, **kwargs):
            return 0

    first = readable_name(chance=Stubborn())
    assert readable_name({first}, chance=Stubborn()) != first


@pytest.mark.feature(3)
@pytest.mark.parametrize("name", ["orders", "Bestellungen 2024", "訂單", "a.b-c_d", "हिन्दी", "x" * 80])
def test_ordinary_names_are_fine(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "a/b",
        "a\\b",
        "../x",
        ".hidden",
        "-x",
        "a.",
        "a ",
        "x" * 81,
        "a\nb",
        "con",
        "NUL.txt",
        "a:b",
        "a*",
        "a\u202eb",
    ],
)
def test_names_that_would_harm_as_file_names_are_told_apart(name: str) -> None:
    assert name_problem(name)
