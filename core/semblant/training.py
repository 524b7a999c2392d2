"""What a model backend gets: the table to learn, and what to generate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from semblant.vocabulary import ColumnTreatment, EncodingType, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    import pyarrow as pa


@frozen(kw_only=True)
class ColumnPlan:
    """One column to be learned: its type, role, encoding and treatment.

    Primary keys never appear here: the engine makes them.
    """

    name: str
    type: pa.DataType
    encoding: EncodingType
    reason: str = ""
    """Why this encoding was chosen, in words."""
    role: Role = Role.FEATURE
    treatment: ColumnTreatment = ColumnTreatment.SYNTHESIZE
    sensitive: bool = False
    rebalance: bool = False
    """Its shares may be set at generation: a backend puts it early in its order."""
    options: Mapping[str, Any] = field(factory=dict)
    """Extra settings of the column from the spec (``decimals``, ``values``, …)."""
    above: bool = False
    """Of the parent's row, or of another that the row refers to: it is known when the row is made. Only text
    backends see such columns; they read them and never write them."""


@frozen(kw_only=True)
class Split:
    """Which subjects validate: decided by a keyed hash of the subject, so it never depends on row order.

    >>> import numpy as np
    >>> split = Split(seed=1, fraction=0.1)
    >>> float(split.validates(np.arange(10_000, dtype=np.uint64)).mean().round(1))
    0.1
    """

    seed: int
    fraction: float

    def validates(self, subjects: np.ndarray) -> np.ndarray:
        """Give a bool array, shape (n,), for uint64 subjects, shape (n,): True for validation (SplitMix64)."""
        import numpy as np

        with np.errstate(over="ignore"):
            x = subjects.astype(np.uint64) + np.uint64(self.seed % 2**63) * np.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
        return (x >> np.uint64(11)).astype(np.float64) < self.fraction * 2.0**53


NO_ROW = -1
"""Row number of a reference that is null."""
NOWHERE = -2
"""Row number of a reference that points to no row that exists."""
PARENT_ROW = "\0parent"
"""Column of generated rows that numbers their parent's row."""


def reference_column(key: str) -> str:
    """Name the column of generated rows that numbers the row of a lookup that ``key`` points to."""
    return f"\0row:{key}"


def above_column(name: str) -> str:
    """Name the column that a text is given of another table: of its parent's row, or of one that it looks up."""
    return f"\x01above:{name}"


@frozen(kw_only=True)
class Related:
    """Rows of another table that the rows of a table refer to, by their number.

    ``open`` streams the referenced rows with exactly the columns of ``plans``: for a parent its own
    features and those of its ancestors and lookups. ``of`` gives int64, one number per training row,
    aligned with the table's ``open``: the row referred to, ``NO_ROW`` or ``NOWHERE``.
    """

    key: str
    """Name of the foreign key, unique within the table."""
    plans: tuple[ColumnPlan, ...]
    rows: int
    open: Callable[[], Iterator[pa.RecordBatch]]
    of: Callable[[], np.ndarray]
    subjects: Callable[[], np.ndarray] | None = None
    """Whom each referenced row belongs to, uint64; None when every row is a subject of its own."""
    distinct: bool = False
    """Whether rows of one parent never refer to the same row twice."""
    top: bool = False
    """Whether its rows are the subjects themselves: nothing is above them."""
    orphans: int = 0
    """How many of ``rows``, the last ones, stand for no parent: all null, one row each, not to be counted."""


@frozen(kw_only=True)
class Context:
    """What the rows of a table are conditioned on.

    ``parent`` decides how many rows there are: a number for each of its rows. ``lookups`` are tables
    whose rows stay as they are: rows refer to them, and everything else is learned given the content
    of the row referred to.
    """

    parent: Related | None = None
    lookups: tuple[Related, ...] = ()

    @property
    def some(self) -> bool:
        """Whether there is anything to be conditioned on."""
        return self.parent is not None or bool(self.lookups)


@frozen(kw_only=True)
class GenerationContext:
    """What generated rows are to be conditioned on: the made parent rows and the lookups, as in training."""

    parents: Callable[[], Iterator[pa.RecordBatch]] | None = None
    parent_rows: int = 0
    lookups: Mapping[str, pa.Table] = field(factory=dict)
    """Per key the rows of the lookup, in the order of training."""
    counts: np.ndarray | None = None
    """Rows per parent where they are known, int64; drawn by the model otherwise."""
    ratio: float = 1.0
    """Factor for drawn numbers of rows."""
    beside: Callable[[pa.Table], pa.Table] | None = None
    """Gives, for made rows with their references, the columns of other tables that constraints name."""


@frozen(kw_only=True)
class TrainingTable:
    """A table to learn.

    ``open`` starts a new pass over the training rows at each call: record batches of at most
    65,536 rows whose columns are exactly ``columns``, in order. ``subjects`` gives a uint64 array
    per batch, aligned with ``open``; None when every row is a subject of its own.
    """

    name: str
    columns: tuple[ColumnPlan, ...]
    rows: int
    open: Callable[[], Iterator[pa.RecordBatch]]
    split: Split
    subjects: Callable[[], Iterator[np.ndarray]] | None = None
    min_subjects: int = 10
    """A category or extreme held by fewer subjects never comes out."""
    context: Context | None = None


@frozen(kw_only=True)
class Sampling:
    """How to draw: temperature and nucleus (top-p), with exceptions per column."""

    temperature: float = 1.0
    top_p: float = 1.0
    columns: Mapping[str, tuple[float, float]] = field(factory=dict)
    """Per column (temperature, top_p)."""


@frozen(kw_only=True)
class GenerationRequest:
    """What a model is to make.

    ``given`` is a table of ``rows`` partial rows: its columns are those that are given, a null in
    it is to be filled unless the column is named in ``given_nulls`` (then null is the value).
    ``shares`` maps a column to the shares of its values (rebalancing); values not named keep
    their proportions among the rest. ``seed`` (63 bit) and ``batch_rows`` decide the result.
    """

    rows: int
    seed: int
    batch_rows: int | None = None
    given: pa.Table | None = None
    given_nulls: frozenset[str] = frozenset()
    no_nulls: frozenset[str] = frozenset()
    """Columns in which no null is drawn (imputation)."""
    shares: Mapping[str, Mapping[Any, float]] = attrs.field(factory=dict)
    sampling: Sampling = field(factory=Sampling)
    context: GenerationContext | None = None
    """For a table that was learned with a context. With parents ``rows`` is 0 and the model decides; ``given``
    rows then stand in the order of their parents, ``counts`` of them each."""


@frozen(kw_only=True)
class MatchTask:
    """A foreign key whose rows are matched once both sides are there: what is to be learned.

    ``child`` and ``target`` are the rows of both sides with all that is known of them, one column per
    plan; ``numbers`` the target row of each child row, int64, ``NO_ROW`` or ``NOWHERE``.
    """

    table: str
    key: str
    child_plans: tuple[ColumnPlan, ...]
    child: pa.Table
    target_plans: tuple[ColumnPlan, ...]
    target: pa.Table
    numbers: np.ndarray
    split: Split
    child_subjects: np.ndarray
    target_subjects: np.ndarray
    min_subjects: int = 10
    itself: bool = False
    """Whether both sides are the same rows: then references form trees."""


@frozen(kw_only=True)
class Groups:
    """Rows that belong together on both sides: a share of references stays within the same group."""

    child: np.ndarray
    target: np.ndarray
    share: float


@frozen(kw_only=True)
class MatchRequest:
    """Made rows of both sides, to be matched; columns as in training."""

    child: pa.Table
    target: pa.Table
    seed: int
    groups: Groups | None = None
