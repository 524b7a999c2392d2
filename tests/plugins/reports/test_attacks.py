"""Singling out, linkability, inference: a leak is found, what is learned of the population is not taken for one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from semblant_reports.sections.privacy import meaning, risks
from tests.plugins.reports.material import figures, inputs, people

ROWS = 1_500


def _attacks(synthetic: pa.Table) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    found = figures("privacy", inputs(people(ROWS, 1), synthetic, people(ROWS, 3)))["tables"][0]
    return found, {attack["name"]: attack for attack in found["attacks"]}


@pytest.mark.feature(245)
def test_the_training_rows_themselves_are_found_by_every_attack() -> None:
    found, attacks = _attacks(people(ROWS, 1))
    assert found["risks"]["tone"] == "bad"
    for attack in attacks.values():
        assert attack["interval"][0] > attack["control_interval"][1], attack
        assert attack["rate"] > attack["baseline"], attack
        assert attack["risk"] > 0.1, attack


@pytest.mark.feature(245)
def test_other_rows_of_the_same_population_are_no_leak_though_guesses_succeed() -> None:
    found, attacks = _attacks(people(ROWS, 2))
    assert found["risks"]["tone"] == "good"
    inferred = attacks["attribute inference"]
    assert inferred["rate"] > inferred["baseline"], "the population can be learned, and that is no leak"
    assert inferred["risk"] < 0.05
    for attack in attacks.values():
        low, high = attack["interval"]
        assert low <= attack["rate"] <= high
        assert attack["attacks"] >= 500


@pytest.mark.feature(245)
def test_without_a_control_nothing_is_attacked() -> None:
    found = figures("privacy", inputs(people(ROWS, 1), people(ROWS, 2)))["tables"][0]
    assert found["attacks"] == []
    assert found["risks"]["tone"] == "plain"
    assert risks([])["tone"] == "plain"


@pytest.mark.feature(245)
def test_epsilon_is_said_in_words() -> None:
    assert "strong" in meaning(0.5, 1e-6)
    assert "at most 73.1% certainty" in meaning(1.0, 1e-6)
    assert "weak" in meaning(11.0, 1e-6)
    assert np.isfinite(float(meaning(50.0, 1e-6).split("at most ")[1].split("%")[0]))
