"""Keys of the tests' noise, drawn from the name of the test: what holds once holds at every run.

Private training draws its noise from the operating system, so a test of what it makes would fail now and then for
no fault of anybody. In the tests' own process the keys come from the test's name; processes that it starts draw
theirs as everyone's do. ``SEMBLANT_TEST_NOISE`` chooses: a number gives other keys, ``fresh`` the operating system's.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import secrets

_DRAWING = ("semblant_models.privacy.noise", "semblant.pipeline.private")


class Keys:
    """Stands where those modules look for :mod:`secrets`.

    >>> keys = Keys()
    >>> keys.start_over("a test")
    >>> first = keys.token_bytes(4)
    >>> keys.start_over("a test")
    >>> keys.token_bytes(4) == first
    True
    """

    def __init__(self) -> None:
        """Begin as any test begins."""
        self._random = random.Random(0)

    def start_over(self, name: str) -> None:
        """Draw from now on what the test of this name draws."""
        self._random.seed(f"{os.environ.get('SEMBLANT_TEST_NOISE', '')}/{name}")

    def token_bytes(self, size: int) -> bytes:
        """Give so many bytes, as :func:`secrets.token_bytes` does."""
        return self._random.randbytes(size)

    def randbits(self, bits: int) -> int:
        """Give so many bits, as :func:`secrets.randbits` does."""
        return self._random.getrandbits(bits)


def keyed() -> Keys:
    """Let the modules that draw keys draw them here; what is not installed draws none."""
    keys = Keys()
    if os.environ.get("SEMBLANT_TEST_NOISE") == "fresh":
        return keys
    for name in _DRAWING:
        with contextlib.suppress(ModuleNotFoundError):
            module = importlib.import_module(name)
            if getattr(module, "secrets", None) is not secrets:
                raise AssertionError(f"{name} draws its keys elsewhere now: tests/chance.py has to know where")
            vars(module)["secrets"] = keys
    return keys
