"""The machine that work runs on: how many processors and how much memory a process may use, and how fast it is."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict, frozen

from semblant.atomic import write_json

if TYPE_CHECKING:
    from collections.abc import Callable

LESS_MEMORY: Final = (
    "use fewer columns, a smaller model (--size small), one table at a time (--set tables_at_once=1) or a machine with "
    "more memory"
)
"""What helps a job that ran out of memory."""
CGROUP: Final = Path("/sys/fs/cgroup")
FILE: Final = "speed.json"
_SIDE: Final = 96
"""Side of the products that are timed: small enough for one thread, large enough to keep it busy."""
_NUMBERS: Final = 2**18
_LOOP: Final = 20_000
_REPEATS: Final = 9
_SERIAL: Final = 0.25
"""Share of a training step that one processor does alone (fitted on two processors; Amdahl's law)."""


@frozen(kw_only=True)
class Speed:
    """How fast one processor is, per second of processor time, and how many there are.

    >>> Speed(processors=2, operations=1e11, numbers=1e9, loops=1e7).gain
    1.6
    """

    processors: float
    operations: float
    """Floating point operations in products of float32 matrices."""
    numbers: float
    """Exponentials of float32 numbers: what work that is no product is measured by."""
    loops: float
    """Turns of an empty Python loop: what compiling and starting is measured by."""

    @property
    def gain(self) -> float:
        """How many times faster all processors are than one, for a step that does not divide altogether."""
        return 1.0 / (_SERIAL + (1.0 - _SERIAL) / max(self.processors, 1.0))


def speed(cache: Path | None = None) -> Speed:
    """Give the speed of this machine: measured in a tenth of a second, or as it was measured before.

    :param cache: folder in which the result is kept; measured again when the processor or Python is another.
    """
    path = None if cache is None else cache / FILE
    mark = [platform.node(), platform.machine(), platform.processor(), sys.version, allowed_processors()]
    if path is not None:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["machine"] == mark:
                return Speed(**{name: float(value) for name, value in kept["speed"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
    found = measured()
    if path is not None:
        try:
            write_json(path, {"machine": mark, "speed": asdict(found)})
        except OSError:
            return found
    return found


def measured() -> Speed:
    """Time a product, an exponential and a loop; the best of several, in processor time: other work hardly matters."""
    import numpy as np

    left = np.random.default_rng(0).random((_SIDE, _SIDE), np.float32)
    product, values = np.empty_like(left), np.linspace(-1.0, 1.0, _NUMBERS, dtype=np.float32)
    powers = np.empty_like(values)

    def multiply() -> Any:
        for _ in range(40):
            np.matmul(left, left, out=product)

    def loop() -> Any:
        for _ in range(_LOOP):
            pass

    return Speed(
        processors=allowed_processors(),
        operations=40 * 2 * _SIDE**3 / _least(multiply),
        numbers=_NUMBERS / _least(lambda: np.exp(values, out=powers)),
        loops=_LOOP / _least(loop),
    )


def _least(work: Callable[[], Any]) -> float:
    """Give the least processor time of several tries, in seconds; the first ones only warm up."""
    found = []
    for _ in range(_REPEATS):
        start = time.thread_time()
        work()
        found.append(time.thread_time() - start)
    return max(min(found), 1e-7)


def allowed_processors(cgroup: Path = CGROUP) -> float:
    """Give how many processors this process may use: affinity, and the quota of a container."""
    count = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()[:2]
        return min(count, int(quota) / int(period))
    except (OSError, ValueError):
        return count


def available_memory(cgroup: Path = CGROUP) -> tuple[int, int]:
    """Give the bytes that are free and those there are at all, within the limit of a container."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    found = psutil.virtual_memory()
    free, total = int(found.available), int(found.total)
    try:
        limit = int((cgroup / "memory.max").read_text(encoding="ascii"))
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free, total
    return min(free, max(0, limit - used)), min(total, limit)
