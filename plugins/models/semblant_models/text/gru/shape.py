"""The sizes of the network; needs no JAX."""

from __future__ import annotations

import math

from attrs import frozen

LEFT = 80
"""Codes for the characters that are left."""


@frozen(kw_only=True)
class Shape:
    """Sizes of the network."""

    tokens: int
    codes: int
    """Codes of all conditions together."""
    narrow: int
    """Width of embeddings and of the output layer."""
    width: int
    """Width of the state."""
    layers: int

    @property
    def parameters(self) -> int:
        """Number of trained weights."""
        return sum(math.prod(size) for size in self.sizes().values())

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Give the shape of each array."""
        width, narrow = self.width, self.narrow
        found: dict[str, tuple[int, ...]] = {
            "embedding": (self.tokens, narrow),
            "bias": (self.tokens,),
            "left": (LEFT, narrow),
            "given": (self.codes, narrow),
            "recalled": (narrow, narrow),
            "out": (width, narrow),
            "out_scale": (width,),
        }
        for layer in range(self.layers):
            found |= {
                f"in_{layer}": (width if layer else narrow, 3 * width),
                f"in_bias_{layer}": (3 * width,),
                f"state_{layer}": (width, 3 * width),
                f"state_bias_{layer}": (3 * width,),
                f"scale_{layer}": (width if layer else narrow,),
            }
        return found
