"""Fifty kills while a checkpoint is saved: the last good one is always found again (promise A3)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 50

PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from semblant.atomic import atomic_folder
from semblant.events import Step
from semblant.pipeline.steps import Steps
from semblant.run import Run

place, kills = Path(sys.argv[1]), int(sys.argv[2])
CALLS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.scandir", "os.listdir", "shutil.rmtree"}


class Enough(BaseException):
    pass


def found(workspace):
    folder = workspace / "checkpoint"
    if not folder.is_dir():
        return 0
    numbers = {int((folder / name).read_text()) for name in ("state", "best", "progress")}
    assert len(numbers) == 1, numbers
    return numbers.pop()


def saved(workspace, number):
    with atomic_folder(workspace / "checkpoint") as folder:
        for name in ("state", "best", "progress"):
            (folder / name).write_text(str(number))


def perform(work):
    Steps(Run(job="j", seed=1, workspace=place)).perform(Step.TRAIN, "t", "m", work, keep_partial=True)


def dies(at, acknowledged):
    calls = 0

    def hook(event, _):
        nonlocal calls
        if event not in CALLS:
            return
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def work(run):
        number = found(run.workspace)
        sys.addaudithook(hook)
        while True:
            number += 1
            saved(run.workspace, number)
            os.write(acknowledged, b"%d " % number)

    perform(work)


def look(run):
    seen.append(found(run.workspace))
    raise Enough


told = []
for kill in range(kills):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        dies(kill + 1, writer)
        os._exit(1)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    numbers = os.read(reader, 100_000).split()
    os.close(reader)
    seen = []
    try:
        perform(look)
    except Enough:
        pass
    told.append([os.WTERMSIG(status), int(numbers[-1]) if numbers else None, seen[0]])
print(json.dumps(told))
"""


@pytest.mark.feature(260)
def test_the_last_good_checkpoint_is_found_wherever_a_save_was_killed(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    words = [sys.executable, "-c", PROGRAM, str(tmp_path / "job"), str(KILLS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    before = 0
    for signal, acknowledged, seen in json.loads(done.stdout):
        assert signal == 9
        assert seen >= (acknowledged or before)
        assert seen <= (acknowledged or before) + 1
        before = seen
    assert before > KILLS // 4
