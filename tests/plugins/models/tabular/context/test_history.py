"""What a row knows of the rows before it."""

from __future__ import annotations

import numpy as np

from semblant_models.tabular.context.history import Followed, History, histories, pace_codes, spare_codes
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


def test_rows_of_a_timed_sequence_see_how_many_steps_are_to_spare() -> None:
    timed = Followed(cardinality=(3,), ordered=(False,), timed=True, usual=2)
    tokens, starts, lengths = np.zeros((7, 1), np.int64), np.array([0, 4]), np.array([4, 3])
    ahead = np.array([6, 6, 4, 2, 8, 8, 0])
    found = histories(timed, tokens, starts, lengths, ahead)
    assert timed.places[4:] == (33, 117)
    # four rows two apart have none to spare; of three, one step took all the time and the last one finds none
    assert (found[:, 4] - 16).tolist() == [0, 0, 0, 0, 2, 2, -1]


def test_steps_to_spare_are_told_apart_up_to_eight_and_then_by_doublings() -> None:
    steps = np.full(8, 10)
    spare = spare_codes(np.array([0, 9, 10, 18, 19, 26, 27, 10**6]), steps, 1) - 16
    assert spare.tolist() == [-9, -1, 0, 8, 9, 9, 10, 16]


def test_the_pace_tells_steps_to_spare_and_steps_to_come_together() -> None:
    come = np.array([0, 1, 8, 9, 16, 17, 10**5])
    assert (pace_codes(come, come, 1) - 4).tolist() == [0, 9, 72, 81, 81, 90, 108]
    spare = np.array([-9, -4, -1, 0, 1, 4, 900])
    assert (pace_codes(3 * (10 + spare), np.full(7, 10), 3) - 81).tolist() == [0, 0, 3, 4, 5, 8, 8]
