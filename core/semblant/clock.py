"""Times of a job: per step, from the start of the process, and the most memory it held."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Mapping


@define
class Clock:
    """Started when a job begins; knows when the process began."""

    _begun: float = field(factory=time.time)
    _planned: float | None = None

    def planned(self) -> None:
        """Note that the plan stands: source looked at, spec validated, destination proven."""
        self._planned = time.time()

    def timings(self, steps: Mapping[str, float]) -> dict[str, float]:
        """Give seconds per step and in all, ``start`` (process start to job), ``planning`` and ``peak_memory_mb``."""
        import psutil

        start = max(0.0, self._begun - psutil.Process().create_time())
        found = {"start": start, "planning": (self._planned or self._begun) - self._begun, **steps}
        found["total"] = time.time() - self._begun + start
        found["peak_memory_mb"] = peak_memory_bytes() / 2**20
        return {name: round(value, 3) for name, value in found.items()}


def peak_memory_bytes() -> int:
    """Give the most resident memory that this process has held so far.

    Linux says it by its own file: what ``getrusage`` tells includes the peak of the process that started this one.
    """
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text(encoding="ascii")
        held = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "")
        if held:
            return 1024 * int(held.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
