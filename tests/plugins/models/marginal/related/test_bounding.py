"""One subject more, with many rows, changes no released count by more than is claimed (P2, P7; row 240)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from semblant.spec.training import ModelSpec
from semblant.testing.lessons import run_in
from semblant.vocabulary import ModelSize
from semblant_models.marginal.allowance import Allowance
from semblant_models.marginal.related import prepared
from semblant_models.marginal.related.bounding import bounded, places
from semblant_models.marginal.related.fitting import fit_related_codes
from semblant_models.privacy.preprocessing.releases import threshold
from semblant_models.settings import MarginalSettings
from tests.plugins.models.marginal.related.families import households, purchases, with_a_hoarder
from tests.plugins.models.privacy.preprocessing.replaying import Recorded, Replayed, moved

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from semblant.training import TrainingTable

MOST = 4
HOARD = 60
ALLOWANCE = Allowance(rho=0.5, preprocessing=0.15, delta=1e-7)


def _released(table: TrainingTable, folder: Path, releases: Sequence[Recorded]) -> None:
    """Prepare and fit with these releases; the pairs are the last two of them."""
    run = run_in(folder)
    found = prepared.prepare_related_codes(table, run, (releases[0], releases[1]), ALLOWANCE, {})
    fit_related_codes(found, run, (releases[2], releases[3]), MarginalSettings(), ModelSpec(size=ModelSize.SMALL).size)


def _moved(folder: Path) -> list[tuple[str, float, float]]:
    first = [Recorded(reach=reach) for reach in (1, MOST, 1, MOST)]
    _released(purchases(households()), folder / "one", first)
    again = [Replayed(one) for one in first]
    _released(purchases(with_a_hoarder(households(), HOARD)), folder / "other", again)
    return [entry for one, other in zip(first, again, strict=True) for entry in moved(one, other)]


def _beyond(found: Sequence[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    return [entry for entry in found if entry[1] > entry[2] + 1e-9]


@pytest.mark.feature(240)
def test_a_subject_of_many_rows_moves_no_measurement_further_than_is_claimed(tmp_path: Path) -> None:
    found = _moved(tmp_path)
    assert _beyond(found) == []
    assert sum(distance > 1 for _, distance, _ in found) >= 4, "a subject that moves nothing proves nothing"
    assert any("marginals" in what for what, _, _ in found)
    assert any("scores" in what for what, _, _ in found)


def test_rows_that_are_not_bounded_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "bounded", lambda subjects, *_: np.arange(len(subjects)))
    assert _beyond(_moved(tmp_path)) != []


def test_of_every_subject_as_many_rows_stay_as_are_allowed_whoever_else_is_there() -> None:
    subjects = np.array([5, 5, 9, 5, 9, 2, 5])
    kept = bounded(subjects, 2, np.random.default_rng(0))
    assert np.bincount(subjects[kept])[[2, 5, 9]].tolist() == [1, 2, 2]
    assert (np.diff(kept) > 0).all()
    more = bounded(np.append(subjects, [7] * 30), 2, np.random.default_rng(0))
    assert np.array_equal(more[more < len(subjects)], kept)
    assert len(bounded(subjects[:0], 2, np.random.default_rng(0))) == 0


def test_rows_that_stay_are_drawn_evenly() -> None:
    subjects = np.repeat(np.arange(4_000), 5)
    kept = bounded(subjects, 2, np.random.default_rng(1)) % 5
    assert np.bincount(kept) / len(kept) == pytest.approx(np.full(5, 0.2), abs=0.02)


def test_places_follow_the_order_in_which_rows_stand() -> None:
    assert places(np.array([1, 0, 1, 1, 0])).tolist() == [1, 1, 2, 3, 2]


def test_values_that_one_subject_alone_has_stay_below_the_bound_however_its_rows_are_spread() -> None:
    # ten rows of one value, or ten values of one row: both come out with probability delta at most
    deviation, delta, most, tries = 8.0, 0.02, 10, 20_000
    rng = np.random.default_rng(2)
    bound = threshold(deviation, delta / most, most)
    spread = (rng.normal(1.0, deviation, (tries, most)) > bound).any(1).mean()
    heaped = (rng.normal(most, deviation, tries) > bound).mean()
    assert max(spread, heaped) < delta
    assert (rng.normal(most, deviation, tries) > threshold(deviation, delta)).mean() > 2 * delta, "a row's own bound"
