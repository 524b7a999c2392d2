"""A generator file is opened without trust: every byte is checked, nothing lands outside its folder."""

from __future__ import annotations

import io
import json
import random
import zipfile
from typing import TYPE_CHECKING

import pytest

from semblant.artefact.pack import MANIFEST, pack, unpack
from semblant.errors import ArtefactError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "models" / "0").mkdir(parents=True)
    (folder / "generator.json").write_text("{}")
    (folder / "models" / "0" / "weights.bin").write_bytes(bytes(range(256)) * 20)
    pack(folder, tmp_path / "g.semblant", made_by="1.0")
    return tmp_path / "g.semblant"


def _entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _rewritten(path: Path, entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> Path:
    target = path.with_name("hostile.semblant")
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target


def test_what_was_packed_comes_out_the_same(packed: Path, tmp_path: Path) -> None:
    unpack(packed, tmp_path / "out")
    assert (tmp_path / "out/models/0/weights.bin").read_bytes() == bytes(range(256)) * 20


def test_equal_content_gives_equal_bytes(packed: Path, tmp_path: Path) -> None:
    pack(tmp_path / "in", tmp_path / "again.semblant", made_by="1.0")
    assert packed.read_bytes() == (tmp_path / "again.semblant").read_bytes()


def test_any_flipped_byte_is_found(packed: Path, tmp_path: Path) -> None:
    content = packed.read_bytes()
    seed = random.SystemRandom().randrange(2**32)
    draw = random.Random(seed)
    print(f"seed: {seed}")
    # every byte of the bookkeeping, and a thousand anywhere
    around = [place for place in range(len(content)) if place < 700 or place > len(content) - 700]
    for number, place in enumerate([*around, *(draw.randrange(len(content)) for _ in range(1000))]):
        changed = bytearray(content)
        changed[place] ^= draw.randrange(1, 256)
        bad = tmp_path / "bad.semblant"
        bad.write_bytes(bytes(changed))
        out = tmp_path / f"out{number}"
        with pytest.raises(ArtefactError):
            unpack(bad, out)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "C:evil", "a\\..\\evil", "models/../../x"])
def test_a_name_that_leads_outside_is_refused(packed: Path, tmp_path: Path, name: str) -> None:
    entries = _entries(packed)
    manifest = json.loads(entries[MANIFEST])
    manifest["files"][name] = {"sha256": "0" * 64, "bytes": 1}
    bad = _rewritten(packed, [(MANIFEST, json.dumps(manifest).encode()), *list(entries.items())[1:], (name, b"x")])
    with pytest.raises(ArtefactError, match=r"not allowed|not those"):
        unpack(bad, tmp_path / "out" / "deep")
    assert not (tmp_path / "out" / "evil").exists()
    assert not (tmp_path / "evil").exists()


def test_a_bomb_is_refused_before_it_unfolds(packed: Path, tmp_path: Path) -> None:
    entries = _entries(packed)
    manifest = json.loads(entries[MANIFEST])
    manifest["files"]["bomb"] = {"sha256": "0" * 64, "bytes": 50_000_000}
    rest = [(name, content) for name, content in entries.items() if name != MANIFEST]
    bad = packed.with_name("bomb.semblant")
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr(MANIFEST, json.dumps(manifest))
        for name, content in rest:
            archive.writestr(name, content)
        archive.writestr("bomb", b"\0" * 50_000_000, zipfile.ZIP_DEFLATED)
    with pytest.raises(ArtefactError, match="compressed"):
        unpack(bad, tmp_path / "out")


def test_a_file_that_stands_twice_is_refused(packed: Path, tmp_path: Path) -> None:
    entries = list(_entries(packed).items())
    with pytest.warns(UserWarning, match="Duplicate name"):
        bad = _rewritten(packed, [*entries, entries[1]])
    with pytest.raises(ArtefactError, match="twice"):
        unpack(bad, tmp_path / "out")


def test_a_newer_format_says_what_to_install(packed: Path, tmp_path: Path) -> None:
    entries = _entries(packed)
    manifest = json.loads(entries[MANIFEST]) | {"format": 99, "made_by": "9.1"}
    rest = [(name, content) for name, content in entries.items() if name != MANIFEST]
    bad = _rewritten(packed, [(MANIFEST, json.dumps(manifest).encode()), *rest])
    with pytest.raises(ArtefactError, match=r"9\.1") as caught:
        unpack(bad, tmp_path / "out")
    assert "pip install" in (caught.value.fix or "")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip" * 100, io.BytesIO().getvalue()])
def test_something_else_is_no_generator(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.semblant"
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="damaged or no generator"):
        unpack(path, tmp_path / "out")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no generator at"):
        unpack(tmp_path / "none.semblant", tmp_path / "out")
