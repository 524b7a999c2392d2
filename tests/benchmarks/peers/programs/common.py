"""What every program of the comparison takes and tells: options in, two lines of JSON out."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import sys
import time

_STARTED = time.time() - time.process_time()


def options() -> argparse.Namespace:
    """Read ``--train --out --rows --rate-rows --seed --minutes``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--rate-rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=15.0)
    return parser.parse_args()


def _started() -> float:
    """Give when this process began, in seconds since the epoch (from the kernel where it tells)."""
    try:
        with open("/proc/self/stat", encoding="ascii") as file:  # noqa: PTH123 - runs before anything is imported
            ticks = int(file.read().rsplit(")", 1)[1].split()[19])
        with open("/proc/stat", encoding="ascii") as file:  # noqa: PTH123
            boot = next(int(line.split()[1]) for line in file if line.startswith("btime"))
        return boot + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, StopIteration):
        return _STARTED


def trained() -> None:
    """Say how long the process has run, start and imports included."""
    told = {"fit_seconds": time.time() - _started(), "fit_cpu_seconds": time.process_time()}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def finished(rows_per_second: float) -> None:
    """Say the rate and the largest memory: this process's own, not that of the one which started it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(OSError, StopIteration), open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
        peak = int(next(line for line in file if line.startswith("VmHWM:")).split()[1])
    peak *= 1024
    sys.stdout.write(json.dumps({"rows_per_second": rows_per_second, "peak_bytes": peak}) + "\n")
    sys.stdout.flush()
