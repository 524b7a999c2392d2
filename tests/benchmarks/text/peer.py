"""MOSTLY AI's text model on the same rows, in the same run."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.peers.environment import peers_python
from tests.benchmarks.text import ours

if TYPE_CHECKING:
    import polars as pl

ROWS = 2000
HELD = 500
PROGRAM = Path(__file__).parents[1] / "peers" / "programs" / "mostlyai_text.py"


def compare(frame: pl.DataFrame, text: str, label: str, environment: Path, folder: Path) -> None:
    """Train both on 2,000 rows and print bits per held-out character, seconds, and characters per second."""
    learned, held = frame.slice(HELD, ROWS), frame.head(HELD)
    trained = ours.train(learned, text, folder / "ours")
    bits = ours.bits_per_character(trained, learned, held)
    _, speed, cpu_speed = ours.write(trained, learned, folder)
    print(
        f"semblant  {bits:.4f} bits per character, {trained.seconds:.0f} s ({trained.cpu_seconds:.0f} cpu s), "
        f"{speed:,.0f} characters per second ({cpu_speed:,.0f} per cpu second)",
        flush=True,
    )
    learned.write_parquet(folder / "train.parquet")
    held.write_parquet(folder / "held.parquet")
    command = [str(peers_python(environment)), str(PROGRAM), str(folder / "train.parquet")]
    command += [str(folder / "held.parquet"), text, label, str(folder / "work")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    if done.returncode:
        print(done.stderr[-2000:])
        return
    told = json.loads(done.stdout.strip().splitlines()[-1])
    print(
        f"mostlyai  {told['bits']:.4f} bits per character, {told['seconds']:.0f} s ({told['cpu_seconds']:.0f} cpu s), "
        f"{told['speed']:,.0f} characters per second ({told['cpu_speed']:,.0f} per cpu second)"
    )
    print(f"bits {bits / told['bits']:.3f} of theirs; characters per cpu second {cpu_speed / told['cpu_speed']:.1f} x")
