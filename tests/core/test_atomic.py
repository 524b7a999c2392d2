"""Files and folders appear whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from semblant.atomic import PARTIAL, atomic_folder, atomic_write, prove_writable, sweep, write_json

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left on device"), SystemExit])
def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path, error: BaseException | type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail() -> None:
        with atomic_write(target) as file:
            file.write(b"new")
            raise error

    with pytest.raises((KeyboardInterrupt, OSError, SystemExit)):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "old"


def test_a_full_disk_at_the_last_moment_passes_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_json(tmp_path / "a.json", {})
    assert caught.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "set"
    for text in ("one", "two"):
        with atomic_folder(target) as folder:
            (folder / f"{text}.txt").write_text(text)
    assert [path.name for path in target.iterdir()] == ["two.txt"]
    with pytest.raises(KeyboardInterrupt), atomic_folder(target):
        raise KeyboardInterrupt
    assert [path.name for path in target.iterdir()] == ["two.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_folder_that_cannot_be_put_in_place_gives_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "set"
    target.mkdir()
    (target / "old.txt").write_text("old")
    rename = os.rename

    def stumble(source: Path, place: Path) -> None:
        if str(source).endswith(PARTIAL):
            raise OSError(errno.EIO, "Input/output error")
        rename(source, place)

    monkeypatch.setattr(os, "rename", stumble)
    with pytest.raises(OSError, match="Input/output"), atomic_folder(target):
        pass
    assert [path.name for path in target.iterdir()] == ["old.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    write_json(tmp_path / "link.json", [1])
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "[\n  1\n]\n"


@pytest.mark.parametrize("data", [float("nan"), object(), {1: {2}}])
def test_what_json_cannot_hold_writes_nothing(tmp_path: Path, data: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        write_json(tmp_path / "a.json", data)
    assert list(tmp_path.iterdir()) == []


def test_sweeping_clears_old_leftovers_and_puts_back_what_was_moved_aside(tmp_path: Path) -> None:
    (tmp_path / f".a.txt.0123abcd{PARTIAL}").write_text("half")
    (tmp_path / ".set.0123abcd.replaced").mkdir()
    (tmp_path / ".gitignore").write_text("")
    assert sweep(tmp_path) == []
    time.sleep(0.02)
    assert len(sweep(tmp_path, older_than_seconds=0.01)) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", "set"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no files without a name")
def test_proving_that_a_folder_can_be_written_to_never_shows_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed between making a file and removing it would leave the file."""
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(list(tmp_path.iterdir())))
    prove_writable(tmp_path)
    assert seen == [[]]
    with pytest.raises(FileNotFoundError):
        prove_writable(tmp_path / "missing")
