"""What a job says of its memory is its own, not that of the program that started it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from semblant.clock import peak_memory_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system tells it otherwise")
def test_the_peak_of_the_process_that_starts_another_one_is_not_that_ones() -> None:
    held = bytearray(300 * 2**20)
    held[::4096] = bytes(len(held[::4096]))
    code = "from semblant.clock import peak_memory_bytes; print(peak_memory_bytes())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert peak_memory_bytes() > len(held) > 4 * int(done.stdout)
