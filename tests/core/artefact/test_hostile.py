"""Two hundred archives that mean harm: each is refused within a second, and nothing is written beside its folder."""

from __future__ import annotations

import io
import json
import random
import struct
import time
import zipfile
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from semblant.artefact.pack import MANIFEST, pack, unpack
from semblant.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Maker = Callable[[random.Random], bytes]

EPOCH = (1980, 1, 1, 0, 0, 0)
OUTSIDE = ["../evil", "/evil", "a/../../evil", "C:/evil", "..\\evil", "a\\..\\..\\evil", "./../evil", "a/./../../evil",
           "//evil", "models/../../../evil", "evil\0.txt", "a/", "..", "~/../evil", "C:evil", "\\evil"]  # fmt: skip


def archive(files: dict[str, bytes], manifest: Any = None, **change: Any) -> bytes:
    """Give a generator's bytes; ``manifest`` replaces the right one, ``change`` sets fields of its entries."""
    import hashlib

    listed = {name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()}
    right = {"format": 1, "made_by": "1", "files": listed}
    head = manifest if isinstance(manifest, bytes) else json.dumps(right if manifest is None else manifest).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, data in {MANIFEST: head, **files}.items():
            info = zipfile.ZipInfo("x", EPOCH)
            info.filename = name
            if name != MANIFEST:
                for key, value in change.items():
                    setattr(info, key, value)
            target.writestr(info, data)
    return out.getvalue()


def hostile() -> Iterator[tuple[str, Maker]]:
    """Give 200 ways to make one, by name."""
    plain = {"generator.json": b"{}", "models/0/w": bytes(500)}
    for name in OUTSIDE:
        yield f"outside {name!r}", lambda _, n=name: archive({**plain, n: b"x"})  # type: ignore[misc]
    for mode in (0o120777, 0o060666, 0o020666, 0o010666, 0o140777):
        yield f"mode {mode:o}", lambda _, m=mode: archive(plain, external_attr=m << 16)  # type: ignore[misc]
    for size in (10**6, 10**7, 5 * 10**7):
        yield f"bomb {size}", lambda _, s=size: archive({**plain, "b": bytes(s)}, compress_type=zipfile.ZIP_DEFLATED)  # type: ignore[misc]
    for value in (b"", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"format": 1}',
                  b'{"format": "1", "files": {}}', b'{"format": 1, "files": []}', b'{"format": 1, "files": {"a": 1}}',
                  b'{"format": 99, "made_by": "9", "files": {}}', b'{"format": 1, "files": {}}',
                  b'{"format": 1, "files": {"generator.json": {"sha256": 1, "bytes": 2}}}',
                  b'{"format": true, "files": null}', b'{"format": 1e999, "files": {}}',
                  b'{"format": 1, "files": {"generator.json": {"sha256": "", "bytes": -1}}}'):  # fmt: skip
        yield f"manifest {value[:40]!r}", lambda _, v=value: archive(plain, v)  # type: ignore[misc]
    yield "huge manifest", lambda _: archive(plain, b" " * (17 * 2**20))
    yield "many files", lambda _: archive({f"f{n}": b"" for n in range(10_001)})
    yield "wrong hash", lambda _: archive(plain, {"format": 1, "files": {
        name: {"sha256": "0" * 64, "bytes": len(data)} for name, data in plain.items()}})  # fmt: skip
    yield "too much", lambda _: archive(plain) + b"trailing"
    yield "something before", lambda _: b"#!/bin/sh\n" + archive(plain)
    for number in range(30):
        yield f"cut {number}", lambda draw: (whole := archive(plain))[: draw.randrange(len(whole))]
    for number in range(30):
        yield f"overlap {number}", _overlapping
    for number in range(40):
        yield f"garbled {number}", _garbled
    for number in range(30):
        yield f"noise {number}", lambda draw: draw.randbytes(draw.randrange(1, 5000))
    for number in range(30):
        yield f"size {number}", _wrong_size


def _overlapping(draw: random.Random) -> bytes:
    """Let two entries of the directory point into the same bytes."""
    whole = bytearray(archive({"generator.json": b"{}", "a": bytes(300), "b": bytes(300)}))
    places = [place for place in range(len(whole)) if whole[place : place + 4] == b"PK\x01\x02"]
    first, second = draw.sample(places, 2)
    whole[second + 42 : second + 46] = whole[first + 42 : first + 46]
    return bytes(whole)


def _garbled(draw: random.Random) -> bytes:
    """Change ten bytes of the directory."""
    whole = bytearray(archive({"generator.json": b"{}", "a": bytes(300)}))
    start = whole.index(b"PK\x01\x02")
    for _ in range(10):
        whole[draw.randrange(start, len(whole))] ^= draw.randrange(1, 256)
    return bytes(whole)


def _wrong_size(draw: random.Random) -> bytes:
    """Claim another size in the directory."""
    whole = bytearray(archive({"generator.json": b"{}", "a": bytes(300)}))
    place = whole.rindex(b"PK\x01\x02")
    struct.pack_into("<L", whole, place + draw.choice((20, 24)), draw.choice((0, 1, 301, 2**31, 2**32 - 2)))
    return bytes(whole)


HOSTILE = list(hostile())


def test_there_are_two_hundred_of_them() -> None:
    assert len(HOSTILE) >= 200


def test_every_hostile_archive_is_refused(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    draw = random.Random(seed)
    print(f"seed: {seed}")
    process = psutil.Process()
    for number, (name, make) in enumerate(HOSTILE):
        folder = tmp_path / str(number)
        (folder / "out").mkdir(parents=True)
        path = folder / "bad.semblant"
        path.write_bytes(make(draw))
        before, began = process.memory_info().rss, time.process_time()
        with pytest.raises(ArtefactError):
            unpack(path, folder / "out" / "deep")
        assert time.process_time() - began < 1.0, name
        assert process.memory_info().rss - before < 200 * 2**20, name
        beside = {entry.name for entry in folder.iterdir()} | {entry.name for entry in (folder / "out").iterdir()}
        assert beside <= {"bad.semblant", "out", "deep"}, name


def test_the_maker_of_hostile_archives_makes_good_ones_too(tmp_path: Path) -> None:
    (tmp_path / "good.semblant").write_bytes(archive({"generator.json": b"{}"}))
    unpack(tmp_path / "good.semblant", tmp_path / "out")
    folder = tmp_path / "out"
    pack(folder, tmp_path / "again.semblant", made_by="1")
    unpack(tmp_path / "again.semblant", tmp_path / "out2")
    assert (tmp_path / "out2" / "generator.json").read_bytes() == b"{}"
