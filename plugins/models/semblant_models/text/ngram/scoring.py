"""Log-probability of texts under the back-off model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from semblant_models.text.ngram.sampling import follow
from semblant_models.text.ngram.tokens import END, FIRST_WORD, LENGTHS, OPEN, START
from semblant_models.text.ngram.trie import turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from semblant_models.text.ngram.tokens import Vocabulary
    from semblant_models.text.ngram.trie import Trie

LOG_LOST = -np.log(1e5)
"""Nats charged for a sign that the vocabulary lacks."""
_FLOOR = 1e-7


def score(
    trees: Sequence[Trie],
    vocabulary: Vocabulary,
    encoded: tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]],
    buckets: NDArray[np.int64],
    classes: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Give the log-probability in nats of each row's tokens and of the end, given length bucket and class.

    :param encoded: tokens, their rows and the signs left out per row, of :meth:`Vocabulary.encode`.
    :param buckets: length bucket per row; rows below 1 (null, empty) score 0.
    """
    tokens, rows, lost = encoded
    count = len(buckets)
    result: NDArray[np.float64] = lost * LOG_LOST + np.bincount(
        rows, vocabulary.digits[tokens], minlength=count
    ) * np.log(0.1)
    size = np.bincount(rows, minlength=count)
    first = np.cumsum(size) - size
    active = np.flatnonzero(buckets >= 1)
    roots = [classes[active] if tree.roots > 1 else np.zeros(len(active), np.int64) for tree in trees]
    marker = np.minimum(LENGTHS + buckets[active], FIRST_WORD - 1)
    start = np.full(len(active), START, dtype=np.int64)
    states = [
        follow(tree, follow(tree, root, marker, root), start, root) for tree, root in zip(trees, roots, strict=True)
    ]
    kinds = np.full(len(active), OPEN)
    allowed = trees[0].allowed(trees[-1].alone > 0)
    position = 0
    while len(active):
        there = size[active] > position
        at = np.minimum(first[active] + position, max(len(tokens) - 1, 0))
        token = np.where(there, tokens[at], END).astype(np.int64) if len(tokens) else np.full(len(active), END)
        result[active] += np.log(np.maximum(_probability(trees, states, kinds, token, allowed), _FLOOR))
        states = [
            follow(tree, state, token, root)[there] for tree, state, root in zip(trees, states, roots, strict=True)
        ]
        roots = [root[there] for root in roots]
        kinds = vocabulary.kinds[token[there]]
        active = active[there]
        position += 1
    return result


def _probability(
    trees: Sequence[Trie],
    states: Sequence[NDArray[np.int64]],
    kinds: NDArray[np.int64],
    token: NDArray[np.int64],
    allowed: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Give the probability of each token: what each run says, times what all longer runs left over."""
    current = [state.copy() for state in states]
    found = np.zeros(len(token))
    left = np.ones(len(token))
    for number, depth in turns(trees):
        tree, state = trees[number], current[number]
        here = np.flatnonzero(state >= 0)
        here = here[tree.depth[state[here]] == depth]
        if depth == 0 and tree.roots == 1:
            found[here] += left[here] * tree.alone[kinds[here], token[here]]
            continue
        child = tree.child(state[here], token[here])
        known = child >= 0
        mass = tree.mass(state[here])
        if depth == 0:
            known &= trees[-1].alone[kinds[here], token[here]] > 0
            mass = allowed[state[here], kinds[here]]
        found[here[known]] += left[here[known]] * tree.probability[child[known] - tree.roots]
        left[here] *= np.maximum(1.0 - mass, 0.0)
        state[here] = tree.suffix[state[here]]
    return found
