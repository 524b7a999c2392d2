"""The systems that are compared, each a program in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from tests.benchmarks.peers.splits import DataSplit

PROGRAMS = Path(__file__).parent / "programs"


@frozen(kw_only=True)
class System:
    """One system: its program, its first arguments, and the data sets it is run on (all when empty)."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    ours: bool = False
    only: tuple[str, ...] = ()
    rate_rows: int = 100_000


SYSTEMS = (
    System(name="semblant", program="semblant_product.py", ours=True, rate_rows=1_000_000),
    System(name="semblant-speed", program="semblant_product.py", arguments=("model.goal=speed",), ours=True),
    System(name="mostlyai", program="mostlyai_engine.py"),
    System(name="sdv-gaussian", program="sdv_synthesizers.py", arguments=("gaussian",)),
    System(name="trees", program="sequential_trees.py"),
    System(name="sdv-tvae", program="sdv_synthesizers.py", arguments=("tvae",), only=("adult",)),
    System(name="sdv-ctgan", program="sdv_synthesizers.py", arguments=("ctgan",), only=("adult",)),
)


def run_system(
    system: System, data: DataSplit, out: Path, *, seed: int, python: Path, minutes: float
) -> dict[str, Any]:
    """Train and generate; gives seconds, rate and memory, or a note why there is nothing."""
    command = [str(sys.executable if system.ours else python), str(PROGRAMS / system.program), *system.arguments]
    command += ["--train", str(data.train), "--out", str(out), "--rows", str(data.rows), "--seed", str(seed)]
    command += ["--rate-rows", str(system.rate_rows), "--minutes", str(minutes)]
    # everybody compiles anew: a cold cache is part of training time
    left_out = ("JAX_COMPILATION_CACHE_DIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    load = os.getloadavg()[0]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    started = time.monotonic()
    try:
        told, errors = process.communicate(timeout=minutes * 60 * 1.5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"note": f"stopped after {(time.monotonic() - started) / 60:.0f} min", "load": load}
    figures: dict[str, Any] = {"load": round(load, 1)}
    for line in told.splitlines():
        if line.startswith("{"):
            figures |= json.loads(line)
    if process.returncode:
        figures["note"] = f"exit {process.returncode}: {(errors.strip().splitlines() or ['?'])[-1][:200]}"
    return figures
