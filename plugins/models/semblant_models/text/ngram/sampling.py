"""Draws texts for many rows at once: one loop over positions, none over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from semblant_models.text.ngram.lengths import bounds
from semblant_models.text.ngram.tokens import END, FIRST_WORD, LENGTHS, OPEN, START
from semblant_models.text.ngram.trie import turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from semblant_models.text.ngram.trie import Trie

_TRIES = 4
"""Draws that do not fit (too long, an early end) are repeated this often."""
_SLACK = 1.15
"""A text may outgrow the length drawn for it by this factor while it looks for a good end."""


@frozen(eq=False)
class Sampler:
    """The trees of one column, the more special one first, and the lengths of the tokens."""

    trees: Sequence[Trie]
    lengths: NDArray[np.int64]
    """Characters per token."""
    kinds: NDArray[np.int64]
    """Kind per token."""
    fillers: NDArray[np.int64]
    """Tokens of one character, any of which fits everywhere."""
    filler_shares: NDArray[np.float64]
    blank: int
    """Token of a blank, or of what comes nearest."""

    def draw_freely(
        self, buckets: NDArray[np.int64], classes: NDArray[np.int64], random: np.random.Generator
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]:
        """Draw a text per row that ends where the model ends it.

        :param buckets: length bucket of each row, from 1 on.
        :param classes: class of each row, -1 for none.
        :returns: the tokens of all rows one after the other, their number per row, and which rows
            have a length within their bucket; the others are given up, with no tokens.
        """
        low, high = bounds(buckets)
        length = np.zeros(len(buckets), dtype=np.int64)
        fits, kinds = np.zeros(len(buckets), dtype=bool), np.full(len(buckets), OPEN)
        roots = self._roots(classes)
        states = self._begin(buckets, roots)
        active = np.arange(len(buckets))
        written: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        while len(active):
            token = self._once(states, kinds[active], random)
            size = length[active] + self.lengths[np.maximum(token, 0)]
            fits[active[(token == END) & (size >= low[active])]] = True
            goes_on = (token > END) & (size <= high[active])
            active = active[goes_on]
            written.append((active, token[goes_on]))
            length[active] = size[goes_on]
            kinds[active] = self.kinds[token[goes_on]]
            roots = [root[goes_on] for root in roots]
            states = [
                follow(tree, state[goes_on], token[goes_on], root)
                for tree, state, root in zip(self.trees, states, roots, strict=True)
            ]
        kept = [(rows[fits[rows]], tokens[fits[rows]]) for rows, tokens in written]
        return *_by_row(kept, len(buckets)), fits

    def draw(
        self,
        buckets: NDArray[np.int64],
        targets: NDArray[np.int64],
        classes: NDArray[np.int64],
        random: np.random.Generator,
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Draw a text per row of about the length wanted, whatever the model thinks of its end.

        :param buckets: length bucket of each row, from 1 on.
        :param targets: length wanted within the bucket.
        :param classes: class of each row, -1 for none.
        :returns: the tokens of all rows one after the other, and their number per row.
        """
        low, high = bounds(buckets)
        length = np.zeros(len(buckets), dtype=np.int64)
        roots = self._roots(classes)
        states = self._begin(buckets, roots)
        fresh = [state.copy() for state in states]
        kinds = np.full(len(buckets), OPEN)
        active = np.arange(len(buckets))
        written: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        while len(active):
            room = high[active] - length[active]
            may_end = length[active] >= targets[active]
            token = self._next(states, kinds[active], room, may_end, random)
            early = (token == END) & ~may_end
            ended = ((token == END) & may_end) | ((token < 0) & (length[active] >= low[active]))
            stuck = (token < 0) & ~ended
            if stuck.any():
                token[stuck] = random.choice(self.fillers, int(stuck.sum()), p=self.filler_shares)
            token = np.where(early, self.blank, token)
            writes = ~ended
            rows = active[writes]
            written.append((rows, token[writes]))
            length[rows] += self.lengths[token[writes]]
            kinds[rows] = np.where(early[writes], OPEN, self.kinds[token[writes]])
            states = [
                np.where(early, start[active], follow(tree, state, token, root))[writes]
                for tree, state, start, root in zip(self.trees, states, fresh, roots, strict=True)
            ]
            roots = [root[writes] for root in roots]
            active = rows
            over = (length[active] >= high[active]) | (
                (length[active] >= targets[active])
                & (self._can_end(states) | (length[active] >= targets[active] * _SLACK + 4))
            )
            states = [state[~over] for state in states]
            roots = [root[~over] for root in roots]
            active = active[~over]
        return _by_row(written, len(buckets))

    def _roots(self, classes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Give each tree's root per row; -1 where the class is not known to the tree of classes."""
        return [classes if tree.roots > 1 else np.zeros(len(classes), np.int64) for tree in self.trees]

    def _begin(self, buckets: NDArray[np.int64], roots: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
        """Give the states after the length and the start of the text."""
        start = np.full(len(buckets), START, dtype=np.int64)
        marker = np.minimum(LENGTHS + buckets, FIRST_WORD - 1)
        states = []
        for tree, root in zip(self.trees, roots, strict=True):
            states.append(follow(tree, follow(tree, root, marker, root), start, root))
        return states

    def _next(
        self,
        states: Sequence[NDArray[np.int64]],
        kinds: NDArray[np.int64],
        room: NDArray[np.int64],
        may_end: NDArray[np.bool_],
        random: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Draw a token per row that fits; END is kept only when no other came; -1 where none fits."""
        token = self._once(states, kinds, random)
        for _ in range(_TRIES):
            again = np.flatnonzero(
                ((token == END) & ~may_end) | (self.lengths[np.maximum(token, 0)] > room) | (token < 0)
            )
            if not len(again):
                break
            token[again] = self._once([state[again] for state in states], kinds[again], random)
        return np.where(self.lengths[np.maximum(token, 0)] > room, -1, token)

    def _once(
        self, states: Sequence[NDArray[np.int64]], kinds: NDArray[np.int64], random: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw a token per row, run by run as :func:`.turns` says.

        What falls through a run of a class is meant for tokens that the run does not know (Katz, 1987), so a
        token that it knows is drawn again; runs of the common tree are interpolated.
        """
        token = np.full(len(states[0]), -1, dtype=np.int64)
        current = [state.copy() for state in states]
        passed = [np.full(len(token), -1, dtype=np.int64) for _ in states]
        for number, depth in turns(self.trees):
            tree, state = self.trees[number], current[number]
            here = np.flatnonzero((token < 0) & (state >= 0))
            left = here = here[tree.depth[state[here]] == depth]
            for _ in range(_TRIES):
                if not len(left):
                    break
                token[left] = self._of_run(tree, state[left], kinds[left], random)
                left = left[(token[left] >= 0) & self._known(passed, left, token)]
            if not (depth == 0 and tree.roots == 1):
                token[left] = -1
            passed[number][here] = state[here]
            state[here] = tree.suffix[state[here]]
        return token

    def _of_run(
        self, tree: Trie, states: NDArray[np.int64], kinds: NDArray[np.int64], random: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw from runs of one depth of one tree; -1 where the draw falls through."""
        uniform = random.random(len(states))
        root = tree.depth[states[0]] == 0
        if root and tree.roots == 1:
            return tree.draw_alone(kinds, uniform)
        drawn = tree.draw(states, uniform)
        return np.where(self.trees[-1].alone[kinds, drawn] > 0, drawn, -1) if root else drawn

    def _known(
        self, passed: Sequence[NDArray[np.int64]], rows: NDArray[np.int64], token: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Tell which tokens a run knows that the draw fell through; the last of a tree knows all that the others do."""
        known = np.zeros(len(rows), dtype=bool)
        for tree, nodes in zip(self.trees, passed, strict=True):
            there = np.flatnonzero(nodes[rows] >= 0) if tree.roots > 1 else rows[:0]
            known[there] |= tree.child(nodes[rows[there]], token[rows[there]]) >= 0
        return known

    def _can_end(self, states: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
        """Tell where the common tree has seen texts end after the last token."""
        tree, state = self.trees[-1], states[-1].copy()
        found = np.zeros(len(state), dtype=bool)
        end = np.full(len(state), END, dtype=np.int64)
        while (deep := tree.depth[state] > 0).any():
            found |= deep & (tree.child(state, end) >= 0)
            state = np.where(deep, tree.suffix[state], state)
        return found


def follow(
    tree: Trie, states: NDArray[np.int64], tokens: NDArray[np.int64], roots: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give the state after each token; rows without a root in the tree (-1) stay without."""
    result = np.full(len(states), -1, dtype=np.int64)
    here = np.flatnonzero(roots >= 0)
    result[here] = tree.after(states[here], tokens[here], roots[here])
    return result


def _by_row(
    written: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], rows: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Sort what was written, position by position, into rows."""
    if not written:
        return np.zeros(0, np.int32), np.zeros(rows, np.int64)
    row = np.concatenate([rows for rows, _ in written])
    token = np.concatenate([tokens for _, tokens in written])
    return token[np.argsort(row, kind="stable")].astype(np.int32), np.bincount(row, minlength=rows)
