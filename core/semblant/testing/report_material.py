"""Inputs and documents that the checks of sections and renderers use."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semblant.privacy import NullAccount
from semblant.report.blocks import Block, Chart, Heading, Score, Scores, Table, Text, Tone
from semblant.report.document import ReportDocument, SectionResult
from semblant.report.inputs import Database, ReportInputs, TableData
from semblant.testing.material import schema_of
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLANTED_TEXTS = [f"planted-row-{n:04d}" for n in range(40)]
"""Texts that one row each holds."""
PLANTED_NUMBERS = [87_654_321.25, -76_543_210.75]
"""Numbers that one row each holds."""
RARE = "a-city-of-nine"
"""A category that nine rows hold, one fewer than may be shown."""
_ENCODINGS = {
    "age": EncodingType.INTEGER,
    "city": EncodingType.CATEGORICAL,
    "income": EncodingType.NUMBER,
    "member": EncodingType.BOOLEAN,
    "born": EncodingType.DATE,
    "note": EncodingType.CATEGORICAL,
    "letter": EncodingType.TEXT,
}


def people(rows: int = 300, seed: int = 0, *, plant: bool = False) -> pa.Table:
    """Give people whose income hangs on age; with ``plant`` what must not be shown is among them."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    city = rng.choice(["Rome", "Milan", "Turin"], rows, p=[0.6, 0.3, 0.1]).tolist()
    income = np.round(age * 500 + rng.normal(0, 4000, rows), 2)
    note = rng.choice(["good", "fair"], rows).tolist()
    if plant:
        city[:9] = [RARE] * 9
        income[:2] = PLANTED_NUMBERS
        note[: len(PLANTED_TEXTS)] = PLANTED_TEXTS
    return pa.table(
        {
            "age": pa.array(age),
            "city": pa.array(city, pa.string()),
            "income": pa.array(income, mask=rng.random(rows) < 0.1 if not plant else np.zeros(rows, bool)),
            "member": pa.array((rng.random(rows) < 0.3).tolist(), pa.bool_()),
            "born": pa.array(np.datetime64("1950-01-01", "D") + rng.integers(0, 9000, rows)),
            "note": pa.array(note, pa.string()),
        }
    )


RARE_WORD = "zyxquvarn"
"""A word of nine texts."""
_LETTERS = {"praise": ("lovely", "friendly", "quick", "fresh"), "blame": ("broken", "late", "rude", "stale")}


def letters(rows: int = 300, seed: int = 0, *, plant: bool = False) -> pa.Table:
    """Give texts whose words follow the kind of letter; with ``plant`` what must not be shown is among them."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(list(_LETTERS), rows).tolist()
    texts = [
        f"The {rng.choice(['shop', 'staff', 'box'])} was {rng.choice(_LETTERS[kind])}, "
        f"and {rng.choice(_LETTERS[kind])} {rng.choice(['again', 'as ever', 'this time'])}."
        for kind in kinds
    ]
    if plant:
        texts[:9] = [f"{text} {RARE_WORD}" for text in texts[:9]]
        texts[9 : 9 + len(PLANTED_TEXTS)] = PLANTED_TEXTS
    return pa.table({"kind": kinds, "letter": [None if rng.random() < 0.05 else text for text in texts]})


def odd(rows: int = 60) -> pa.Table:
    """Give a table of odd types, names and values."""
    numbers = range(rows)
    return pa.table(
        {
            "": pa.array([n * 1.0 for n in numbers]),
            "line\nbreak <b>": pa.array([["a", "b"][n % 2] for n in numbers]),
            "all null": pa.nulls(rows),
            "all null text": pa.nulls(rows, pa.string()),
            "constant": pa.array(["x"] * rows),
            "not finite": pa.array([[float("nan"), float("inf"), 1.5][n % 3] for n in numbers]),
            "decimal": pa.array([Decimal(n) / 4 for n in numbers], pa.decimal128(20, 2)),
            "huge": pa.array([2**62 + n for n in numbers], pa.int64()),
            "zoned": pa.array([n * 10**9 for n in numbers], pa.timestamp("us", "Europe/Berlin")),
            "clock": pa.array([dt.time(n % 24) for n in numbers], pa.time64("us")),
            "duration": pa.array([dt.timedelta(hours=n) for n in numbers], pa.duration("us")),
            "binary": pa.array([bytes([n % 3]) for n in numbers], pa.binary()),
            "list": pa.array([[n % 2] for n in numbers], pa.list_(pa.int64())),
            "struct": pa.array([{"x": n % 2} for n in numbers]),
            "dictionary": pa.array([["u", "v"][n % 2] for n in numbers]).dictionary_encode(),
            "emoji 🙂": pa.array([n % 2 == 0 for n in numbers]),
        }
    )


def database(tables: Mapping[str, pa.Table]) -> Database:
    """Put tables behind the contract of a report; samples are drawn with a fixed seed."""
    data = {name: TableData(name=name, rows=table.num_rows, load=_Loader(table)) for name, table in tables.items()}
    return Database(schema=schema_of(tables), tables=data)


class _Loader:
    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __call__(self, columns: tuple[str, ...] | None, rows: int | None) -> pa.Table:
        part = self._table if columns is None else self._table.select(list(columns))
        if rows is None or rows >= part.num_rows:
            return part
        return part.take(pa.array(np.sort(np.random.default_rng(0).permutation(part.num_rows)[:rows])))


class ConformanceModel:
    """A trained model, as far as a report asks for one."""

    history: Sequence[Mapping[str, float]] = ({"step": 10, "epoch": 1.0, "loss": 5.0, "validation_loss": 5.1},)
    settings_used: Mapping[str, Any] = {"epochs": 1.0, "batch_size": 64}

    def generate(self, request: Any, run: Any) -> Any:
        """Make nothing."""
        return iter(())

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Give the same log-probability to every row."""
        return np.full(rows.num_rows, -5.0)

    def save(self, folder: Any) -> None:
        """Write nothing."""


def report_inputs(
    original: pa.Table, synthetic: pa.Table, holdout: pa.Table | None = None, *, full: bool = True, **more: Any
) -> ReportInputs:
    """Give the inputs of a report about one table; with ``full`` all that a section may need is there."""
    given: dict[str, Any] = {}
    if full:
        entry = {"step": 10.0, "epoch": 1.0, "seconds": 1.0, "loss": 5.0, "validation_loss": 5.1, "learning_rate": 0.01}
        plans = tuple(
            ColumnPlan(name=f.name, type=f.type, encoding=_ENCODINGS.get(f.name, EncodingType.CATEGORICAL))
            for f in original.schema
        )
        given = {
            "columns": {"people": plans},
            "spec": {"source": {"type": "files", "path": "people.csv"}},
            "history": {"people": [entry, {**entry, "step": 20.0, "epoch": 2.0, "loss": 4.0}]},
            "settings_used": {"people": {"epochs": 2.0, "batch_size": 64}},
            "timings": {"AI training": 12.5},
            "models": {"people": ConformanceModel()},
            "privacy": NullAccount(),
        }
    return ReportInputs(
        title="people",
        original=database({"people": original}),
        synthetic=database({"people": synthetic}),
        holdout=None if holdout is None else database({"people": holdout}),
        **{**given, **more},
    )


def document(*blocks: Block, figures: Mapping[str, Any] | None = None, **more: Any) -> ReportDocument:
    """Give a report of one section with these blocks."""
    section = SectionResult(name="one", title="First section", figures=figures or {}, blocks=blocks)
    return ReportDocument(
        **{
            "title": "people",
            "subtitle": "quality report",
            "created": "2026-01-02T03:04:05+00:00",
            "version": "1.2",
            "sections": [section],
            "facts": {"rows": "600"},
            **more,
        }
    )


BARS: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"city": "Rome", "share": 0.6}, {"city": "Milan", "share": 0.4}]},
    "mark": "bar",
    "encoding": {"x": {"field": "city", "type": "nominal"}, "y": {"field": "share", "type": "quantitative"}},
    "width": 200,
    "height": 120,
}
"""A small Vega-Lite chart."""

BLOCKS: dict[str, tuple[Block, ...]] = {
    "nothing": (),
    "heading": (Heading(text="Heading of a part"), Heading(text="Below it", level=3)),
    "text": tuple(Text(text=f"A paragraph that is {tone.value}.", tone=tone) for tone in Tone),
    "long text": (Text(text="many words " * 3000),),
    "table": (Table(columns=["name", "value"], rows=[["a", "1"], ["b", "2"]], align="lr", caption="Two rows"),),
    "tones": (Table(columns=["x"], rows=[["a"], ["b"]], tones=[Tone.GOOD, Tone.BAD]),),
    "empty table": (Table(columns=["name", "value"], rows=[]),),
    "long table": (Table(columns=["n", "square"], rows=[[str(n), str(n * n)] for n in range(500)]),),
    "wide table": (Table(columns=[f"c{n}" for n in range(30)], rows=[["x"] * 30]),),
    "scores": (Scores(scores=[Score(label="accuracy", value="97 %", tone=Tone.GOOD, note="of 100 %")]),),
    "many scores": (Scores(scores=[Score(label=f"s{n}", value=str(n)) for n in range(12)]),),
    "chart": (Chart(spec=BARS, alt="Two bars, Rome higher than Milan", caption="Cities"),),
    "charts side by side": tuple(Chart(spec=BARS, alt=f"chart {n}", width=0.5) for n in range(4)),
    "hostile text": (Text(text='<script>alert(1)</script> & "q" ${x} \\ {y} \x07 \0'), Heading(text="a\nb")),
    "scripts": (Text(text="Ελληνικά Кириллица العربية עברית 日本語 🙂 e\u0301"),),
}
"""Blocks of every kind, plain and odd."""
