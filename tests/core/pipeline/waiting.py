"""Work that goes on until it is cancelled, as a training does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from semblant.run import Run


def until_cancelled(begun: threading.Event, patience: float) -> Callable[[Run], None]:
    """Give work that says that it has begun, and looks often whether it is cancelled; ``patience`` in seconds."""

    def work(run: Run) -> None:
        begun.set()
        until = time.monotonic() + patience
        while time.monotonic() < until:
            run.check()
            time.sleep(0.005)

    return work
