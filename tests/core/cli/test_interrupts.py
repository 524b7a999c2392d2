"""Ctrl-C in a process of its own: the first in good order, the second at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from semblant.cli.interrupts import resume_command

PROGRAM = """
import sys, time
from semblant.cli.main import program
from semblant.cli.session import Session
from tests.core.cli.fake import FakeEngine, step_events

def polite(engine):
    print("working", file=sys.stderr, flush=True)
    while True:
        time.sleep(0.02)
        engine.check_cancelled()

def deaf(engine):
    print("working", file=sys.stderr, flush=True)
    try:
        while True:
            time.sleep(0.02)
    finally:
        print("cleaned up", file=sys.stderr, flush=True)

def stone(engine):
    print("working", file=sys.stderr, flush=True)
    while True:
        try:
            while True:
                time.sleep(0.02)
        except KeyboardInterrupt:
            pass

def before(engine):
    raise AssertionError

manner = sys.argv.pop(1)

class Slow(FakeEngine):
    def spec_for(self, location):
        if manner == "before":
            print("working", file=sys.stderr, flush=True)
            time.sleep(60)
        return super().spec_for(location)

def factory(**arguments):
    return Slow(**arguments, during=globals()[manner])

program.main(obj=Session(engine_factory=factory))
"""

ROOT = Path(__file__).parents[3]


@pytest.fixture
def start():
    """Start the program with an engine of some manner; whatever a test leaves running is ended."""
    begun = []

    def begin(manner, *words):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, manner, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        if process.poll() is None:
            process.kill()
            process.communicate()


def wait_until_it_works(process):
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("working"):
            return
    pytest.fail("the process ended before it worked")


@pytest.mark.feature(92)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_the_job_in_good_order_and_says_how_to_go_on(start, csv, number):
    process = start("polite", "run", csv, "--records", "10")
    wait_until_it_works(process)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "stopping in good order" in err
    assert f"semblant run {csv} --records 10 --resume calm-otter-1" in err
    assert "nothing was delivered" in err
    assert "Traceback" not in err


def test_with_json_an_interruption_is_a_document(start, csv):
    process = start("polite", "run", csv, "--json")
    wait_until_it_works(process)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert json.loads(out)["error"]["code"] == "interrupted"


def test_the_second_one_interrupts_what_does_not_listen_and_it_can_clean_up(start, csv):
    process = start("deaf", "run", csv)
    wait_until_it_works(process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "cleaned up" in err
    assert "Traceback" not in err


def test_the_third_one_ends_even_what_refuses(start, csv):
    process = start("stone", "run", csv)
    wait_until_it_works(process)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began < 4


def test_before_a_job_begins_one_is_enough(start, csv):
    process = start("before", "run", csv)
    wait_until_it_works(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "error" not in err
    assert "semblant run was stopped" in err


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["run", "a.csv"], "semblant run a.csv --resume x"),
        (["run", "a.csv", "--resume", "old", "-v"], "semblant run a.csv -v --resume x"),
        (["run", "--resume=old", "a b.csv"], "semblant run 'a b.csv' --resume x"),
    ],
)
def test_the_command_to_go_on_is_the_one_that_was_called(words, wanted):
    assert resume_command(words, "x") == wanted
