"""Training says while it goes on when it will probably end, from the gains of its held-out loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve, frozen

from semblant.events import Event
from semblant.spec.training import ModelSpec
from semblant_models.schedule import Progress
from semblant_models.settings import ColumnArSettings
from semblant_models.tabular.estimate import expected_steps
from semblant_models.tabular.expecting import expected_end
from semblant_models.tabular.recipe import Recipe
from tests.plugins.models.tabular.making import people, run_in, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path


@frozen
class Curve:
    """What was measured of a real table: rows, held-out and trained-on losses per epoch."""

    rows: int
    held: tuple[float, ...]
    seen: tuple[float, ...]
    epochs: int = 0
    """After so many it ended, where it cooled down behind what is given."""

    @property
    def length(self) -> int:
        return self.epochs or len(self.held)

    @property
    def recipe(self) -> Recipe:
        return Recipe.of(ModelSpec(), ColumnArSettings(), self.rows)

    def after(self, epochs: int) -> Progress:
        every = self.recipe.validation_steps
        history = [
            {"step": float((n + 1) * every), "validation_loss": self.held[n], "seen_loss": self.seen[n]}
            for n in range(epochs)
        ]
        return Progress(step=epochs * every, end=150 * every, history=history)

    def shares(self) -> np.ndarray:
        """Give what was expected after each epoch, against the epochs that it took."""
        usual = expected_steps(self.recipe, self.rows)
        every = self.recipe.validation_steps
        found = [expected_end(self.after(n), self.recipe, usual) / every for n in range(1, len(self.held))]
        return np.array(found) / self.length


CURVES = {
    "adult": Curve(
        21_906,
        (23.569, 23.043, 22.935, 22.884, 22.842, 22.83, 22.824),
        (23.239, 22.612, 22.425, 22.336, 22.26, 22.21, 22.154),
    ),
    "airbnb": Curve(
        21_927,
        (41.27, 39.547, 38.835, 38.522, 38.314, 38.176, 38.096, 38.024, 37.978, 37.94, 37.904, 37.876),
        (40.716, 38.82, 37.999, 37.611, 37.423, 37.277, 37.162, 37.069, 36.978, 36.904, 36.836, 36.764),
        epochs=16,
    ),
    "credit": Curve(
        13_437,
        (76.477, 71.333, 69.496, 68.45, 67.769, 67.331, 67.026, 66.772, 66.582, 66.432, 66.312, 66.224),
        (75.204, 69.368, 67.035, 65.695, 65.043, 64.477, 63.985, 63.435, 62.989, 62.601, 62.252, 61.953),
    ),
}


@pytest.mark.feature(261)
@pytest.mark.parametrize("name", CURVES)
def test_from_a_quarter_on_the_end_of_a_real_training_is_known_within_a_factor(name: str) -> None:
    shares = CURVES[name].shares()
    later = shares[len(shares) // 4 :]
    assert later.min() > 1 / 1.7, shares
    assert later.max() < 1.7, shares


def test_a_loss_that_is_zero_ends_soon_and_without_a_warning() -> None:
    """Of constant columns nothing is left to learn; there is no logarithm of no gain."""
    nothing = Curve(1_000, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    ends = [expected_end(nothing.after(n), nothing.recipe, 400) for n in (1, 2, 3)]
    assert ends[2] < ends[1] < ends[0] == 400


def test_what_was_seen_tells_more_than_what_was_thought_before() -> None:
    off, before = [], []
    for curve in CURVES.values():
        shares = curve.shares()
        off += np.abs(np.log(shares[len(shares) // 4 :])).tolist()
        usual = expected_steps(curve.recipe, curve.rows) / curve.recipe.validation_steps
        before.append(abs(np.log(usual / curve.length)))
    assert np.mean(off) < 0.25
    assert np.mean(off) < 0.6 * np.mean(before)


def test_what_ends_training_for_sure_is_expected() -> None:
    curve = CURVES["airbnb"]
    recipe, progress = curve.recipe, curve.after(6)
    every = recipe.validation_steps
    assert expected_end(Progress(end=150 * every), recipe, 500) == 500
    assert expected_end(Progress(end=400), recipe, 500) == 400
    assert expected_end(progress, evolve(recipe, early_stop_delta=0.0), 500) == progress.end
    assert expected_end(progress, evolve(recipe, stop_at=7 * every), 500) == 7 * every
    progress.cool_from, progress.end = progress.step, 8 * every
    assert expected_end(progress, recipe, 500) == 8 * every


def test_a_lower_aim_and_more_patience_are_reckoned_with() -> None:
    curve = CURVES["airbnb"]
    recipe, progress = curve.recipe, curve.after(6)
    found = expected_end(progress, recipe, 500)
    assert expected_end(progress, evolve(recipe, early_stop_delta=0.01), 500) < found
    assert expected_end(progress, evolve(recipe, patience=8), 500) > found


def test_training_tells_where_it_will_probably_end(tmp_path: Path) -> None:
    run, told = run_in(tmp_path / "a"), list[Event]()
    run.emit = told.append
    model = trained(
        training_table(people(3000).select(["city", "income", "member"])), tmp_path / "a", run=run, max_epochs=60
    )
    epochs = [(event.done, event.expected, event.total) for event in told if event.unit == "epochs"]
    assert all(done is not None and expected is not None and total is not None for done, expected, total in epochs)
    assert all(done <= expected <= total for done, expected, total in epochs if expected and done and total)
    per_epoch = model.history[0]["step"] / model.history[0]["epoch"]
    assert len({expected for _, expected, _ in epochs}) > 2
    assert (epochs[-1][1] or 0.0) * per_epoch == pytest.approx(model.settings_used["steps"], rel=0.45)
