"""Processors, memory, clock and terminal."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from semblant.doctor.result import CheckResult, Health
from semblant.machine import CGROUP, allowed_processors, available_memory

if TYPE_CHECKING:
    from pathlib import Path

_AREA: Final = "machine"
_GIB: Final = 2**30
_LITTLE: Final = 2 * _GIB
_TOO_LITTLE: Final = _GIB // 2
_EARLIEST: Final = datetime(2025, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def _gib(size: float) -> str:
    return f"{size / _GIB:.1f} GB"


def processors(cgroup: Path = CGROUP) -> list[CheckResult]:
    """Say how many processors may be used."""
    count = allowed_processors(cgroup)
    total = os.cpu_count() or 1
    message = f"{count:g} of {total} may be used"
    if count < 2:
        fix = "training is slow on one processor; allow more (taskset, docker --cpus)"
        return [CheckResult(area=_AREA, name="processors", health=Health.WARN, message=message, fix=fix)]
    return [CheckResult(area=_AREA, name="processors", health=Health.OK, message=message)]


def memory(cgroup: Path = CGROUP) -> list[CheckResult]:
    """Say how much memory is free."""
    free, total = available_memory(cgroup)
    message = f"{_gib(free)} of {_gib(total)} free"
    if free < _TOO_LITTLE:
        fix = "close other programs or allow more memory; half a gigabyte is the least to train with"
        return [CheckResult(area=_AREA, name="memory", health=Health.FAIL, message=message, fix=fix)]
    if free < _LITTLE:
        fix = "enough for small tables only; for others close programs, or take --size small"
        return [CheckResult(area=_AREA, name="memory", health=Health.WARN, message=message, fix=fix)]
    return [CheckResult(area=_AREA, name="memory", health=Health.OK, message=message)]


def clock(now: float | None = None) -> list[CheckResult]:
    """Check that the date is possible: names, logs and certificates of databases depend on it."""
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    message = f"{moment:%Y-%m-%d %H:%M} UTC"
    if not _EARLIEST <= moment <= _LATEST:
        fix = "set the clock; encrypted connections are refused with a wrong date"
        return [CheckResult(area=_AREA, name="clock", health=Health.WARN, message=message, fix=fix)]
    return [CheckResult(area=_AREA, name="clock", health=Health.OK, message=message)]


def terminal() -> list[CheckResult]:
    """Check that names in any script can be shown."""
    encoding = (getattr(sys.stdout, "encoding", None) or "unknown").lower()
    if encoding.replace("-", "") not in {"utf8", "utf16", "utf8sig"}:
        fix = "set PYTHONUTF8=1, or a locale such as C.UTF-8; letters that cannot be shown appear as \\u…"
        return [CheckResult(area=_AREA, name="terminal", health=Health.WARN, message=f"encoding {encoding}", fix=fix)]
    return [CheckResult(area=_AREA, name="terminal", health=Health.OK, message=f"encoding {encoding}")]
