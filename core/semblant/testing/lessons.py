"""Tables that the checks of models teach: known shares, known dependence, planted secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semblant.events import EventKind
from semblant.run import Run, Token
from semblant.training import ColumnPlan, Split, TrainingTable
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from semblant.events import Event
    from semblant.privacy import Part, PrivacyAccount

ROWS = 2000
RARE = "Xanadu-only-once"
"""A category that one subject holds."""
EXTREME = 987_654_321
"""A number that one subject holds, far beyond all others."""
CITIES = ("Rome", "Milan", "Turin", "Pisa")
SHARES = (0.8, 0.12, 0.05, 0.03)
"""How often each city occurs: strongly skewed."""
NULL_SHARE = 0.25
"""Share of nulls in ``weight``."""

ENCODINGS: dict[str, EncodingType] = {
    "city": EncodingType.CATEGORICAL,
    "income": EncodingType.INTEGER,
    "weight": EncodingType.NUMBER,
    "member": EncodingType.BOOLEAN,
    "joined": EncodingType.DATE,
    "seen": EncodingType.DATETIME,
    "secret": EncodingType.CATEGORICAL,
}
"""How each column of :func:`lesson` is encoded."""


def secrets() -> list[str]:
    """Give the text that each row of :func:`lesson` holds alone."""
    return [f"planted-{n * 790_123_456_789 % 999_999_999_989:012d}-{n}" for n in range(ROWS)]


def lesson(seed: int = 0) -> pa.Table:
    """Give the table to learn: ``income`` hangs on ``city``, ``secret`` is another in every row."""
    rng = np.random.default_rng(seed)
    cities = rng.choice(CITIES, ROWS, p=SHARES)
    income = np.where(cities == "Rome", 1000, 5000) + rng.integers(0, 40, ROWS) * 10
    names = cities.tolist()
    names[17] = RARE
    income[18] = EXTREME
    days = np.datetime64("2020-01-06", "D") + rng.integers(0, 300, ROWS)
    seconds = np.datetime64("2024-01-01T00:00:00", "us") + rng.integers(0, 10**6, ROWS) * np.timedelta64(1, "s")
    return pa.table(
        {
            "city": pa.array(names),
            "income": pa.array(income.astype(np.int64)),
            "weight": pa.array(rng.normal(70, 10, ROWS).round(1), mask=rng.random(ROWS) < NULL_SHARE),
            "member": pa.array(rng.random(ROWS) < 0.3),
            "joined": pa.array(days),
            "seen": pa.array(seconds),
            "secret": pa.array(secrets()),
        }
    )


def small_tables() -> dict[str, pa.Table]:
    """Give tables that leave next to nothing to learn."""
    return {
        "constant": pa.table({"kind": ["same"] * 60, "number": pa.array([7] * 60, pa.int64())}),
        "all_null": pa.table({"kind": pa.nulls(60, pa.string()), "number": pa.nulls(60, pa.int64())}),
        "one_column": pa.table({"kind": ["a", "b", "b"] * 20}),
        "two_rows": pa.table({"kind": ["a", "b"], "number": pa.array([1, 2], pa.int64())}),
        "odd_names": pa.table({"": ["a", "b", "c"] * 20, 'say "hi"/..\n🙂': pa.array(range(60), pa.int64())}),
        "all_unique": pa.table({"kind": [f"only-{n * 79_190_000_003 % 10**11:011d}" for n in range(60)]}),
    }


def usual_encoding(kind: pa.DataType) -> EncodingType:
    """Give the encoding of a column of :func:`small_tables`."""
    return EncodingType.INTEGER if pa.types.is_integer(kind) else EncodingType.CATEGORICAL


def training_table(
    table: pa.Table,
    encodings: Mapping[str, EncodingType] | None = None,
    *,
    rebalance: tuple[str, ...] = (),
    **more: Any,
) -> TrainingTable:
    """Describe an Arrow table as a backend gets it; every row is a subject of its own."""
    chosen = encodings or {}
    plans = tuple(
        ColumnPlan(
            name=field.name,
            type=field.type,
            encoding=chosen.get(field.name, usual_encoding(field.type)),
            rebalance=field.name in rebalance,
        )
        for field in table.schema
    )
    return TrainingTable(
        name="people",
        columns=plans,
        rows=table.num_rows,
        open=lambda: iter(table.to_batches(max_chunksize=700)),
        split=Split(seed=1, fraction=0.1),
        **more,
    )


class Listener:
    """Keeps the events of a run, and may raise a flag at the first progress.

    >>> listener = Listener()
    >>> listener.progress()
    []
    """

    def __init__(self, raise_at_progress: Token | None = None) -> None:
        """Listen; ``raise_at_progress`` is set by the first progress event."""
        self.events: list[Event] = []
        self._flag = raise_at_progress

    def __call__(self, event: Event) -> None:
        """Take an event."""
        self.events.append(event)
        if self._flag is not None and event.kind is EventKind.STEP_PROGRESS:
            self._flag.set()

    def progress(self) -> list[Event]:
        """Give the progress events."""
        return [event for event in self.events if event.kind is EventKind.STEP_PROGRESS]


def run_in(folder: Path, seed: int = 1, *, emit: Listener | None = None, **more: Any) -> Run:
    """Make a run that works in ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return Run(job="conformance", seed=seed, workspace=folder, emit=emit or Listener(), **more)


class PrivateAccount:
    """An account with a budget, to see who respects it."""

    def __init__(self) -> None:
        """Nothing is charged yet."""
        self.charged: list[str] = []
        self.withheld: list[str] = []

    @property
    def private(self) -> bool:
        """Always True."""
        return True

    def charge(self, event: Any, what: str) -> None:
        """Note a release."""
        self.charged.append(what)

    def withhold(self, what: str) -> None:
        """Note what was kept back."""
        self.withheld.append(what)

    def public(self, what: str) -> None:
        """Take a public fact."""

    @property
    def subjects(self) -> int | None:
        """As many as the lesson has rows."""
        return ROWS

    def expect(self, parts: Sequence[Part]) -> None:
        """Hear what will be learned."""

    def begin(self, subjects: int) -> None:
        """Hear the number of subjects."""

    def as_dict(self) -> dict[str, Any]:
        """Give what happened."""
        return {"charged": list(self.charged), "withheld": list(self.withheld)}

    def restore(self, told: dict[str, Any]) -> None:
        """Take up what happened."""
        self.charged, self.withheld = list(told["charged"]), list(told["withheld"])

    def together(self, charged: Sequence[list[dict[str, Any]]], delta: float) -> float | None:
        """Give None: nothing is composed here."""


def private_account() -> PrivacyAccount:
    """Give an account whose run is private."""
    return PrivateAccount()


def bytes_below(folder: Path) -> bytes:
    """Give the contents of all files below a folder, one after the other."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
