"""A home with data and a store, orders of small real jobs, and a worker to do them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import psutil
from click.testing import CliRunner

from semblant.cli.main import program
from semblant.home import Home, Kind
from semblant.host import PluginHost
from semblant.jobs.ordering import order_spec
from semblant.jobs.orders import OrderKind
from semblant.jobs.worker import Worker
from semblant.spec.load import load_spec
from semblant.store.database import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.store.records import JobRecord

QUICK = ("model.size=small", "model.goal=speed", "model.max_epochs=2", "report.enabled=false", "generation.records=60")
"""Seconds of real training."""
LONG = ("model.size=small", "model.max_epochs=4000", "model.early_stop_delta=0", "report.enabled=false",
        "generation.records=60", "model.auto_batching=false", "model.batch_size=32",
        "model.steps_between_validations=20", "model.settings.patience=1000")  # fmt: skip
"""Minutes of training that nothing but an interruption ends early."""


def write_data(path: Path, rows: int = 600) -> Path:
    """Write a table whose columns depend on each other."""
    random = np.random.default_rng(7)
    lines = ["id,age,region,spent"]
    for number in range(rows):
        age = int(random.integers(18, 80))
        region = ("north", "south", "west")[int(random.integers(0, 3))]
        lines.append(f"{number},{age},{region},{age * 1.5 + random.normal():.2f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Answer(NamedTuple):
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


class Scene:
    """One home, one store."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        self.home.check()
        self.url = url
        self.store = Store(url.replace("postgresql:", "postgresql+psycopg:"))
        self.data = write_data(folder / "customers.csv")
        self.host = PluginHost.from_environment()

    def close(self) -> None:
        self.store.close()

    def spec(self, *settings: str, data: Path | None = None) -> Any:
        return load_spec({"source": {"type": "files", "path": str(data or self.data)}}, self.host, settings)

    def order(
        self, *settings: str, kind: OrderKind = OrderKind.RUN, data: Path | None = None, **options: Any
    ) -> JobRecord:
        return order_spec(self.store, self.home, self.spec(*settings, data=data), kind, **options)

    def work(self, **options: Any) -> None:
        """Do all that waits, in this process and its children."""
        Worker(self.store, self.home, drain=True, **options).run()

    def job(self, found: JobRecord) -> JobRecord:
        return self.store.lookup.job(found.id)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SEMBLANT_HOME": str(self.home.root), "SEMBLANT_STORE": self.url, "COLUMNS": "200"}

    def worker(self, *words: str) -> subprocess.Popen[bytes]:
        """Start ``semblant worker`` as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "semblant", "worker", *words],
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def command(self, *words: object) -> Answer:
        """Call the program in this process, as its own folder's user."""
        environment = {"SEMBLANT_HOME": str(self.home.root), "SEMBLANT_STORE": self.url, "COLUMNS": "200"}
        with contextlib.chdir(self.folder):
            done = CliRunner(env=environment).invoke(program, [str(word) for word in words])
        return Answer(done.exit_code, done.stdout, done.stderr)

    def rows(self, job: JobRecord) -> bytes:
        """Give the data of a job, as bytes that equal data share."""
        return (self.home.path(Kind.DATASETS, job.name) / "customers.parquet").read_bytes()

    def tree(self) -> list[str]:
        """Give what application storage shows, hidden files included."""
        return sorted(str(path) for path in self.home.datasets.rglob("*"))


def wait_for(what: Callable[[], Any], seconds: float = 120.0, every: float = 0.1) -> Any:
    """Wait until something is true, and give it."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"{what} did not come true in {seconds} s"
        time.sleep(every)
    return found


def step_state(scene: Scene, job: JobRecord, step: str) -> str:
    return next((str(entry.state) for entry in scene.store.lookup.steps(job.id) if entry.step == step), "")


def kill_group(number: int) -> None:
    """Kill a process and all that it started."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(number)
        for child in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.Error):
                child.kill()
