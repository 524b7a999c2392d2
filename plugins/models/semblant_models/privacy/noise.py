"""Noise that nobody can draw again: float64 from a ChaCha20 keystream, keyed by the operating system.

``jax.random`` carries 32 bits of entropy when it is started from a number, and its float32 normals stop near 5.4 sigma
on a coarse lattice; neither will do for a guarantee. A Gaussian here is half the sum of four Box-Muller draws, 52 bits
each, so that the set of reachable floats tells less about what was added to (Holohan and Braghin, "Secure random
sampling in differential privacy", 2021).
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import define, field

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 16
_DRAWS: Final = 4
_CHUNK: Final = 2**20


@define(eq=False)
class NoiseStream:
    """One stream of noise; a process that was forked off goes on under a key of its own.

    There is no seed to be set. ``key`` is for tests of distributions and never reachable from a spec.

    >>> NoiseStream().gaussian(2.0, (3, 2)).shape
    (3, 2)
    >>> bool((NoiseStream().uniform((4,)) == NoiseStream().uniform((4,))).any())
    False
    """

    key: bytes | None = field(default=None, repr=False)
    _process: int = field(init=False, default=-1, repr=False)
    _stream: object = field(init=False, default=None, repr=False)

    def words(self, count: int) -> NDArray[np.uint64]:
        """Give the next ``count`` words of 64 bits of the keystream, uint64, shape (count,)."""
        return np.frombuffer(self._keystream(8 * count), np.uint64)

    def uniform(self, shape: tuple[int, ...] = ()) -> NDArray[np.float64]:
        """Draw from (0, 1), float64: 52 bits and a half, so that neither end is ever met."""
        words = self.words(int(np.prod(shape, dtype=np.int64)))
        return (((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52).reshape(shape)

    def gaussian(self, scale: float, shape: tuple[int, ...] = ()) -> NDArray[np.float64]:
        """Draw normal noise of mean 0 and standard deviation ``scale``, float64."""
        count = int(np.prod(shape, dtype=np.int64))
        out = np.empty(count)
        for start in range(0, count, _CHUNK):
            size = min(_CHUNK, count - start)
            half = -(-size // 2)
            uniform = self.uniform((2, _DRAWS, half))
            radius = np.sqrt(-2.0 * np.log(uniform[0]))
            angle = 2.0 * np.pi * uniform[1]
            drawn = np.concatenate([(radius * np.cos(angle)).sum(0), (radius * np.sin(angle)).sum(0)])
            out[start : start + size] = drawn[:size] * (scale / np.sqrt(_DRAWS))
        return out.reshape(shape)

    def laplace(self, scale: float, shape: tuple[int, ...] = ()) -> NDArray[np.float64]:
        """Draw Laplace noise of mean 0 and mean absolute value ``scale``, float64: two exponentials' difference."""
        uniform = self.uniform((2, *shape))
        return np.asarray(scale * (np.log(uniform[0]) - np.log(uniform[1])))

    def gumbel(self, scale: float, shape: tuple[int, ...] = ()) -> NDArray[np.float64]:
        """Draw Gumbel noise, float64; the largest of scores plus this noise is the exponential mechanism's choice.

        For scores of sensitivity 1 and ``scale = 2 / epsilon`` it is epsilon-private (McSherry and Talwar 2007).
        """
        return np.asarray(-scale * np.log(-np.log(self.uniform(shape))))

    def poisson_batch(self, rows: int, rate: float) -> NDArray[np.int64]:
        """Choose each of ``rows`` rows by itself with probability ``rate``; int64, in order, perhaps none."""
        return np.flatnonzero(self.uniform((rows,)) < rate)

    def integers(self, bound: int, shape: tuple[int, ...] = ()) -> NDArray[np.int64]:
        """Draw whole numbers from 0 to ``bound`` - 1, int64; the bias is below ``bound`` / 2**52."""
        return np.floor(self.uniform(shape) * bound).astype(np.int64)

    def seed(self) -> int:
        """Give 63 bits to start an ordinary generator with, for what needs no secrecy (a starting point, say)."""
        return int(self.words(1)[0]) >> 1

    def _keystream(self, size: int) -> bytes:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

        if self._stream is None or (self.key is None and self._process != os.getpid()):
            key = secrets.token_bytes(KEY_BYTES) if self.key is None else self.key
            nonce = bytes(_NONCE_BYTES) if self.key is not None else bytes(8) + secrets.token_bytes(8)
            self._stream = Cipher(algorithms.ChaCha20(key, nonce), mode=None).encryptor()
            self._process = os.getpid()
        return bytes(self._stream.update(bytes(size)))  # type: ignore[attr-defined]
