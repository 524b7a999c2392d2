"""How much space things take."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def bytes_below(path: Path) -> int:
    """Give the size of a file, or of all files below a folder; what vanishes meanwhile counts nothing.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_bytes(b"12345")
    >>> bytes_below(folder), bytes_below(folder / "missing")
    (5, 0)
    """
    total = 0
    try:
        if not path.is_dir():
            return path.stat().st_size
        waiting = [str(path)]
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        pass
    return total
