"""What report sections measure: original, synthetic and holdout data as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from semblant.privacy import PrivacyAccount
    from semblant.protocols import Model
    from semblant.schema import Schema
    from semblant.training import ColumnPlan


@frozen(kw_only=True)
class TableData:
    """A table that can be read in part.

    ``load(columns, max_rows)`` gives at most ``max_rows`` rows, a uniform sample drawn with the
    report's seed, always the same rows for the same table.
    """

    name: str
    rows: int
    load: Callable[[tuple[str, ...] | None, int | None], pa.Table]


@frozen(kw_only=True)
class Database:
    """Tables by name, with their schema."""

    schema: Schema
    tables: Mapping[str, TableData]


@frozen(kw_only=True)
class ReportLimits:
    """How many columns each family of figures shows at most; None is no limit."""

    univariate: int | None = None
    bivariate: int | None = None
    knn: int | None = None
    phik: int | None = None


@frozen(kw_only=True)
class ReportInputs:
    """All that a section may look at; what there is not is None or empty."""

    title: str
    original: Database
    """The training rows."""
    synthetic: Database
    holdout: Database | None = None
    holdout_reason: str = ""
    """Where the holdout comes from, or why there is none."""
    copied: frozenset[str] = frozenset()
    """Original tables: copied unchanged, not measured."""
    originals: Database | None = None
    """Their rows, where rules of other tables look at them."""
    columns: Mapping[str, tuple[ColumnPlan, ...]] = field(factory=dict)
    """Per table the columns that were learned."""
    limits: ReportLimits = field(factory=ReportLimits)
    targets: tuple[str, ...] = ()
    """Columns that are predicted to measure utility, ``column`` or ``table.column``; chosen by the section if empty."""
    spec: Mapping[str, Any] | None = None
    """The effective spec as plain data, secrets as references."""
    history: Mapping[str, list[Mapping[str, float]]] = field(factory=dict)
    settings_used: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    timings: Mapping[str, float] = field(factory=dict)
    models: Mapping[str, Model] = field(factory=dict)
    privacy: PrivacyAccount | None = None
    ledger: Mapping[str, Any] = field(factory=dict)
    """What all private jobs on the source have spent: ``jobs``, ``epsilon``, ``delta``; empty without privacy."""
    seed: int = 0
    min_subjects: int = 10
    """No category held by fewer subjects is shown."""
