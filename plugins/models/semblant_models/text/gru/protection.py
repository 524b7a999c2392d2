"""Which tokens may come out: a class of rare words only when enough subjects hold one, and common words before all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from semblant_models.text.gru import words
from semblant_models.text.gru.vocabulary import END, FIRST_PIECE, FIRST_RARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from semblant_models.text.gru.gathered import Gathered
    from semblant_models.text.gru.vocabulary import Encoded

_MOST_REPLACED = 0.25
"""Share of words up to which rare ones in lower case are replaced by common ones."""
_NAMES = frozenset({"capital", "upper", "number"})
"""Kinds that are made up in any case: names and numbers, of which there are always new ones."""


def allowed_tokens(
    encoded: Sequence[Encoded], gathered: Gathered, size: int, least: int, rare_words: str
) -> NDArray[np.bool_]:
    """Tell which tokens may come out, shape (size,).

    :param rare_words: ``made up``, ``common``, or ``auto``: common words while at most a quarter is rare.
    """
    tokens = np.concatenate([one.tokens for one in encoded])
    rows = np.concatenate([one.rows for one in encoded])
    learned = ~gathered.validates[rows]
    tokens, rows = tokens[learned], rows[learned]
    held = pl.DataFrame({"token": tokens, "subject": gathered.subjects[rows]}).unique().group_by("token").len("held")
    counts = np.zeros(size, np.int64)
    counts[held["token"].to_numpy()] = held["held"].to_numpy()
    found = np.ones(size, bool)
    found[:FIRST_RARE] = False
    found[END] = True
    found[FIRST_RARE:FIRST_PIECE] = counts[FIRST_RARE:FIRST_PIECE] >= least
    replaced = np.array([words.describe(number)[1] not in _NAMES for number in range(words.RARE)])
    share = np.isin(tokens, FIRST_RARE + np.flatnonzero(replaced)).mean() if len(tokens) else 0.0
    if rare_words == "common" or (rare_words == "auto" and share <= _MOST_REPLACED):
        found[FIRST_RARE:FIRST_PIECE] &= ~replaced
    if not found[FIRST_RARE:].any():
        found[FIRST_RARE:FIRST_PIECE] = counts[FIRST_RARE:FIRST_PIECE] > 0
    return found
