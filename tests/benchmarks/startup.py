"""How long a person waits for a command that does nothing heavy."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = (("--help",), ("version",), ("plugins",), ("plugins", "--json"), ("run", "--help"))
REPEATS = 7


def seconds(command: list[str]) -> float:
    """Time one run from start to end of the process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def run(arguments: list[str]) -> None:
    """Print the least and the median wall time of each command, an empty interpreter for comparison."""
    del arguments
    print(f"{'command':<24} {'least':>8} {'median':>8}   (seconds, {REPEATS} runs)")
    cases = {"python -c pass": [sys.executable, "-c", "pass"]}
    cases |= {f"semblant {' '.join(words)}": [sys.executable, "-m", "semblant", *words] for words in COMMANDS}
    for name, command in cases.items():
        times = [seconds(command) for _ in range(REPEATS)]
        print(f"{name:<24} {min(times):8.3f} {statistics.median(times):8.3f}")
