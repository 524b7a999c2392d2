"""The objects that components make: what the engine calls, and what it promises in return.

All data between engine and plugins are Arrow record batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa

    from semblant.findings import Finding
    from semblant.report.blocks import Block
    from semblant.report.document import ReportDocument
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant.schema import Schema
    from semblant.spec.model import Spec
    from semblant.training import GenerationRequest, MatchRequest, TrainingTable
    from semblant.vocabulary import WriteMode


@runtime_checkable
class Source(Protocol):
    """Reads a set of tables. Faults of place, access or form raise :class:`~semblant.errors.SourceError`
    or, where the content is ambiguous, :class:`~semblant.errors.DataError`.
    """

    def check(self) -> None:
        """Raise when the source cannot be reached."""

    def discover(self) -> Schema:
        """Describe the tables; may sample, must not read everything."""

    def read(
        self, table: str, columns: Sequence[str] | None = None, batch_rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Stream a table; only ``columns`` are read, in that order. Types are those of :meth:`discover`."""

    def count(self, table: str) -> int | None:
        """Rows of a table; None when only a full read would tell."""

    def close(self) -> None:
        """Release what is held; calling it twice is allowed."""


@runtime_checkable
class Delivery(Protocol):
    """One set of tables on its way to a destination: visible together after ``commit``, or not at all."""

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Take one batch; tables arrive in the schema's order, parents first."""

    def commit(self) -> None:
        """Make all tables visible at once."""

    def abort(self) -> None:
        """Leave the destination as it was; calling it after ``commit`` does nothing."""


@runtime_checkable
class Destination(Protocol):
    """Writes a set of tables. Faults raise :class:`~semblant.errors.DestinationError`."""

    def check(self) -> None:
        """Prove write access with a temporary object; raise when there is none."""

    def open(self, schema: Schema, mode: WriteMode) -> Delivery:
        """Begin a delivery; with ``fail`` an existing table raises here and nothing is touched."""

    def location(self) -> str:
        """Where the data will lie, in words for a person, without secrets."""

    def close(self) -> None:
        """Release what is held."""


@runtime_checkable
class Prepared(Protocol):
    """A table turned into a backend's own form, kept below ``run.workspace``."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """JSON-ready facts for `jobs columns` and the report: per column its encoding, tokens and reason."""


@runtime_checkable
class Model(Protocol):
    """A trained model of one table."""

    @property
    def history(self) -> Sequence[Mapping[str, float]]:
        """One entry per validation: ``step``, ``epoch``, ``loss``, ``validation_loss``, ``learning_rate``, …"""

    @property
    def settings_used(self) -> Mapping[str, Any]:
        """What was decided where the spec said ``auto``: ``epochs``, ``batch_size``, ``parameters``, …

        ``batch_size`` and ``accumulation`` (when ``auto_batching`` chose them by the memory there was) and
        ``stopped_at_step`` (when the user or the clock ended training) are written into the effective spec: a
        training with these settings must come to the same model.
        """

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Make exactly ``request.rows`` rows with the columns and types of the training table, in order."""

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Log-probability (nats) of each row, float64, shape (n,), in the model's encoding."""

    def save(self, folder: Path) -> None:
        """Write arrays and JSON, no code and no training rows."""


@runtime_checkable
class CountingModel(Protocol):
    """A model of a child table that can tell how many rows it would make, before it makes any."""

    def counts(self, request: GenerationRequest, run: Run) -> np.ndarray:
        """Give the number of rows of each row of the parent in ``request.context``, int64, shape (parents,)."""


@runtime_checkable
class Matcher(Protocol):
    """A learned match of two tables' rows (backends with the capability ``matching``)."""

    def assign(self, request: MatchRequest, run: Run) -> np.ndarray:
        """Give the target row of each child row, int64, ``NO_ROW`` or ``NOWHERE``; no ring where both are one table."""

    def save(self, folder: Path) -> None:
        """Write arrays and JSON, no code and no training rows."""


@runtime_checkable
class ModelBackend(Protocol):
    """Trains and loads models; made from its settings, holds no state of a job."""

    def prepare(self, training: TrainingTable, run: Run) -> Prepared:
        """Learn the encodings and write the token cache, streaming (step *transforming data*)."""

    def fit(self, training: TrainingTable, prepared: Prepared, run: Run) -> Model:
        """Train; checkpoints lie below ``run.workspace`` and a second call goes on from the last one."""

    def load_prepared(self, folder: Path) -> Prepared:
        """Take up what :meth:`prepare` left in ``folder`` (the workspace it was given)."""

    def load(self, folder: Path) -> Model:
        """Load what ``Model.save`` wrote; runs no code found there."""


@runtime_checkable
class Validator(Protocol):
    """Checks a spec against a schema."""

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings; never raise for a fault of the user's."""


@runtime_checkable
class ReportSection(Protocol):
    """A part of the report: figures first, then blocks made of figures alone."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Compute JSON-ready figures: no real row, no category held by fewer than ten subjects."""

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Turn figures into blocks; no format's own code here."""


@runtime_checkable
class ReportRenderer(Protocol):
    """Writes a report to one file."""

    def render(self, report: ReportDocument, path: Path) -> None:
        """Write ``path`` atomically."""


@runtime_checkable
class Executor(Protocol):
    """Where work runs."""

    def submit(self, function: Any, /, *args: Any) -> Any:
        """Run a picklable module-level function elsewhere; gives a ``concurrent.futures.Future``."""

    def close(self) -> None:
        """Wait for what runs and release the workers."""
