"""How the checks of models learn and draw: what an author supplies, and what the kit makes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pytest
from attrs import frozen

from semblant.protocols import ModelBackend
from semblant.spec.training import ModelSpec
from semblant.testing.conformance import ComponentConformance
from semblant.testing.lessons import Listener, run_in
from semblant.training import GenerationRequest

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.protocols import Model, Prepared
    from semblant.testing.capabilities import Capability
    from semblant.training import TrainingTable

BATCH = 64
"""Rows per batch in most checks: backends that compile per size do it once."""


@frozen(kw_only=True)
class Learned:
    """One training: shared by the checks of a class, for training is what costs."""

    training: TrainingTable
    prepared: Prepared
    model: Model
    workspace: Path
    listener: Listener


class ModelAccess(ComponentConformance):
    """Hooks and flags of the conformance classes of models."""

    kind = "model"
    protocol = ModelBackend
    learns: ClassVar[str]
    """``tabular`` or ``text``; set by the kit."""
    spec: ClassVar[ModelSpec] = ModelSpec()
    """The model settings of the checks: choose quick ones."""
    log_probs: ClassVar[Capability] = True
    """``log_prob`` is offered (capability ``log_prob``)."""
    stops: ClassVar[Capability] = True
    """Training goes on for long enough to be stopped or cancelled in the middle."""
    checkpoints: ClassVar[Capability] = True
    """A second ``fit`` goes on from the last checkpoint (capability ``checkpointing``)."""
    same_bytes: ClassVar[Capability] = True
    """Saving twice gives the same files."""

    def make(self, settings: Any) -> Any:
        """Make the backend as the engine does, with settings and model spec."""
        return self.component.load()(settings, self.spec)

    def backend(self, folder: Path) -> ModelBackend:
        """Make the backend with the settings of the checks."""
        made: ModelBackend = self.make(self.settings(folder))
        return made

    def learn(self, training: TrainingTable, workspace: Path, *, seed: int = 1, **run: Any) -> Learned:
        """Prepare and fit."""
        listener = Listener()
        backend, working = self.backend(workspace.parent), run_in(workspace, seed, emit=listener, **run)
        prepared = backend.prepare(training, working)
        model = backend.fit(training, prepared, working)
        return Learned(training=training, prepared=prepared, model=model, workspace=workspace, listener=listener)

    def draw(self, model: Model, folder: Path, rows: int, **request: Any) -> pa.Table:
        """Generate a table."""
        request = {"seed": 7, "batch_rows": BATCH, **request}
        batches = list(model.generate(GenerationRequest(rows=rows, **request), run_in(folder)))
        assert sum(batch.num_rows for batch in batches) == rows
        assert all(batch.num_rows <= request["batch_rows"] for batch in batches)
        return pa.Table.from_batches(batches)

    def test_what_it_learns_is_what_this_class_is_for(self) -> None:
        """Tables or texts."""
        assert self.component.learns == self.learns  # type: ignore[attr-defined]

    def test_its_capabilities_are_said(self) -> None:
        """Validators and the engine ask for them by name."""
        said = self.component.capabilities
        for name in ("context", "sequences", "conditions", "privacy", "checkpointing", "log_prob"):
            assert isinstance(said.get(name), bool), f"the capability '{name}' is not said"
        assert set(said.get("encodings", ()))

    def test_a_stranger_does_not_put_itself_first(self) -> None:
        """The preference of backends that are not Semblant's own stays at 0 or below."""
        if self.component.distribution == "semblant":
            pytest.skip("it is Semblant's own")
        assert self.component.preference <= 0  # type: ignore[attr-defined]


def as_json(value: Any) -> Any:
    """Send something through JSON; not finite numbers and unknown types are errors."""
    return json.loads(json.dumps(value, allow_nan=False))
