"""Runs of tokens as a tree of arrays: which exist, what may follow them, and their longest known ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from semblant_models.text.ngram.tokens import FIRST_WORD, LENGTHS, START

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_TELLING = 2
KINDS = 3
"""Kinds of tokens: see :data:`.tokens.SPELLING`."""
DISCOUNT = 0.05
"""Taken from every count and given to shorter runs (absolute discounting, Ney, Essen and Kneser, 1994).

Small, because what follows a run in fewer texts than are asked for goes to shorter runs anyway.
"""


@frozen(eq=False)
class Trie:
    """All runs of up to ``order`` tokens that enough subjects hold, below one root per context class.

    Nodes ``0 … roots-1`` are roots; a node above is a run: its parent (the run without its last token),
    its last token, its suffix (the run without its first token; a root's is -1). Nodes are sorted
    by parent and token, so that children are found by binary search.
    """

    order: int
    vocabulary: int
    roots: int
    parent: NDArray[np.int64]
    token: NDArray[np.int64]
    suffix: NDArray[np.int64]
    depth: NDArray[np.int64]
    probability: NDArray[np.float64]
    """Discounted P(token | parent), shape (nodes - roots,), aligned with the nodes above the roots."""
    keys: NDArray[np.int64]
    cumulative: NDArray[np.float64]
    first: NDArray[np.int64]
    """First child per node, as an index into ``keys``; one more entry than nodes."""
    alone: NDArray[np.float64]
    """P(token) by the kind of the token before it, shape (3, vocabulary)."""
    alone_edges: NDArray[np.float64]

    @classmethod
    def build(
        cls,
        tokens: NDArray[np.int32],
        rows: NDArray[np.int64],
        subjects: NDArray[np.int64],
        classes: NDArray[np.int64],
        *,
        roots: int,
        vocabulary: int,
        order: int,
        least: int,
        kinds: NDArray[np.int64],
    ) -> Trie:
        """Count the runs.

        :param tokens: token numbers of all texts one after the other, each with its start and end.
        :param rows: row of each token, ascending.
        :param subjects: number of the subject of each row, from 0.
        :param classes: class of each row, -1 for rows to be left out.
        :param roots: number of classes.
        :param least: subjects that must hold a run.
        :param kinds: kind of each token number, shape (vocabulary,).
        """
        at = np.flatnonzero(classes[rows] >= 0)
        node = np.full(len(tokens) + 1, -1, dtype=np.int64)
        totals = np.bincount(classes[rows[at]], minlength=roots)
        parent, suffix = classes[rows[at]].astype(np.int64), classes[rows[at]].astype(np.int64)
        found: dict[str, list[NDArray[np.int64]]] = {
            name: [] for name in ("parent", "token", "suffix", "depth", "count")
        }
        nodes, width = roots, int(subjects.max(initial=0)) + 1
        before = np.concatenate([[0], kinds[tokens[:-1]]])[at].astype(np.int64)
        alone = _alone(before * vocabulary + tokens[at], subjects[rows[at]], KINDS * vocabulary, least)
        for depth in range(1, order + 1):
            keys, one, inverse = np.unique(
                parent * vocabulary + tokens[at + depth - 1], return_index=True, return_inverse=True
            )
            held = _holders(inverse * width + subjects[rows[at]], width, len(keys))
            common = held >= least
            if not common.any():
                break
            number = np.where(common, nodes + np.cumsum(common) - 1, -1)
            found["parent"].append(keys[common] // vocabulary)
            found["token"].append(keys[common] % vocabulary)
            found["suffix"].append(suffix[one[common]])
            found["depth"].append(np.full(int(common.sum()), depth))
            found["count"].append(np.bincount(inverse, minlength=len(keys))[common])
            nodes += int(common.sum())
            node[:] = -1
            node[at] = number[inverse]
            at = at[(node[at] >= 0) & (at + depth < len(tokens))]
            at = at[(rows[at] == rows[at + depth]) & (node[at + 1] >= 0)]
            parent, suffix = node[at], node[at + 1]
        arrays = {name: np.concatenate([np.zeros(0, np.int64), *parts]) for name, parts in found.items()}
        count = np.concatenate([totals, arrays.pop("count")])
        total = count[arrays["parent"]].astype(np.float64)
        probability = (count[roots:] - DISCOUNT) / np.maximum(total, 1.0)
        starts = (arrays["parent"] < roots) & _begins(arrays["token"])
        return cls._of(
            arrays, np.where(starts, 0.0, probability), alone.reshape(KINDS, vocabulary), order=order, roots=roots
        )

    @classmethod
    def _of(
        cls,
        arrays: Mapping[str, NDArray[np.int64]],
        probability: NDArray[np.float64],
        alone: NDArray[np.float64],
        *,
        order: int,
        roots: int,
    ) -> Trie:
        parent, token, vocabulary = arrays["parent"], arrays["token"], alone.shape[1]
        keys = parent * vocabulary + token
        above = np.zeros(roots, dtype=np.int64)
        return cls(
            order,
            vocabulary,
            roots,
            parent,
            token,
            np.concatenate([above - 1, arrays["suffix"]]),
            np.concatenate([above, arrays["depth"]]),
            probability,
            keys,
            np.cumsum(probability),
            np.searchsorted(parent, np.arange(roots + len(keys) + 1)),
            alone,
            np.cumsum(alone, axis=1),
        )

    def arrays(self) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
        """Give what :meth:`restore` needs."""
        return {
            **self._arrays(),
            "probability": self.probability,
            "alone": self.alone,
            "shape": np.array([self.order, self.roots]),
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[np.int64]]) -> Trie:
        """Make a tree from :meth:`arrays`."""
        order, roots = (int(number) for number in arrays["shape"])
        probability, alone = (arrays[name].astype(np.float64) for name in ("probability", "alone"))
        return cls._of(arrays, probability, alone, order=order, roots=roots)

    def sharpened(self, temperature: float, top_p: float) -> Trie:
        """Give a tree whose runs are drawn with a temperature and, per parent, only the likeliest ``top_p``."""
        if temperature == 1.0 and top_p == 1.0:
            return self
        nodes = self.roots + len(self.keys)
        mass = np.bincount(self.parent, self.probability, minlength=nodes)
        peak = np.zeros(nodes)
        np.maximum.at(peak, self.parent, self.probability)
        weight = (self.probability / np.maximum(peak[self.parent], 1e-300)) ** (1.0 / temperature)
        if top_p < 1.0:
            weight = _nucleus(weight, self.parent, nodes, top_p)
        scale = mass / np.maximum(np.bincount(self.parent, weight, minlength=nodes), 1e-300)
        alone = self.alone ** (1.0 / temperature)
        if top_p < 1.0:
            group = np.repeat(np.arange(KINDS), self.vocabulary)
            alone = _nucleus(alone.reshape(-1), group, KINDS, top_p).reshape(alone.shape)
        alone = alone / np.maximum(alone.sum(axis=1, keepdims=True), 1e-300)
        return self._of(self._arrays(), weight * scale[self.parent], alone, order=self.order, roots=self.roots)

    def shortened(self, order: int) -> Trie:
        """Give the tree of runs of at most ``order`` tokens."""
        kept = self.depth[self.roots :] <= order
        arrays = {name: values[kept] for name, values in self._arrays().items()}
        return self._of(arrays, self.probability[kept], self.alone, order=min(order, self.order), roots=self.roots)

    def _arrays(self) -> dict[str, NDArray[np.int64]]:
        return {
            "parent": self.parent,
            "token": self.token,
            "suffix": self.suffix[self.roots :],
            "depth": self.depth[self.roots :],
        }

    def draw(self, nodes: NDArray[np.int64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the token that follows each node, or -1 where the draw falls to the shorter run."""
        low, high = self.first[nodes], self.first[nodes + 1]
        below = np.where(low > 0, self.cumulative[low - 1], 0.0) if len(self.keys) else np.zeros(len(nodes))
        if not len(self.keys):
            return np.full(len(nodes), -1, dtype=np.int64)
        index = np.searchsorted(self.cumulative, below + uniform, side="right")
        return np.where(index < high, self.token[np.minimum(np.maximum(index, low), len(self.keys) - 1)], -1)

    def draw_alone(self, kinds: NDArray[np.int64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give a token that depends on nothing but the kind of the one before; -1 where there is none."""
        token = np.full(len(uniform), -1, dtype=np.int64)
        for kind in range(KINDS):
            edges = self.alone_edges[kind]
            here = np.flatnonzero(kinds == kind)
            if len(here) and edges[-1] > 0:
                drawn = np.searchsorted(edges, uniform[here] * edges[-1], side="right")
                token[here] = np.minimum(drawn, len(edges) - 1)
        return token

    def allowed(self, follows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Give the mass of each root's tokens that may follow each kind, shape (roots, kinds)."""
        top = np.flatnonzero(self.parent < self.roots)
        mass = np.zeros((self.roots, len(follows)))
        for kind, may in enumerate(follows):
            weight = np.where(may[self.token[top]], self.probability[top], 0.0)
            mass[:, kind] = np.bincount(self.parent[top], weight, minlength=self.roots)
        return mass

    def mass(self, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the probability that a node's own children have together."""
        edges = np.concatenate([[0.0], self.cumulative])
        mass: NDArray[np.float64] = edges[self.first[nodes + 1]] - edges[self.first[nodes]]
        return mass

    def child(self, nodes: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the node of each run made longer by a token, or -1."""
        keys = nodes * self.vocabulary + tokens
        index = np.searchsorted(self.keys, keys)
        hit = index < len(self.keys)
        hit[hit] = self.keys[index[hit]] == keys[hit]
        return np.where(hit, index + self.roots, -1)

    def after(self, nodes: NDArray[np.int64], tokens: NDArray[np.int64], roots: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the longest known run, shorter than ``order``, that ends with each token."""
        result = roots.copy()
        waiting, current = np.arange(len(nodes)), nodes
        while len(waiting):
            child = self.child(current, tokens[waiting])
            hit = child >= 0
            result[waiting[hit]] = child[hit]
            current = self.suffix[current[~hit]]
            waiting = waiting[~hit]
            waiting, current = waiting[current >= 0], current[current >= 0]
        return np.where(self.depth[result] >= self.order, self.suffix[result], result)


def _nucleus(weight: NDArray[np.float64], group: NDArray[np.int64], groups: int, top_p: float) -> NDArray[np.float64]:
    """Set the weights to 0 that follow those which reach the share ``top_p`` of their group; groups are sorted."""
    ranked = np.lexsort((-weight, group))
    share = weight[ranked] / np.maximum(np.bincount(group, weight, minlength=groups), 1e-300)[group[ranked]]
    before = np.cumsum(share) - share
    before -= before[np.searchsorted(group, group[ranked])]
    kept = weight.copy()
    kept[ranked[before >= top_p - 1e-9]] = 0.0
    return kept


def turns(trees: Sequence[Trie]) -> list[tuple[int, int]]:
    """Give (number of the tree, depth) in the order in which runs are asked for the next token.

    Longer runs come first. A run of two tokens that knows the class comes before all that do not: what
    a text is about matters more than two words more of its past.
    """
    depths = range(max(tree.order for tree in trees) - 1, -1, -1)
    plain = [(number, depth) for depth in depths for number in range(len(trees))]
    return sorted(plain, key=lambda turn: not (turn[1] >= _TELLING and trees[turn[0]].roots > 1))


def _begins(tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which tokens only begin a text and are never drawn."""
    return np.asarray((tokens == START) | ((tokens >= LENGTHS) & (tokens < FIRST_WORD)))


def _holders(pairs: NDArray[np.int64], width: int, size: int) -> NDArray[np.int64]:
    """Count the subjects of each key from ``key * width + subject``; sorting beats hashing here."""
    pairs = np.sort(pairs)
    distinct = pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])] if len(pairs) else pairs
    return np.bincount(distinct // width, minlength=size)


def _alone(keys: NDArray[np.int64], subjects: NDArray[np.int64], size: int, least: int) -> NDArray[np.float64]:
    """Give the shares of tokens, by kind, among those that enough subjects hold."""
    width = int(subjects.max(initial=0)) + 1
    holders = _holders(keys * width + subjects, width, size)
    counts = np.where(holders >= least, np.bincount(keys, minlength=size), 0).reshape(KINDS, -1).astype(np.float64)
    counts[:, _begins(np.arange(size // KINDS))] = 0.0
    shares: NDArray[np.float64] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return shares.reshape(-1)
