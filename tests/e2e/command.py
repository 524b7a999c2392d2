"""The command line in a process of its own, as a user has it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def semblant(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 900
) -> subprocess.CompletedProcess[str]:
    """Run ``semblant ARGUMENTS``; output is text, the exit code is not judged."""
    return subprocess.run(
        [sys.executable, "-m", "semblant", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        encoding="utf-8",
    )


def no_traceback(done: subprocess.CompletedProcess[str]) -> None:
    """Assert that nothing of Python's own reaches the user."""
    for stream in (done.stdout, done.stderr):
        assert "Traceback (most recent call last)" not in stream, stream[-3000:]
