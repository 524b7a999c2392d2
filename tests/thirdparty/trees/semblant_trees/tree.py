"""One column's tree: learned by scikit-learn (CART, Breiman et al., 1984), kept and walked as plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant_trees import TreesSettings
    from semblant_trees.columns import Coded

_NAMES = ("feature", "threshold", "left", "right", "leaf", "counts", "orders")


@frozen(kw_only=True, eq=False)
class Tree:
    """A tree over the codes of earlier columns, and in each leaf the counts of the column's own codes."""

    feature: np.ndarray
    """Column that a node asks for, int32, shape (nodes,); -1 in a leaf."""
    threshold: np.ndarray
    """Codes of a lower or equal place go left, float64, shape (nodes,)."""
    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    """Number of the leaf, int32, shape (nodes,); -1 in other nodes."""
    counts: np.ndarray
    """Training rows per leaf and code, int32, shape (leaves, codes)."""
    orders: np.ndarray
    """Place of each code of each earlier column in the tree's own order, float32, shape (columns, most codes)."""

    @classmethod
    def of_shares(cls, codes: np.ndarray, size: int) -> Tree:
        """Give a tree of one leaf: the column's own shares, whatever the others are."""
        one = np.zeros(1, np.int32)
        counts = np.bincount(codes, minlength=size).astype(np.int32)[None, :]
        orders = np.zeros((0, 0), np.float32)
        return cls(feature=one - 1, threshold=np.zeros(1), left=one, right=one, leaf=one, counts=counts, orders=orders)

    @classmethod
    def learn(cls, codes: np.ndarray, columns: Sequence[Coded], settings: TreesSettings, seed: int) -> Tree:
        """Learn the last column from those before it.

        :param codes: int32, shape (rows, columns); the last one is learned.
        """
        *earlier, target = columns
        wanted = codes[:, -1]
        if not earlier or len(codes) < 2 * settings.min_leaf_rows or wanted.min() == wanted.max():
            return cls.of_shares(wanted, target.size)
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        orders = _orders(codes, earlier, target)
        places = orders[np.arange(len(earlier))[None, :], codes[:, :-1]]
        kind = DecisionTreeRegressor if target.ordered else DecisionTreeClassifier
        learner = kind(
            min_samples_leaf=settings.min_leaf_rows, max_leaf_nodes=settings.max_leaves, random_state=seed % 2**32
        )
        learner.fit(places, _aim(wanted, target))
        tree = learner.tree_
        inner = tree.children_left >= 0
        leaf = np.where(inner, -1, np.cumsum(~inner) - 1).astype(np.int32)
        counts = np.zeros((int((~inner).sum()), target.size), np.int32)
        np.add.at(counts, (leaf[learner.apply(places)], wanted), 1)
        return cls(
            feature=np.where(inner, tree.feature, -1).astype(np.int32),
            threshold=tree.threshold.astype(np.float64),
            left=tree.children_left.astype(np.int32),
            right=tree.children_right.astype(np.int32),
            leaf=leaf,
            counts=counts,
            orders=orders,
        )

    def chances(self, codes: np.ndarray, smoothing: float) -> np.ndarray:
        """Give the chance of each code, float64, shape (rows, codes), for codes of the earlier columns."""
        nodes = np.zeros(len(codes), np.int32)
        rows = np.flatnonzero(self.feature[nodes] >= 0)
        while len(rows):
            at = nodes[rows]
            asked = self.feature[at]
            places = self.orders[asked, codes[rows, asked]]
            nodes[rows] = np.where(places <= self.threshold[at], self.left[at], self.right[at])
            rows = rows[self.feature[nodes[rows]] >= 0]
        whole = self.counts.sum(axis=0, dtype=np.float64)
        counts = self.counts[self.leaf[nodes]] + smoothing * whole / max(whole.sum(), 1.0)
        chances: np.ndarray = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
        return chances

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the arrays by name."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Tree:
        """Read what :meth:`arrays` gave."""
        return cls(**{name: arrays[name] for name in _NAMES})


def _aim(wanted: np.ndarray, target: Coded) -> np.ndarray:
    """Give what the splits are to tell apart: classes, or the place on the scale and whether the value is missing."""
    if not target.ordered:
        return wanted
    missing = wanted == 0
    scale = np.where(missing, wanted[~missing].mean() if (~missing).any() else 0.0, wanted).astype(np.float64)
    aims = np.stack([scale, missing], axis=1).astype(np.float64)
    spread = aims.std(axis=0)
    return aims / np.where(spread > 0, spread, 1.0)


def _orders(codes: np.ndarray, earlier: Sequence[Coded], target: Coded) -> np.ndarray:
    """Put the categories of each earlier column into an order that serves the target.

    By the first principal component of the target's shares per category (Coppersmith, Hong and Hosking,
    1999); numbers have their own order.
    """
    orders = np.tile(np.arange(max(column.size for column in earlier), dtype=np.float32), (len(earlier), 1))
    wanted = codes[:, -1]
    for place, column in enumerate(earlier):
        if column.ordered or column.size <= 3:  # two categories have one order
            continue
        counts = np.zeros((column.size, target.size))
        np.add.at(counts, (codes[:, place], wanted), 1.0)
        rows = counts.sum(axis=1, keepdims=True)
        shares = counts / np.maximum(rows, 1.0) - counts.sum(axis=0) / max(len(codes), 1)
        _, _, axes = np.linalg.svd(np.sqrt(rows) * shares, full_matrices=False)
        axis = axes[0] * np.sign(axes[0][np.abs(axes[0]).argmax()])
        orders[place, np.argsort(shares @ axis, kind="stable")] = np.arange(column.size, dtype=np.float32)
    return orders
