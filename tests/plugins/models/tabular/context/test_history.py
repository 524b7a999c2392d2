"""What a row knows of the rows before it."""

from __future__ import annotations

import numpy as np

from semblant_models.tabular.context.history import Followed, History, histories
from semblant_models.tabular.context.shape import CENTRE, UNIT, to_codes

FOLLOWED = Followed(cardinality=(11, 3), ordered=(True, False))


def test_a_row_sees_the_row_before_and_running_figures_of_its_own_sequence_only() -> None:
    tokens = np.array([[10, 0], [0, 1], [5, 2], [2, 1]])
    found = histories(FOLLOWED, tokens, starts=np.array([0, 3]), lengths=np.array([3, 1]))
    places, before = found[:, :3], found[:, 3:5]
    assert places.tolist() == [[3, 0, 2], [3, 1, 1], [3, 2, 0], [1, 0, 0]]
    assert before.tolist() == [[0, 0], [11, 1], [1, 2], [0, 0]]
    mean = (found[:, 8] - CENTRE) / UNIT
    assert mean.round(3).tolist() == [0.0, 1.0, 0.5, 0.0]
    shares = (found[:, -3:] - CENTRE) / UNIT
    assert shares[2].round(2).tolist() == [0.5, 0.5, 0.0]


def test_generation_sees_step_by_step_what_training_saw() -> None:
    rng = np.random.default_rng(0)
    lengths = np.array([5, 1, 9])
    tokens = np.stack([rng.integers(0, 11, 15), rng.integers(0, 3, 15)], axis=1)
    starts = np.array([0, 5, 6])
    known = histories(FOLLOWED, tokens, starts, lengths)
    for start, length in zip(starts, lengths, strict=True):
        state = History(followed=FOLLOWED, lengths=np.array([length]))
        for step in range(length):
            codes, dense = state.context()
            row = np.concatenate([codes.astype(np.int16), to_codes(dense)], axis=1)
            assert (row[0] == known[start + step]).all()
            state.add(tokens[[start + step]])
