"""A step's result is complete under its name, or it is not there; and it is made once."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from semblant.errors import Cancelled, JobError, ModelError
from semblant.events import Event, EventKind, Step
from semblant.pipeline.steps import Steps, fingerprint
from semblant.run import Run
from semblant.testing.lessons import PrivateAccount

if TYPE_CHECKING:
    from pathlib import Path


def _steps(folder: Path, events: list[Event] | None = None) -> Steps:
    heard = events if events is not None else []
    return Steps(Run(job="test", seed=1, workspace=folder, emit=heard.append))


def test_a_finished_step_is_taken_over_and_a_changed_one_made_again(tmp_path: Path) -> None:
    made: list[int] = []

    def work(run: Run) -> None:
        made.append(1)
        (run.workspace / "x").write_text(str(len(made)))

    events: list[Event] = []
    for _ in range(2):
        folder = _steps(tmp_path, events).perform(Step.ORGANIZE, "t", fingerprint(1), work)
    assert made == [1]
    assert EventKind.STEP_SKIPPED in [event.kind for event in events]
    folder = _steps(tmp_path).perform(Step.ORGANIZE, "t", fingerprint(2), work)
    assert (folder / "x").read_text() == "2"


def test_a_step_that_fails_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    def work(run: Run) -> None:
        (run.workspace / "half").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device", "half")

    with pytest.raises(JobError, match="disk is full") as caught:
        _steps(tmp_path).perform(Step.GENERATE, "t", "m", work)
    assert caught.value.fix
    assert [path.name for path in tmp_path.iterdir()] == [
        path.name for path in tmp_path.iterdir() if ".part" in path.name
    ]


@pytest.mark.feature(260)
def test_only_a_step_that_keeps_what_it_has_finds_its_checkpoint_again(tmp_path: Path) -> None:
    found: list[bool] = []

    def work(run: Run) -> None:
        checkpoint = run.workspace / "checkpoint"
        found.append(checkpoint.exists())
        checkpoint.write_text("1")
        raise KeyboardInterrupt

    for keep in (True, True, False):
        with pytest.raises(KeyboardInterrupt):
            _steps(tmp_path).perform(Step.TRAIN, "t", "m", work, keep_partial=keep)
    assert found == [False, True, False]


def test_a_checkpoint_of_other_settings_is_not_taken_up(tmp_path: Path) -> None:
    found: list[bool] = []

    def work(run: Run) -> None:
        checkpoint = run.workspace / "checkpoint"
        found.append(checkpoint.exists())
        checkpoint.write_text("1")
        raise KeyboardInterrupt

    for mark in ("one", "two"):
        with pytest.raises(KeyboardInterrupt):
            _steps(tmp_path).perform(Step.TRAIN, "t", mark, work, keep_partial=True)
    assert found == [False, False]


def test_the_time_of_a_step_counts_once_while_several_tables_are_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("semblant.pipeline.steps.time.monotonic", lambda: clock[0])
    steps = _steps(tmp_path)
    other = steps.on(steps.run)

    def pass_time(seconds: float) -> None:
        clock[0] += seconds

    def outer(run: Run) -> None:
        pass_time(2.0)
        other.perform(Step.TRAIN, "b", "m", lambda run: pass_time(3.0))
        pass_time(1.0)

    steps.perform(Step.TRAIN, "a", "m", outer)
    steps.perform(Step.TRAIN, "c", "m", lambda run: pass_time(4.0))
    assert steps.seconds == {"AI training": 10.0}
    assert other.seconds is steps.seconds


def test_a_step_that_is_cancelled_says_so_and_one_that_fails_does_not(tmp_path: Path) -> None:
    def cancel(run: Run) -> None:
        run.cancel.set()
        run.check()

    def fail(run: Run) -> None:
        msg = "no"
        raise ModelError(msg)

    for work, expected in ((fail, []), (cancel, ["t"])):
        events: list[Event] = []
        with pytest.raises((Cancelled, ModelError)):
            _steps(tmp_path, events).perform(Step.TRAIN, "t", "m", work)
        assert [event.table for event in events if event.kind is EventKind.STEP_CANCELLED] == expected


def test_two_tables_whose_names_look_alike_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = {
        _steps(tmp_path).perform(Step.TRAIN, name, "m", lambda run: None) for name in ("a b", "a/b", "a_b", "ä_b")
    }
    assert len(folders) == 4
    assert all(folder.parent == tmp_path for folder in folders)


def test_a_cancelled_run_begins_no_step(tmp_path: Path) -> None:
    steps = _steps(tmp_path)
    steps.run.cancel.set()
    with pytest.raises(Cancelled):
        steps.perform(Step.TRAIN, "t", "m", lambda run: pytest.fail("it began"))


@pytest.mark.feature(241)
def test_a_private_step_that_is_taken_over_was_paid_for_and_one_that_failed_was_not(tmp_path: Path) -> None:
    def steps() -> tuple[Steps, PrivateAccount]:
        account = PrivateAccount()
        return Steps(Run(job="test", seed=1, workspace=tmp_path, privacy=account)), account

    def release(run: Run) -> None:
        run.privacy.charge(None, "a count")

    def fail(run: Run) -> None:
        run.privacy.charge(None, "another count")
        msg = "no"
        raise ModelError(msg)

    first, account = steps()
    first.perform(Step.TRANSFORM, "people", "mark", release)
    with pytest.raises(ModelError):
        first.perform(Step.TRAIN, "people", "mark", fail)
    assert account.charged == ["a count", "another count"]

    again, account = steps()
    again.perform(Step.TRANSFORM, "people", "mark", fail)
    assert account.charged == ["a count"]
