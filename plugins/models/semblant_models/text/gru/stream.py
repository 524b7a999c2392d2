"""Texts side by side: each lane is one long row of texts, cut into windows, the state carried along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from semblant_models.text.gru.network import SLACK, left_codes
from semblant_models.text.gru.vocabulary import END, START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@frozen(eq=False)
class Texts:
    """Encoded texts with what each is given."""

    tokens: NDArray[np.int32]
    characters: NDArray[np.int32]
    starts: NDArray[np.int64]
    """Where each text begins among the tokens, and the end of the last one; shape (texts + 1,)."""
    codes: NDArray[np.int32]
    """Conditions per text, shape (texts, columns)."""
    recalled: NDArray[np.int32]
    """Tokens of texts before, shape (texts, RECALLED)."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, chosen: NDArray[np.int64]) -> Texts:
        """Give some of the texts, in this order."""
        counts = np.diff(self.starts)[chosen]
        starts = np.concatenate([[0], np.cumsum(counts)])
        places = np.arange(starts[-1]) - np.repeat(starts[:-1] - self.starts[chosen], counts)
        return Texts(self.tokens[places], self.characters[places], starts, self.codes[chosen], self.recalled[chosen])


@frozen(eq=False)
class Windows:
    """Windows of a stream; arrays of shape (windows, time, lanes)."""

    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]
    """-1 where there is none."""
    left: NDArray[np.int32]
    """Code of the characters that are left."""
    place: NDArray[np.int32]
    """Which of the window's texts."""
    texts: NDArray[np.int32]
    """The texts of each window, shape (windows, most texts)."""

    def __len__(self) -> int:
        return len(self.inputs)


def most_texts(texts: Texts, time: int, lanes: int) -> int:
    """Give how many texts a window can hold at most, a multiple of 64."""
    lengths = np.sort(np.diff(texts.starts) + 1)
    per_lane = int(np.searchsorted(np.cumsum(lengths), time)) + 2
    return -(-min(per_lane * lanes, time * lanes) // 64) * 64


def windows_of(
    texts: Texts,
    order: NDArray[np.int64],
    time: int,
    lanes: int,
    most: int,
    random: np.random.Generator | None = None,
) -> Windows:
    """Lay texts out in the given order.

    With ``random`` a text's length is told up to ``1 / SLACK`` wrongly, so that the network ends texts where a
    sentence ends near that length, and not in its middle.
    """
    counts = np.diff(texts.starts)[order]
    ends = np.cumsum(counts + 1)
    total = int(ends[-1]) if len(ends) else 0
    begins = ends - counts - 1
    inside = np.ones(total, bool)
    inside[begins] = False
    places = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts - texts.starts[order], counts)
    inputs = np.full(total, START, np.int32)
    inputs[inside] = texts.tokens[places]
    targets = np.full(total, END, np.int32)
    shifted = np.ones(total, bool)
    shifted[ends - 1] = False
    targets[shifted] = texts.tokens[places]
    before = np.cumsum(np.concatenate([[0], texts.characters[places]]))
    whole = np.repeat(before[np.cumsum(counts)] - before[np.cumsum(counts) - counts], counts + 1)
    if random is not None:
        wrong = np.repeat(random.uniform(-1.0 / SLACK, 1.0 / SLACK, len(counts)), counts + 1)
        whole = np.maximum(np.rint(whole * (1.0 + wrong)).astype(np.int64), 1)
    written = np.zeros(total, np.int64)
    written[inside] = texts.characters[places]
    written = np.cumsum(written)
    written -= np.repeat(written[begins], counts + 1) if total else 0
    left = left_codes(whole - written)
    owner = np.repeat(order, counts + 1)
    steps = -(-total // lanes)
    windows = max(-(-steps // time), 1)
    size = windows * time * lanes

    def laid(values: NDArray[np.int32], fill: int) -> NDArray[np.int32]:
        out = np.full(size, fill, np.int32)
        out[: len(values)] = values
        return np.ascontiguousarray(out.reshape(lanes, windows, time).transpose(1, 2, 0))

    owners = laid(owner.astype(np.int32), -1)
    texts_ = np.zeros((windows, most), np.int32)
    place = np.zeros_like(owners)
    for number in range(windows):
        found, where = np.unique(owners[number], return_inverse=True)
        texts_[number, : len(found)] = np.maximum(found, 0)
        place[number] = where.reshape(owners[number].shape)
    return Windows(laid(inputs, START), laid(targets, -1), laid(left, 0), place, texts_)


def joined(parts: Sequence[Texts]) -> Texts:
    """Put texts of several columns together."""
    counts = np.concatenate([np.diff(part.starts) for part in parts])
    return Texts(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.characters for part in parts]),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.recalled for part in parts]),
    )
