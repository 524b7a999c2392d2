"""The complexity assessment: how long, how much memory, how good; and what to change where the answer is bad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

from semblant.complexity import ColumnFacts, Cost, TableFacts
from semblant.findings import ConfigStep, Finding, Severity
from semblant.settings import AUTO
from semblant.settings.path import dotted, join
from semblant.settings.structure import structure
from semblant.vocabulary import EncodingType, Goal, ModelSize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from semblant.detection.model import Detection
    from semblant.host import PluginHost
    from semblant.machine import Speed
    from semblant.plan import TablePlan
    from semblant.spec.model import Spec
    from semblant.spec.training import ModelSpec, TrainingSettings

LONGEST_SECONDS: Final = 30 * 60
"""A job that takes longer is judged negatively."""
ROWS_PER_COLUMN: Final = 20
"""Fewer rows for each column are too few to tell dependence from chance."""
SURE_KEY: Final = 0.8
"""Below this confidence a key that was found, and not written down by anybody, is weak."""
_POOR: Final = ("few-rows", "sparse-categories", "wide-for-rows", "weak-key")
_CELL_TURNS: Final = 400.0
"""Turns of a Python loop that reading, analysing and encoding a value takes as long as."""
_WORTH: Final = 0.85
"""A change is suggested when it leaves at most this share of the time, or of the memory."""
_NAMED: Final = 5
_MERGED: Final = 254


@frozen(kw_only=True)
class Suggestion:
    """A change of the spec and what it would bring."""

    path: str
    change: str
    """In words: ``model.goal: speed``."""
    seconds: float | None = None
    """What the job would take then."""
    memory_bytes: int | None = None


@frozen(kw_only=True)
class Assessment:
    """The verdict on a plan.

    >>> Assessment(seconds=12.0, memory_bytes=2**29, memory_limit=2**33).positive
    True
    >>> Assessment(seconds=1801.0, memory_bytes=2**29, memory_limit=2**33).positive
    False
    """

    seconds: float
    """From reading to the last generated row; the report not included."""
    memory_bytes: int
    memory_limit: int
    """Memory that is free."""
    tables: Mapping[str, Cost] = field(factory=dict)
    """What each table's training and generation takes."""
    texts: Mapping[str, Cost] = field(factory=dict)
    """The same for the texts of the tables that have some."""
    unknown: tuple[str, ...] = ()
    """Tables whose model backend gives no estimate: not counted."""
    quality: tuple[str, ...] = ()
    """Why poor results are to be expected."""
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def positive(self) -> bool:
        """Whether it takes at most half an hour, fits into memory and promises good results."""
        return not (self.long or self.large or self.quality)

    @property
    def long(self) -> bool:
        """Whether it takes more than half an hour."""
        return self.seconds > LONGEST_SECONDS

    @property
    def large(self) -> bool:
        """Whether it needs more memory than is free."""
        return self.memory_bytes > self.memory_limit

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return {
            "positive": self.positive,
            "seconds": round(self.seconds, 1),
            "memory_bytes": self.memory_bytes,
            "memory_limit": self.memory_limit,
            "long": self.long,
            "large": self.large,
            "quality": list(self.quality),
            "tables": {name: _as_dict(cost) for name, cost in self.tables.items()},
            "texts": {name: _as_dict(cost) for name, cost in self.texts.items()},
            "unknown": list(self.unknown),
            "suggestions": [
                {
                    "path": one.path,
                    "change": one.change,
                    "seconds": None if one.seconds is None else round(one.seconds, 1),
                    "memory_bytes": one.memory_bytes,
                }
                for one in self.suggestions
            ],
        }


@frozen
class _Estimated:
    """A table with everything that its estimate was made from, to ask again with a change."""

    plan: TablePlan
    facts: TableFacts
    ask: Callable[[ModelSpec, TableFacts], Cost]
    cost: Cost
    path: str
    """Where its model settings stand in the spec."""
    text: bool = False
    """Whether it is about the table's texts."""


def quality_findings(plans: Sequence[TablePlan], spec: Spec, detection: Detection) -> list[Finding]:
    """Say where poor results are to be expected, beside what detection says of rows and categories."""
    return [found for plan in plans if not plan.copied for found in (*_wide(plan, detection), *_weak_keys(plan, spec))]


def _wide(plan: TablePlan, detection: Detection) -> Iterator[Finding]:
    found = detection.tables.get(plan.name)
    rows = plan.rows if plan.rows is not None or found is None else found.rows_read if found.complete else None
    columns = len(plan.columns)
    if rows is None or columns < 2 or rows >= ROWS_PER_COLUMN * columns:
        return
    message = f"{columns:,} columns are many for {rows:,} rows: dependence between them will be learned poorly"
    fix = f"exclude columns, or give {ROWS_PER_COLUMN * columns:,} rows or more"
    yield _warning(dotted("tables", plan.name), "wide-for-rows", message, fix, ConfigStep.DATA)


def _weak_keys(plan: TablePlan, spec: Spec) -> Iterator[Finding]:
    if not isinstance(spec.table(plan.name).foreign_keys, str):
        return
    for key in plan.table.foreign_keys:
        if key.confidence < SURE_KEY:
            names = ", ".join(key.columns)
            message = f"the key {names} → {key.references} was found in the data and is not certain: {key.reason}"
            fix = "write the foreign_keys of the table into the spec, or [] for none"
            yield _warning(join(dotted("tables", plan.name), "foreign_keys"), "weak-key", message, fix, ConfigStep.KEYS)


def assess(
    plans: Sequence[TablePlan],
    spec: Spec,
    detection: Detection,
    findings: Sequence[Finding],
    host: PluginHost,
    speed: Speed,
    memory: int,
) -> Assessment:
    """Judge a plan that can be carried out.

    :param findings: what was found so far; those on quality count.
    :param memory: bytes that are free.
    """
    known, unknown, preparing = [], [], 0.0
    for plan in plans:
        facts = table_facts(plan, spec, detection)
        preparing += facts.rows * len(plan.table.columns) * _CELL_TURNS / speed.loops
        if plan.copied or not plan.columns:
            continue
        for text in (False, True) if plan.text_backend else (False,):
            found = _estimated(plan, facts, spec, host, speed, text=text)
            if found is None:
                unknown.append(f"{plan.name} (texts)" if text else plan.name)
            else:
                known.append(found)
    made = Assessment(
        seconds=preparing + sum(map(_seconds, (one.cost for one in known))),
        memory_bytes=max((one.cost.memory_bytes for one in known), default=0),
        memory_limit=memory,
        tables={one.plan.name: one.cost for one in known if not one.text},
        texts={one.plan.name: one.cost for one in known if one.text},
        unknown=tuple(unknown),
        quality=tuple(f"{one.path}: {one.message}" for one in findings if one.code in _POOR),
    )
    if made.positive:
        return made
    fixes = tuple(Suggestion(path=one.path, change=one.fix) for one in findings if one.code in _POOR and one.fix)
    return evolve(made, suggestions=(*(_suggestions(made, known) if made.long or made.large else ()), *fixes))


def assessment_findings(found: Assessment) -> list[Finding]:
    """Give what stands in the way of a positive verdict as warnings, so that a run says it too."""
    made = []
    best = "; ".join(one.change for one in found.suggestions[:3]) or "use a faster machine"
    if found.long:
        message = f"reading, training and generating will take about {found.seconds / 60:,.0f} minutes on this machine"
        made.append(_warning("model", "long-training", message, best, ConfigStep.MODEL))
    if found.large:
        needed, free = found.memory_bytes / 2**30, found.memory_limit / 2**30
        message = f"about {needed:.1f} GB of memory will be needed, {free:.1f} GB are free"
        made.append(_warning("model", "much-memory", message, best, ConfigStep.MODEL))
    return made


def table_facts(plan: TablePlan, spec: Spec, detection: Detection) -> TableFacts:
    """Give what is known of a table; of one that was not read to its end, what was read."""
    found = detection.tables.get(plan.name)
    profile = None if found is None else found.profile
    rows = plan.rows if plan.rows is not None else 0 if found is None else found.rows_read
    records = spec.generation.records
    columns = []
    for column in plan.columns:
        seen = None if profile is None else profile.columns.get(column.name)
        columns.append(
            ColumnFacts(
                name=column.name,
                encoding=column.encoding,
                distinct=rows if seen is None else seen.distinct,
                frequent_share=1.0 if seen is None else seen.frequent_share,
                missing_share=0.0 if seen is None or not seen.rows else 1.0 - seen.present / seen.rows,
                fractional=seen is not None and seen.times.get("midnight_share", 1.0) < 1.0,
                characters=0.0 if seen is None else float(seen.strings.get("mean_length") or 0.0),
            )
        )
    return TableFacts(
        name=plan.name,
        rows=rows,
        records=0 if not spec.generation.enabled else rows if records == AUTO else int(records),
        columns=tuple(columns),
        validation_fraction=plan.model.validation_fraction,
    )


def _estimated(
    plan: TablePlan, facts: TableFacts, spec: Spec, host: PluginHost, speed: Speed, *, text: bool
) -> _Estimated | None:
    descriptor = host.models.get(plan.text_backend if text else plan.backend)
    estimator = None if descriptor is None else descriptor.estimator()
    if descriptor is None or estimator is None:
        return None
    own = plan.model.text.settings if text else plan.model.settings
    settings, _ = structure(descriptor.settings, own, "model.text.settings" if text else "model.settings")
    path = "model" if not spec.table(plan.name).model else join(dotted("tables", plan.name), "model")

    def ask(model: ModelSpec, about: TableFacts) -> Cost:
        return estimator(settings, model, about, speed)

    return _Estimated(plan, facts, ask, ask(plan.model, facts), join(path, "text") if text else path, text)


def _suggestions(made: Assessment, known: Sequence[_Estimated]) -> tuple[Suggestion, ...]:
    """Ask for the costs again with one thing changed in the dearest table; keep what helps, the best first."""
    if not known:
        return ()
    dearest = max(known, key=lambda one: _seconds(one.cost) if made.long else one.cost.memory_bytes)
    model, facts, rest = dearest.plan.model, dearest.facts, made.seconds - _seconds(dearest.cost)
    found = []
    for path, change, spec, about in (*_cheaper(dearest, model, facts), *_narrower(dearest, facts)):
        cost = dearest.ask(spec, about)
        seconds, memory = rest + _seconds(cost), cost.memory_bytes
        helps = seconds <= _WORTH * made.seconds if made.long else memory <= _WORTH * made.memory_bytes
        if helps:
            found.append(Suggestion(path=path, change=change, seconds=seconds, memory_bytes=memory))
    return tuple(sorted(found, key=lambda one: (one.seconds if made.long else one.memory_bytes) or 0.0))


def _cheaper(
    table: _Estimated, model: ModelSpec, facts: TableFacts
) -> Iterator[tuple[str, str, ModelSpec, TableFacts]]:
    epochs = table.cost.details.get("epochs", 0)
    changes: list[tuple[str, Any]] = []
    training: TrainingSettings = model.text if table.text else model
    if not table.text and model.goal is not Goal.SPEED:
        changes.append(("goal", Goal.SPEED))
    if (model.text if table.text else model).size is not ModelSize.SMALL:
        changes.append(("size", ModelSize.SMALL))
    if training.early_stop_delta <= 0:
        changes.append(("early_stop_delta", 0.001))
    if epochs >= 2:
        changes.append(("max_epochs", max(int(epochs) // 3, 1)))
    changes.append(("max_minutes", 20.0))
    for name, value in changes:
        path = join(table.path, name)
        yield (
            path,
            f"{path}: {value:g}" if isinstance(value, float) else f"{path}: {value}",
            evolve(model, text=evolve(model.text, **{name: value})) if table.text else evolve(model, **{name: value}),
            facts,
        )


def _narrower(table: _Estimated, facts: TableFacts) -> Iterator[tuple[str, str, ModelSpec, TableFacts]]:
    """Leave out the dearest columns; group the values of those with most categories."""
    path = dotted("tables", table.plan.name, "columns")
    many = {column.name: column for column in facts.columns}
    dear = sorted(table.cost.column_shares.items(), key=lambda item: -item[1])
    chosen = [name for name, share in dear if share * len(facts.columns) > 1.0][: max(len(many) // 3, 1)]
    if chosen and len(many) > 1:
        left = evolve(facts, columns=tuple(column for column in facts.columns if column.name not in chosen))
        named = ", ".join(chosen[:_NAMED]) + (f" and {len(chosen) - _NAMED} more" if len(chosen) > _NAMED else "")
        yield path, f"exclude the columns that cost most (include: false): {named}", table.plan.model, left
    wide = [
        name
        for name, column in many.items()
        if column.encoding is EncodingType.CATEGORICAL and column.distinct > _MERGED
    ]
    if wide:
        merged = tuple(
            evolve(column, distinct=min(column.distinct, 50)) if column.name in wide else column
            for column in facts.columns
        )
        change = f"merge the categories of {', '.join(wide[:_NAMED])} into fewer in the source"
        yield path, change, table.plan.model, evolve(facts, columns=merged)


def _as_dict(cost: Cost) -> dict[str, Any]:
    return {
        "training_seconds": round(cost.training_seconds, 1),
        "generation_seconds": round(cost.generation_seconds, 1),
        "memory_bytes": cost.memory_bytes,
        **cost.details,
    }


def _seconds(cost: Cost) -> float:
    return cost.training_seconds + cost.generation_seconds


def _warning(path: str, code: str, message: str, fix: str, step: ConfigStep) -> Finding:
    return Finding(severity=Severity.WARNING, path=path, code=code, message=message, fix=fix, step=step)
