"""What training costs, from sizes alone: operations and bytes of one row in one step; needs no JAX.

Counted are the products of the network (two operations per multiplication and addition; the backward pass
takes twice the forward one) and the arrays that the backward pass needs. Factors were fitted to what XLA
plans for its compiled step (``memory_analysis``) over tables of 5 to 240 tokens.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from semblant_models.tabular.joint_shape import RANK, joint_shapes

if TYPE_CHECKING:
    from semblant_models.tabular.shape import Shape

_BACKWARD = 3.0
"""Forward and backward pass against the forward pass alone."""
_KEPT = 1.2
"""Numbers that XLA keeps for the backward pass against those counted by :func:`row_numbers`."""
_SEEN = 0.625
"""Share of the masked first layer that is computed: it is done in four chunks of tokens."""


def parameters(shape: Shape) -> int:
    """Give the number of trained weights."""
    e, h, g, n, r = shape.embedding, shape.hidden, shape.block, shape.blocks, shape.summary
    both = 2 if shape.flexible else 1
    count = both * (shape.codes * e + n * g * e * g * h) + n * g * (h + h * h + h)
    if n > 1:
        count += both * (n * g * e * r + n * r * g * h) + n * r
    count += sum(math.prod(size) for size in joint_shapes(shape).values())
    return int(count + sum(len(head.tokens) * head.size * (h + 1) for head in shape.heads))


def step_bytes(shape: Shape, batch: int) -> int:
    """Give the memory of one training step: weights, their gradient, average and moments, and what a batch needs."""
    return int(4 * (6 * parameters(shape) + _KEPT * batch * row_numbers(shape)))


def row_operations(shape: Shape) -> float:
    """Give the floating point operations of one row in a training step."""
    e, h, g, n, r = shape.embedding, shape.hidden, shape.block, shape.blocks, shape.summary
    first = n * g * e * g * h * (_SEEN + (1.0 if shape.flexible else 0.0))
    context = n * (g * e * r + r * g * h) * (2 if shape.flexible else 1) if n > 1 else 0.0
    inner = shape.tokens * h * h
    heads = sum(len(head.tokens) * h * head.size for head in shape.heads)
    joint = RANK * sum(h + shape.cardinality[token] for token in shape.joint)
    return float(2.0 * _BACKWARD * (first + context + inner + heads + joint))


def row_numbers(shape: Shape) -> float:
    """Give how many numbers of one row a training step works through beside its products."""
    e, h, n, r = shape.embedding, shape.hidden, shape.blocks, shape.summary
    heads = sum(len(head.tokens) * head.size for head in shape.heads)
    pairs = RANK * sum(shape.cardinality[token] for token in shape.joint)
    return float(n * shape.block * (2 * e + 6 * h) + (4 * n * r if n > 1 else 0) + 4 * heads + 2 * pairs)
