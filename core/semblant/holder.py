"""Who holds a lock that no system lets go of when its holder dies: host, process and when that began."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def holder() -> dict[str, Any]:
    """Describe this process, to be written into a lock.

    >>> sorted(holder())
    ['host', 'process', 'started']
    """
    return {"host": socket.gethostname(), "process": os.getpid(), "started": _started(os.getpid())}


def has_died(found: Mapping[str, Any]) -> bool | None:
    """Tell whether the process that :func:`holder` described is gone; None for one of another machine.

    >>> has_died(holder()), has_died({**holder(), "started": 1.0}), has_died({"host": "elsewhere", "process": 1})
    (False, True, None)
    """
    if found.get("host") != socket.gethostname() or not isinstance(found.get("process"), int):
        return None
    return _started(found["process"]) != found.get("started")


def _started(process: int) -> float | None:
    """Tell when a process of this machine began; None when there is none."""
    import psutil

    try:
        return float(psutil.Process(process).create_time())
    except psutil.Error:
        return None
