"""References to lookups as tokens."""

from __future__ import annotations

import numpy as np
import pytest

from semblant.training import NO_ROW, NOWHERE
from semblant_models.tabular.context.reference import LARGEST_GROUP, Reference


@pytest.mark.parametrize("rows", [1, 3, 250, 5000, 70_000])
def test_every_row_null_and_nowhere_come_back(rows: int) -> None:
    rng = np.random.default_rng(rows)
    numbers = np.concatenate([np.arange(rows), [NO_ROW, NOWHERE]])
    reference = Reference.fit(numbers, rng.normal(size=(rows, 4)))
    tokens = reference.encode(numbers)
    assert (reference.decode(tokens) == numbers).all()
    again = Reference.from_dict(reference.to_dict())
    assert (again.decode(tokens) == numbers).all()


def test_rows_of_like_content_share_a_group() -> None:
    price = np.repeat(np.arange(20.0), 40)[:, None]
    reference = Reference.fit(np.arange(800), price)
    assert reference.group_of is not None
    within = [len(np.unique(price[reference.group_of == g])) for g in np.unique(reference.group_of)]
    assert max(within) <= 3, "groups mix rows that are unlike"
    assert np.bincount(reference.group_of).max() <= LARGEST_GROUP
