"""The speed of the machine is measured once and kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from semblant import machine

if TYPE_CHECKING:
    from pathlib import Path


def test_speed_is_measured_once_and_again_on_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = machine.speed(tmp_path)
    assert machine.speed(tmp_path) == first
    assert first.operations > first.numbers > 0
    assert first.loops > 0
    slow = evolve(first, operations=1.0)
    monkeypatch.setattr(machine, "measured", lambda: slow)
    assert machine.speed(tmp_path) == first
    monkeypatch.setattr(machine, "allowed_processors", lambda: 64.0)
    assert machine.speed(tmp_path) == slow
    assert json.loads((tmp_path / machine.FILE).read_text())["speed"]["operations"] == 1.0


@pytest.mark.parametrize("content", ["", "[]", '{"machine": 1}', '{"speed": {}}', "null"])
def test_a_damaged_file_is_measured_over(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / machine.FILE).write_text(content)
    found = machine.Speed(processors=1, operations=1.0, numbers=1.0, loops=1.0)
    monkeypatch.setattr(machine, "measured", lambda: found)
    assert machine.speed(tmp_path) == found


def test_a_folder_that_cannot_be_written_to_costs_nothing_but_the_memory(tmp_path: Path) -> None:
    assert machine.speed(tmp_path / "none").operations > 0
    assert not (tmp_path / "none").exists()


def test_more_processors_gain_less_than_their_number() -> None:
    one = machine.Speed(processors=1, operations=1.0, numbers=1.0, loops=1.0)
    assert one.gain == 1.0
    assert 1.0 < evolve(one, processors=2).gain < 2.0 < evolve(one, processors=64).gain < 4.0
