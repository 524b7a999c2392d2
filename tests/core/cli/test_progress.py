"""What a job shows while it runs."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from semblant.cli import progress as module
from semblant.cli.progress import BarProgress, LineProgress, progress_for
from semblant.cli.session import Session
from semblant.events import Event, EventKind, Step
from tests.core.cli.fake import step_events


class Clock:
    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(module, "time", found)
    return found


class Screen(io.StringIO):
    """A terminal, as far as a program can tell."""

    encoding = "utf-8"

    def isatty(self):
        return True


def terminal(monkeypatch):
    """Make standard error a terminal of 80 columns; no fixture, as pytest sets its own before the test."""
    found = Screen()
    monkeypatch.setattr("sys.stderr", found)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return found


@pytest.fixture
def lines(monkeypatch):
    """Collect what is told, instead of writing it."""
    told = []
    monkeypatch.setattr(Session, "tell", lambda self, *parts, style="": told.extend(parts))
    return told


def update(done, total=100, **more):
    return Event(
        kind=EventKind.STEP_PROGRESS, step=Step.TRAIN, table="customers", done=done, total=total, unit="epochs", **more
    )


def test_a_step_speaks_at_most_once_in_ten_seconds(clock, lines):
    shown = LineProgress(Session())
    shown.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="customers"))
    for second in range(1, 61):
        clock.now += 1.0
        shown.take(update(second))
    assert len(lines) == 7
    assert lines[0] == "customers: AI training"
    assert lines[1] == "customers: AI training: 10 of 100 epochs (10 %)"


@pytest.mark.feature(261)
def test_the_time_left_is_told(clock, lines):
    LineProgress(Session()).take(update(25, seconds_left=75.0))
    assert lines == ["customers: AI training: 25 of 100 epochs (25 %), at most 1 min 15 s left"]


def test_where_training_foresees_its_end_nobody_says_at_most(clock, lines):
    LineProgress(Session()).take(update(2, expected=10, seconds_left=8.0))
    assert lines == ["customers: AI training: 2 of 100 epochs (2 %), about 8 s left"]


def test_the_time_left_is_not_guessed_from_next_to_nothing(clock, lines):
    LineProgress(Session()).take(update(1, seconds_left=7500.0))
    assert lines == ["customers: AI training: 1 of 100 epochs (1 %)"]


def test_what_ends_by_its_size_is_told_without_at_most(clock, lines):
    LineProgress(Session()).take(
        Event(kind=EventKind.STEP_PROGRESS, step=Step.GENERATE, done=50, total=100, unit="rows", seconds_left=3.0)
    )
    assert lines == ["generating: 50 of 100 rows (50 %), about 3 s left"]


def test_a_step_that_still_runs_is_never_at_100_percent(clock, lines):
    LineProgress(Session()).take(update(100))
    assert "(99 %)" in lines[0]


def test_a_step_that_is_silent_for_long_is_said_to_be_at_work(clock, lines):
    shown = LineProgress(Session())
    shown.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="customers"))
    clock.now += 29
    shown.breathe()
    assert len(lines) == 1
    clock.now += 2
    shown.breathe()
    shown.breathe()
    assert lines[1:] == ["customers: AI training: still at work after 31 s"]
    shown.take(Event(kind=EventKind.STEP_FINISHED, step=Step.TRAIN, table="customers", seconds=31.0))
    clock.now += 60
    shown.breathe()
    assert lines[2:] == ["customers: AI training: done in 31 s"]


@pytest.mark.feature(262)
def test_tables_that_train_at_once_speak_each_for_itself(clock, lines):
    shown = LineProgress(Session())
    for table in ("customers", "orders"):
        shown.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table=table))
    assert lines == ["customers: AI training", "orders: AI training"]
    shown.take(Event(kind=EventKind.STEP_CANCELLED, step=Step.TRAIN, table="customers"))
    clock.now += 31
    shown.breathe()
    assert lines[2:] == ["orders: AI training: still at work after 31 s"]


def test_warnings_and_notices_are_never_held_back(clock, lines):
    shown = LineProgress(Session())
    for _ in range(3):
        shown.take(Event(kind=EventKind.WARNING, message="few\x1b[31m rows"))
    assert lines == ["warning: few\\x1b[31m rows"] * 3


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 50)), max_size=30))
def test_lines_keep_their_distance_whatever_the_rhythm(rhythm):
    told: list[float] = []
    clock = Clock()
    session = Session()
    shown = LineProgress(session)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "time", clock)
        patch.setattr(Session, "tell", lambda self, *parts, style="": told.append(clock.now))
        for pause, done in rhythm:
            clock.now += pause
            shown.take(update(done))
    assert all(later - earlier >= 10 for earlier, later in itertools.pairwise(told))


def test_bars_are_for_terminals_only(monkeypatch):
    terminal(monkeypatch)
    assert isinstance(progress_for(Session()), BarProgress)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(progress_for(Session()), LineProgress)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert isinstance(progress_for(Session()), LineProgress)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_bars_fit_the_terminal_with_any_name(monkeypatch, width):
    screen = terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", str(width))
    with BarProgress(Session()) as shown:
        for event in step_events(table="顧客\x1b[31m" * 20):
            shown.take(event)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    assert "\\x1b[31" in text
    assert "12 s" in text
    assert max(cell_len(line) for line in re.split(r"[\r\n]", text)) <= width - 3


def test_a_name_sets_no_colour(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    with BarProgress(Session()) as shown:
        shown.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="\x1b[31mred"))
    assert "\x1b[31m" not in screen.getvalue()


def test_bars_show_share_time_left_and_loss(monkeypatch):
    screen = terminal(monkeypatch)
    with BarProgress(Session()) as shown:
        shown.take(update(25, seconds_left=75.0, metrics={"loss": 2.0, "validation_loss": 1.23456}))
    assert "25 %, at most 1 min 15 s left, loss 1.235" in screen.getvalue()


def test_no_color_leaves_out_colours_but_not_words(monkeypatch):
    screen = terminal(monkeypatch)
    for colours, wanted in (("", True), ("1", False)):
        screen.truncate(0)
        monkeypatch.setenv("NO_COLOR", colours)
        Session().tell("warning: few rows", style="yellow")
        assert "few rows" in screen.getvalue()
        assert ("\x1b[33m" in screen.getvalue()) is wanted


def test_a_reader_of_messages_that_went_away_does_not_end_the_job(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Gone())
    Session().tell("hello")


@pytest.mark.feature(262)
def test_the_bars_that_move_are_seen_however_many_are_full(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setenv("LINES", "12")
    shown = BarProgress(Session())
    with shown:
        for number in range(30):
            for kind in (EventKind.STEP_STARTED, EventKind.STEP_FINISHED):
                shown.take(Event(kind=kind, step=Step.ORGANIZE, table=f"t{number}", seconds=1.0))
        for table in ("customers", "orders"):
            shown.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table=table))
        before = len(screen.getvalue())
        shown._display.refresh()
        live = screen.getvalue()[before:]
        before = len(screen.getvalue())
    assert [f"{table}: AI training" in live for table in ("customers", "orders")] == [True, True]
    assert "t29: organizing data" in live
    assert "t0: organizing data" not in live
    assert all(f"t{number}: organizing data" in screen.getvalue()[before:] for number in range(30))
