"""Free text: cost, likelihood, agreement, copies; beside MOSTLY AI's text model; and whole runs.

SEMBLANT_TEST_DATA=… python -m tests.benchmarks text fine_foods [--backend ngram] [--size small] [--rows N]
… text growth                       held-out bits per character after 1,000 and after 4,500 reviews
… text peer [--environment DIR]     both systems on the same 2,000 reviews, in turn
… text run NAME [--samples 20]      `semblant run` with report, and samples of what it wrote
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from semblant.vocabulary import ModelSize
from tests.benchmarks.text import ours, peer, product, scores

SETS = {
    "fine_foods": ("review", "score"),
    "netflix_titles": ("description", "type"),
    "youtube_comments": ("CONTENT", "CLASS"),
}
"""Per set its text and the label that goes with it."""


def rows_of(name: str) -> pl.DataFrame:
    """Read a set: text and label, in a fixed random order."""
    path = Path(os.environ["SEMBLANT_TEST_DATA"]) / "dev" / "text" / name / f"{name}.parquet"
    text, label = SETS[name]
    frame = pl.read_parquet(path).select(pl.col(text), pl.col(label).cast(pl.String))
    return frame.sample(fraction=1.0, shuffle=True, seed=1)


def run(arguments: list[str]) -> None:
    """Run one of the measurements and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*SETS, "growth", "peer", "run"])
    parser.add_argument("name", nargs="?", default="fine_foods", choices=list(SETS))
    parser.add_argument("--backend", default="gru")
    parser.add_argument("--size", default="medium")
    parser.add_argument("--rows", type=int, help="training rows; all but the holdout otherwise")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--set", action="append", default=[], help="NAME=VALUE of the backend's own settings")
    parser.add_argument("--folder", type=Path, help="kept: a second call takes the trained weights from there")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir()) / "semblant-peers")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="semblant-bench-") as folder:
        if chosen.what == "growth":
            growth(chosen, Path(folder))
        elif chosen.what == "peer":
            peer.compare(rows_of("fine_foods"), *SETS["fine_foods"], chosen.environment, Path(folder))
        elif chosen.what == "run":
            product.whole(chosen.name, *SETS[chosen.name], chosen.samples, Path(folder))
        else:
            show(single(chosen, chosen.folder or Path(folder)))


def show(figures: dict[str, Any]) -> None:
    """Print figures, one per line."""
    for name, value in figures.items():
        print(f"{name:<24} {value:.4g}" if isinstance(value, int | float) else f"{name:<24} {value}", flush=True)


def single(chosen: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Learn four fifths of a set and measure against the rest."""
    text, label = SETS[chosen.what]
    frame = rows_of(chosen.what)
    held, learned = frame.head(len(frame) // 5), frame.tail(-(len(frame) // 5))
    learned = learned.head(chosen.rows or len(learned))
    settings: dict[str, Any] = {"size": ModelSize(chosen.size)} | (
        {"max_epochs": chosen.epochs} if chosen.epochs else {}
    )
    own = {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in chosen.set)}
    trained = ours.train(learned, text, folder, chosen.backend, settings=own, **settings)
    made, speed, cpu_speed = ours.write(trained, learned, folder, temperature=chosen.temperature)
    for sample in made[: chosen.samples]:
        print(f"    {sample!r}")
    train, holdout = (frame[text].fill_null("").to_list() for frame in (learned, held))
    labels = [frame[label].fill_null("").to_list() for frame in (learned, held)]
    made = [sample or "" for sample in made]
    return {
        "training rows": len(learned),
        **{name: trained.model.settings_used.get(name) for name in ("epochs", "vocabulary", "parameters", "stopped")},
        "training seconds": trained.seconds,
        "training cpu seconds": trained.cpu_seconds,
        "characters per second": speed,
        "characters per cpu second": cpu_speed,
        "bits per character": ours.bits_per_character(trained, learned, held),
        **scores.distributions(train, made),
        **scores.agreement((train, labels[0]), (holdout, labels[1]), (made, labels[0])),
        **scores.shared_grams(holdout, train, made),
        **scores.copies(train, holdout, made),
    }


def growth(chosen: argparse.Namespace, folder: Path) -> None:
    """Measure what more reviews are worth, on the same held-out ones."""
    text, _ = SETS["fine_foods"]
    frame = rows_of("fine_foods")
    held, learned = frame.head(500), frame.tail(-500)
    found = []
    for rows in (1000, len(learned)):
        part = learned.head(rows)
        trained = ours.train(part, text, folder / str(rows), size=ModelSize(chosen.size))
        found.append(ours.bits_per_character(trained, part, held))
        print(f"{rows} reviews: {found[-1]:.4f} bits per character after {trained.cpu_seconds:.0f} cpu s", flush=True)
    print(f"gain {1 - found[1] / found[0]:.1%}")
