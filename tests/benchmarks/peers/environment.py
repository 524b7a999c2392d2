"""A virtual environment for the peers, apart from ours."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

PACKAGES = ("mostlyai-engine", "sdv", "scikit-learn", "pandas", "pyarrow")


def peers_python(folder: Path) -> Path:
    """Give the interpreter of the peers' environment; it is made, with the newest versions, where there is none."""
    python = folder / "bin" / "python"
    if not python.is_file():
        print(f"installing {', '.join(PACKAGES)} into '{folder}'", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True)
        # the processor build of PyTorch first: nothing here needs a GPU
        subprocess.run([python, "-m", "pip", "install", "-q", "torch==2.13.0"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
        # builds that come along for another PyTorch: what imports them fails, and no table needs them
        subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y", "torchvision", "torchaudio"], check=True)
    return python


def versions(python: Path) -> dict[str, str]:
    """Give the versions that are compared."""
    code = (
        "from importlib.metadata import version as v\n"
        f"print('\\n'.join(p + ' ' + v(p) for p in {('mostlyai-engine', 'sdv', 'ctgan', 'torch', 'scikit-learn')!r}))"
    )
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())
