"""The step *AI training* of a table below another one: pairs of either table of codes, measured and fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from semblant_models.marginal.mechanism import Rounds, learned
from semblant_models.marginal.network import Network
from semblant_models.marginal.related.model import RelatedMarginalModel
from semblant_models.marginal.selection import Limits
from semblant_models.privacy.preprocessing.kinds import Ranges

if TYPE_CHECKING:
    from semblant.run import Run
    from semblant.vocabulary import ModelSize
    from semblant_models.marginal.related.prepared import PreparedRelatedCodes
    from semblant_models.privacy.preprocessing.releases import Releases
    from semblant_models.privacy.preprocessing.table import TableCodes
    from semblant_models.settings import MarginalSettings

_LIMITS = Limits(clique_cells=2_000, table_cells=6_000, all_cells=30_000)
"""Every made row is conditioned on a row above it: smaller tables than where rows are drawn freely."""


def fit_related_codes(
    prepared: PreparedRelatedCodes,
    run: Run,
    releases: tuple[Releases, Releases],
    settings: MarginalSettings,
    size: ModelSize,
) -> RelatedMarginalModel:
    """Fit the number of rows given the row above, then the rows."""
    limits = min((Limits.of(size), _LIMITS), key=lambda one: one.all_cells)
    rounds = Rounds(selecting=settings.selection_share, limits=limits)
    total, networks, history, measured = 2 * rounds.steps, [], [], []
    for part, (name, codes) in enumerate((("above", prepared.above), ("below", prepared.below))):
        number = len(prepared.above.columns) - 1

        def told(done: int, before: int = part * rounds.steps) -> None:
            run.progress(min(before + done, total), total, unit="steps")

        fit, rounded = learned(
            prepared.codes(name),
            codes.columns,
            codes.rows,
            releases[part],
            prepared.left[part],
            rounds,
            about=frozenset({number}) if name == "above" else None,
            told=told,
            stopped=run.stop_training.is_set,
        )
        networks.append(Network.of(fit.tree()))
        base = float(part * rounds.steps)
        history += [{**entry.to_dict(), "step": base + entry.step} for entry in rounded]
        measured += [[codes.names[v] for v in clique] for step in rounded for clique in step.cliques]
    rows = rows_below(prepared.above)
    used = {
        "training_rows": rows,
        "measured": measured,
        "rows_per_subject": int(prepared.reach[1]),
        "rows": rows,
        "parameters": sum(table.size for network in networks for table in network.tables),
    }
    return RelatedMarginalModel(prepared.above, prepared.below, networks[0], networks[1], history, used)


def rows_below(above: TableCodes) -> int:
    """Give how many rows hang on all parents, by their noisy counts."""
    number = above.columns[-1]
    if not isinstance(number.cells, Ranges):
        return 0
    cells = number.cells
    middle = (cells.low + np.maximum(cells.high - 1, cells.low)) / 2
    return max(round(float((middle * number.counts[: len(middle)]).sum())), 0)
