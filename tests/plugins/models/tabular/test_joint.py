"""Members are learned with their groups: columns of many categories keep what they have to do with each other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semblant_models.tabular.encodings.encoding import Field
from semblant_models.tabular.layout import Layout
from semblant_models.tabular.model import TabularModel
from tests.plugins.models.tabular.making import drawn, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

VALUES, ROWS = 400, 12_000
PARTNER = np.random.default_rng(5).permutation(VALUES)


def _table() -> pa.Table:
    """Two columns of codes without order: four of five rows have the partner of the first in the second."""
    rng = np.random.default_rng(1)
    first = rng.integers(0, VALUES, ROWS)
    second = np.where(rng.random(ROWS) < 0.8, PARTNER[first], rng.integers(0, VALUES, ROWS))
    return pa.table({name: pa.array([f"c{v:03d}" for v in part]) for name, part in (("a", first), ("b", second))})


def _together(model: TabularModel, folder: Path) -> float:
    """Give the share of drawn rows whose second code is the partner of the first."""
    rows = drawn(model, folder, rows=4_000)
    first, second = (np.array([int(v[1:]) for v in rows.column(name).to_pylist()]) for name in "ab")
    return float(np.mean(PARTNER[first] == second))


def test_partners_among_many_categories_stay_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained(training_table(_table()), tmp_path / "joint", max_epochs=8)
    assert len(model.shape.joint) == 2
    with_groups = _together(model, tmp_path / "joint")
    model.save(tmp_path / "joint")
    again = TabularModel.load(tmp_path / "joint")
    assert again.shape == model.shape
    assert _together(again, tmp_path / "joint") == with_groups
    monkeypatch.setattr(Layout, "joint", ())
    without = _together(trained(training_table(_table()), tmp_path / "apart", max_epochs=8), tmp_path / "apart")
    assert with_groups > 0.5
    assert with_groups > without + 0.1


def test_only_as_many_pairs_are_learned_as_there_is_room_for() -> None:
    def groups(group: int, members: int) -> Any:
        return SimpleNamespace(fields=(Field(cardinality=group), Field(cardinality=members, phase=1, parent=0)))

    few, many, huge = groups(20, 20), groups(200, 200), groups(250, 1000)
    ordered: Any = SimpleNamespace(fields=(Field(cardinality=9), Field(cardinality=9, phase=1, parent=0, ordered=True)))
    layout = Layout.of([huge, many, few, many, ordered])
    assert [int(layout.column[token]) for token in layout.joint] == [1, 2]
