"""The application home and the disks that are written to."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from semblant.doctor.result import CheckResult, Health
from semblant.home import VARIABLE, HomeError, Kind

if TYPE_CHECKING:
    from semblant.home import Home

_AREA: Final = "home"
_GIB: Final = 2**30
_LITTLE: Final = 5 * _GIB
_TOO_LITTLE: Final = _GIB // 2
_SKEW_SECONDS: Final = 5.0


def home(found: Home) -> list[CheckResult]:
    """Check that the home can be written to, is private, and agrees with this machine about the time."""
    try:
        found.check()
    except HomeError as exc:
        return [CheckResult(area=_AREA, name="home", health=Health.FAIL, message=exc.message, fix=exc.fix or "")]
    counts = ", ".join(f"{len(found.names(kind))} {kind.value}" for kind in (Kind.JOBS, Kind.GENERATORS, Kind.DATASETS))
    results = [CheckResult(area=_AREA, name="home", health=Health.OK, message=f"{found.root}: {counts}")]
    open_to = stat.S_IMODE(found.root.stat().st_mode) & 0o077
    if os.name == "posix" and open_to:
        fix = f"chmod 700 '{found.root}'"
        message = f"other users of this machine may look into {found.root}"
        results.append(CheckResult(area=_AREA, name="privacy", health=Health.WARN, message=message, fix=fix))
    skew = _skew(found.cache)
    if abs(skew) > _SKEW_SECONDS:
        message = f"the clock of the home's disk differs by {skew:.0f} s from this machine's"
        fix = "synchronise the clocks (NTP) of this machine and of the file server"
        results.append(CheckResult(area=_AREA, name="clock of the disk", health=Health.WARN, message=message, fix=fix))
    return results


def _skew(folder: Path) -> float:
    """Give the seconds by which the file system's clock is ahead."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
        probe.write(b"semblant")
        probe.flush()
        os.fsync(probe.fileno())
        return Path(probe.name).stat().st_mtime - time.time()


def disk(found: Home) -> list[CheckResult]:
    """Say how much space there is for the home and for temporary files."""
    places = {
        "disk of the home": (found.root, VARIABLE),
        "disk for temporary files": (Path(tempfile.gettempdir()), "TMPDIR"),
    }
    return [_space(name, path, variable) for name, (path, variable) in places.items()]


def _space(name: str, path: Path, variable: str) -> CheckResult:
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    free = shutil.disk_usage(there).free
    message = f"{free / _GIB:.1f} GB free at {path}"
    fix = f"free some space, or name another disk in {variable}"
    if free < _TOO_LITTLE:
        return CheckResult(area=_AREA, name=name, health=Health.FAIL, message=message, fix=fix)
    if free < _LITTLE:
        return CheckResult(area=_AREA, name=name, health=Health.WARN, message=message, fix=fix)
    return CheckResult(area=_AREA, name=name, health=Health.OK, message=message)
