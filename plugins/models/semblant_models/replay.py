"""The replay guard: recognises texts of the training data that few subjects hold.

Kept is a Bloom filter (Bloom, 1970) made to be half full, with three bits per text: a training text is
always recognised, and one in eight of all other texts is too. So it tells little about whether a given
text was there, costs one redraw in eight, and holds no text. Texts that the model cannot write anyway, because a
part of them is too rare, are not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PROBES = 3
_BYTES_AT_ONCE = 2**20
"""Bytes hashed in one go: a byte takes some 40 on the way."""


def text_hashes(texts: pa.Array, salt: int) -> NDArray[np.uint64]:
    """Hash each text to 64 bits: a multilinear hash of its bytes with multipliers drawn from ``salt``."""
    array = texts.cast(pa.large_binary())
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    buffer = array.buffers()[2]
    if len(array) > 1 and offsets[-1] - offsets[0] > _BYTES_AT_ONCE:
        half = len(array) // 2
        return np.concatenate([text_hashes(array.slice(0, half), salt), text_hashes(array.slice(half), salt)])
    data = np.frombuffer(buffer, np.uint8)[offsets[0] : offsets[-1]] if buffer else np.zeros(0, np.uint8)
    lengths = np.diff(offsets)
    at = np.arange(len(data)) - np.repeat(offsets[:-1] - offsets[0], lengths)
    random = np.random.Generator(np.random.PCG64(salt))
    multipliers = random.integers(0, 2**63, int(lengths.max(initial=0)) + 1).astype(np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    with np.errstate(over="ignore"):
        terms = (data.astype(np.uint64) + np.uint64(1)) * multipliers[at]
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
        mixed = sums[offsets[1:] - offsets[0]] - sums[offsets[:-1] - offsets[0]]
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        hashes: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return hashes


@frozen(eq=False)
class ReplayGuard:
    """Recognises texts; see the module for what it may be wrong about."""

    salt: int
    bits: NDArray[np.uint8]
    """Packed; empty when nothing is guarded."""
    probes: int = _PROBES
    """Bits per text; of other texts one in ``2 ** probes`` is taken for one."""

    @classmethod
    def of(cls, texts: pa.Array, salt: int) -> ReplayGuard:
        """Guard these texts."""
        return cls.of_hashes(text_hashes(texts, salt), salt)

    @classmethod
    def of_hashes(cls, hashes: NDArray[np.uint64], salt: int, probes: int = _PROBES) -> ReplayGuard:
        """Guard the texts with these hashes, which :func:`text_hashes` made with the same ``salt``."""
        if not len(hashes):
            return cls(salt, np.zeros(0, np.uint8), probes)
        size = int(np.ceil(len(hashes) * probes / np.log(2.0) / 8.0)) * 8
        flags = np.zeros(size, dtype=bool)
        for probe in range(probes):
            flags[cls._places(hashes, probe, size)] = True
        return cls(salt, np.packbits(flags), probes)

    def __len__(self) -> int:
        """About how many texts are guarded."""
        return int(8 * len(self.bits) * np.log(2.0) / self.probes)

    @staticmethod
    def _places(hashes: NDArray[np.uint64], probe: int, size: int) -> NDArray[np.int64]:
        with np.errstate(over="ignore"):
            mixed = hashes + np.uint64(probe) * ((hashes >> np.uint64(32)) | np.uint64(1)) * np.uint64(
                0x9E3779B97F4A7C15
            )
        return (mixed % np.uint64(size)).astype(np.int64)

    def recognises(self, texts: pa.Array) -> NDArray[np.bool_]:
        """Tell which texts are guarded, or taken for one that is; empty texts never are."""
        if not len(self.bits) or not len(texts):
            return np.zeros(len(texts), dtype=bool)
        return self.knows(text_hashes(texts, self.salt))

    def knows(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which hashes are guarded, or taken for one that is."""
        flags = np.unpackbits(self.bits)
        found = np.full(len(hashes), bool(len(flags)))
        for probe in range(self.probes if len(flags) else 0):
            found &= flags[self._places(hashes, probe, len(flags))] == 1
        return found
