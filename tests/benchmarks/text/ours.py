"""The text backend alone: trained on rows, scored on held-out rows, timed while it writes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import frozen

from semblant.pipeline.text_columns import length_buckets
from semblant.run import Run
from semblant.spec.training import ModelSpec, TextModelSpec
from semblant.training import ColumnPlan, GenerationRequest, Sampling, Split, TrainingTable
from semblant.vocabulary import EncodingType, ModelSize

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.events import Event


@frozen(eq=False)
class Trained:
    """A trained model with what it cost."""

    model: Any
    seconds: float
    cpu_seconds: float
    text: str
    """Name of the text column."""


def bucketed(frame: pl.DataFrame, text: str) -> pa.Table:
    """Put length buckets in the place of texts."""
    table = frame.to_arrow()
    buckets = length_buckets(table.column(text).combine_chunks().cast(pa.large_string()))
    return table.set_column(table.column_names.index(text), text, buckets)


def train(frame: pl.DataFrame, text: str, folder: Path, backend: str = "gru", **settings: Any) -> Trained:
    """Learn the text column given the others; ``settings`` are those of ``model.text``."""
    from semblant_models import semblant_models

    (offer,) = [offer for offer in semblant_models() if offer.name == backend]
    own = settings.pop("settings", {})
    spec = ModelSpec(text=TextModelSpec(**{"size": ModelSize.MEDIUM, **settings}))
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(job="benchmark", seed=1, workspace=folder, emit=_told)
    table = frame.to_arrow()
    plans = tuple(
        ColumnPlan(
            name=field.name,
            type=field.type,
            encoding=EncodingType.TEXT if field.name == text else EncodingType.CATEGORICAL,
        )
        for field in table.schema
    )
    training = TrainingTable(
        name="texts",
        columns=plans,
        rows=table.num_rows,
        open=lambda: iter(table.to_batches(max_chunksize=10_000)),
        split=Split(seed=1, fraction=0.1),
    )
    made = offer.load()(offer.settings(**own), spec)
    started, cpu = time.monotonic(), time.process_time()
    model = made.fit(training, made.prepare(training, run), run)
    return Trained(model, time.monotonic() - started, time.process_time() - cpu, text)


def write(
    trained: Trained, frame: pl.DataFrame, folder: Path, seed: int = 1, temperature: float = 1.0
) -> tuple[list[str], float, float]:
    """Write a text per row; gives them, and characters per second of the clock and of the processor."""
    rows = bucketed(frame, trained.text)
    started, cpu = time.monotonic(), time.process_time()
    sampling = Sampling(temperature=temperature)
    request = GenerationRequest(rows=rows.num_rows, seed=seed, given=rows, sampling=sampling)
    run = Run(job="benchmark", seed=1, workspace=folder)
    made = pa.Table.from_batches(list(trained.model.generate(request, run))).column(trained.text).to_pylist()
    characters = sum(len(text or "") for text in made)
    return made, characters / (time.monotonic() - started), characters / (time.process_time() - cpu)


def bits_per_character(trained: Trained, learned: pl.DataFrame, held: pl.DataFrame) -> float:
    """Give bits per character of held-out texts, the length bucket's own bits included."""
    buckets = [bucketed(frame, trained.text).column(trained.text).to_numpy() for frame in (learned, held)]
    counts = np.bincount(buckets[0], minlength=64) + 0.5
    nats = -trained.model.log_prob(held.to_arrow()) - np.log(counts / counts.sum())[buckets[1]]
    return float(nats.sum() / np.log(2.0) / held[trained.text].str.len_chars().sum())


def _told(event: Event) -> None:
    if event.metrics.get("validation_loss"):
        shown = "  ".join(f"{name} {value:.4g}" for name, value in event.metrics.items())
        print(f"  epoch {event.done or 0:.1f} of {event.total or 0:.1f}  {shown}", flush=True)
