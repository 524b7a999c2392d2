"""Which row of a lookup a row refers to, as tokens: one for few rows, else a group of like rows and its member.

Groups are made by content, halving along the direction in which the rows differ most, so that what
is learned about a group holds for rows that are alike. How often each row is referred to is fixed
from the start (see :class:`Layout`).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from attrs import define

from semblant.training import NO_ROW, NOWHERE
from semblant_models.tabular.encodings.encoding import Field

ONE_TOKEN = 250
LARGEST_GROUP = 250


@define(eq=False)
class Reference:
    """A foreign key to rows that stay as they are.

    Codes of the first token: null and nowhere where they occur, then rows or groups.

    >>> key = Reference.fit(np.array([0, 2, -1]), np.eye(3))
    >>> key.decode(key.encode(np.array([2, -1]))).tolist()
    [2, -1]
    """

    kind: ClassVar[str] = "reference"

    rows: int
    null: bool
    nowhere: bool
    group_of: np.ndarray | None = None
    """Group of each row, shape (rows,); None where one token is enough."""
    place_of: np.ndarray | None = None
    """Place of each row within its group."""

    @classmethod
    def fit(cls, numbers: np.ndarray, content: np.ndarray) -> Reference:
        """Learn which codes occur; ``content`` describes the lookup's rows, float, shape (rows, n)."""
        rows = len(content)
        null, nowhere = bool((numbers == NO_ROW).any()), bool((numbers == NOWHERE).any())
        if rows <= ONE_TOKEN:
            return cls(rows=rows, null=null, nowhere=nowhere)
        uses = np.bincount(numbers[numbers >= 0], minlength=rows)
        group = _groups(content, uses)
        return cls(rows=rows, null=null, nowhere=nowhere, group_of=group, place_of=_places(group))

    @property
    def extra(self) -> int:
        """Codes before the first row or group."""
        return int(self.null) + int(self.nowhere)

    @property
    def fields(self) -> tuple[Field, ...]:
        """One token, or two: group and member."""
        if self.group_of is None or self.place_of is None:
            size = self.rows + self.extra
            return (Field(cardinality=size),) if size > 1 else ()
        return (
            Field(cardinality=int(self.group_of.max()) + 1 + self.extra),
            Field(cardinality=int(self.place_of.max()) + 1, parent=0),
        )

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """Give int32 tokens for row numbers; what never occurred in training becomes the first row."""
        tokens = np.zeros((len(numbers), len(self.fields)), np.int32)
        if not tokens.shape[1]:
            return tokens
        row = np.maximum(numbers, 0)
        if self.group_of is None or self.place_of is None:
            tokens[:, 0] = row + self.extra
        else:
            tokens[:, 0] = self.group_of[row] + self.extra
            tokens[:, 1] = self.place_of[row]
        for code, number, there in ((0, NO_ROW, self.null), (int(self.null), NOWHERE, self.nowhere)):
            if there:
                tokens[numbers == number] = 0
                tokens[numbers == number, 0] = code
        return tokens

    def decode(self, tokens: np.ndarray) -> np.ndarray:
        """Give row numbers, int64."""
        if tokens.shape[1] == 0:
            return np.full(len(tokens), 0 if self.rows else (NO_ROW if self.null else NOWHERE), np.int64)
        first = tokens[:, 0].astype(np.int64)
        if self.group_of is None or self.place_of is None:
            out = first - self.extra
        else:
            order = np.lexsort((self.place_of, self.group_of))
            starts = np.searchsorted(self.group_of[order], np.arange(int(self.group_of.max()) + 2))
            group = np.maximum(first - self.extra, 0)
            out = order[np.minimum(starts[group] + tokens[:, 1], starts[group + 1] - 1)]
        if self.null:
            out = np.where(first == 0, NO_ROW, out)
        if self.nowhere:
            out = np.where(first == int(self.null), NOWHERE, out)
        return np.asarray(out, np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "rows": self.rows,
            "null": self.null,
            "nowhere": self.nowhere,
            "groups": None if self.group_of is None else self.group_of.tolist(),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Reference:
        """Take back what :meth:`to_dict` gave."""
        group = None if state["groups"] is None else np.array(state["groups"], np.int64)
        return cls(
            rows=int(state["rows"]),
            null=bool(state["null"]),
            nowhere=bool(state["nowhere"]),
            group_of=group,
            place_of=None if group is None else _places(group),
        )


def _places(group: np.ndarray) -> np.ndarray:
    order = np.argsort(group, kind="stable")
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    return place


def _groups(content: np.ndarray, uses: np.ndarray) -> np.ndarray:
    """Halve the rows, by mass of use, until there are enough groups and none is too large."""
    wanted = int(np.clip(np.ceil(np.sqrt(len(content))), 16, LARGEST_GROUP))
    mass = np.sqrt(uses + 0.1)
    group = np.zeros(len(content), np.int64)
    loads, sizes = [float(mass.sum())], [len(content)]
    while len(loads) < wanted or max(sizes) > LARGEST_GROUP:
        large = int(np.argmax(sizes))
        pick = large if sizes[large] > LARGEST_GROUP else int(np.argmax(np.where(np.array(sizes) > 1, loads, -1.0)))
        if sizes[pick] < 2:
            break
        rows = np.flatnonzero(group == pick)
        upper = rows[_upper(content[rows], mass[rows])]
        group[upper] = len(loads)
        loads.append(float(mass[upper].sum()))
        sizes.append(len(upper))
        loads[pick] -= loads[-1]
        sizes[pick] -= sizes[-1]
    return group


def _upper(content: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Tell which rows belong to the upper half along the first principal component."""
    centred = content - content.mean(axis=0)
    direction = np.ones(centred.shape[1])
    for _ in range(8):
        direction = centred.T @ (centred @ direction)
        norm = float(np.linalg.norm(direction))
        if norm == 0:
            break
        direction /= norm
    order = np.argsort(centred @ direction, kind="stable")
    total = np.cumsum(mass[order])
    cut = int(np.clip(np.searchsorted(total, total[-1] / 2), 1, len(order) - 1))
    upper = np.zeros(len(order), bool)
    upper[order[cut:]] = True
    return upper
