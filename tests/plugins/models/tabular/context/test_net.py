"""The network of related tables: what it draws follows its log-shares, replaced ones too."""

from __future__ import annotations

import jax
import numpy as np

from semblant_models.tabular.context.net import Net
from semblant_models.tabular.layout import Layout
from semblant_models.tabular.network import IMPOSSIBLE, log_share_tables, parameter_shapes
from semblant_models.tabular.shape import Shape


def test_what_is_drawn_follows_replaced_shares() -> None:
    none = np.array([-1])
    layout = Layout(column=none + 1, field=none + 1, cardinality=none + 4, parent=none, ordered=none > 0, blocked=((),))
    shape = Shape.of(layout, embedding=4, hidden=8, flexible=False)
    arrays = {name: np.zeros(size, np.float32) for name, size in parameter_shapes(shape).items()}
    tables = log_share_tables(shape, layout, np.array([10, 10, 10]))
    net = Net(layout=layout, shape=shape, arrays=arrays, tables=tables, history=[], used={})
    nothing_seen = np.zeros((300, 0), np.int32)
    assert set(net.draw(jax.random.key(0), nothing_seen)[:, 0]) == {0, 1, 2}
    net.replace({"shares_0": np.array([[IMPOSSIBLE, 0.0, IMPOSSIBLE]], np.float32)})
    assert set(net.draw(jax.random.key(0), nothing_seen)[:, 0]) == {1}
