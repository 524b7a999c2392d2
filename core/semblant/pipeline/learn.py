"""Analyze, transform and train one table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from semblant.detection.columns import detect_column, detect_columns
from semblant.detection.primary_keys import is_joinable
from semblant.detection.profile import profile_table
from semblant.errors import ConfigError
from semblant.events import Step
from semblant.pipeline.constrained import reshape
from semblant.pipeline.keys import KeyForm, key_as_dict, key_from_dict, learn_key
from semblant.pipeline.organize import batch_rows, rows_of, stream
from semblant.pipeline.private import engine_made_key, private_key
from semblant.pipeline.relations.above import beside
from semblant.pipeline.relations.frames import NOTHING
from semblant.pipeline.steps import fingerprint
from semblant.pipeline.text_columns import as_tabular, with_buckets
from semblant.settings import AUTO
from semblant.settings.structure import structure, unstructure
from semblant.training import ColumnPlan, Split, TrainingTable
from semblant.vocabulary import EncodingType, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np

    from semblant.detection.profile import TableProfile
    from semblant.host import PluginHost
    from semblant.pipeline.relations.above import Above
    from semblant.pipeline.relations.echoes import Echo
    from semblant.pipeline.relations.learning import LinkFacts
    from semblant.pipeline.steps import Steps
    from semblant.plan import TablePlan
    from semblant.protocols import Model, ModelBackend
    from semblant.run import Run
    from semblant.schema import Table
    from semblant.spec.model import Spec
    from semblant.spec.training import ModelSpec
    from semblant.training import Context

KEY_FILE = "key.json"
PROFILE_FILE = "columns.json"


@frozen(kw_only=True)
class Learned:
    """A table once it is trained; ``model`` is None for a table that is nothing but its key."""

    plan: TablePlan
    key: KeyForm | None
    rows: int
    train_path: Path
    split: Split
    model: Model | None
    text_model: Model | None
    links: tuple[LinkFacts, ...] = ()
    echoes: tuple[Echo, ...] = ()
    subjects: np.ndarray | None = None
    """Whom each training row belongs to, uint64; None when each row is a subject of its own."""


@frozen(kw_only=True)
class Belonging:
    """Where the rows of a table belong: to which subjects, below which rows of other tables."""

    subjects: np.ndarray
    context: Context
    links: tuple[LinkFacts, ...]
    above: Above
    """What texts are given of other tables."""
    numbers: Mapping[str, np.ndarray]
    """Per link the row that each row refers to."""


def validation_split(plan: TablePlan, run: Run, root: str = "") -> Split:
    """Give the split by subject that trains and validates; the same for a seed, and for tables below ``root``."""
    return Split(seed=run.random_seed("validation", root or plan.name), fraction=plan.model.validation_fraction)


def analyze(spec: Spec, plan: TablePlan, train_path: Path, steps: Steps, mark: str) -> tuple[TablePlan, KeyForm | None]:
    """Profile the organized rows; give the plan with encodings seen on all rows, and the key's form."""
    if steps.run.privacy.private:
        return plan, private_key(plan, steps.run)

    def work(run: Run) -> None:
        total = rows_of(train_path)
        profile = profile_table(plan.table, _counted(stream(train_path, rows=batch_rows(plan.table)), run, total))
        found = detect_columns(plan.table, profile)
        columns = {name: {"encoding": str(entry.encoding), "reason": entry.reason} for name, entry in found.items()}
        key = _key_form(plan, train_path)
        made = engine_made_key(plan)
        if made is not None and key is None:
            columns[made] |= _formless(plan.table, made, profile)
        (run.workspace / PROFILE_FILE).write_text(json.dumps(columns), encoding="utf-8")
        (run.workspace / KEY_FILE).write_text(json.dumps(None if key is None else key_as_dict(key)), encoding="utf-8")

    folder = steps.perform(Step.ANALYZE, plan.name, fingerprint("analyze", mark, engine_made_key(plan)), work)
    columns = json.loads((folder / PROFILE_FILE).read_text(encoding="utf-8"))
    stored = json.loads((folder / KEY_FILE).read_text(encoding="utf-8"))
    key_name = engine_made_key(plan)
    if key_name is not None and stored is None:
        plan = _with_learned_key(spec, plan, key_name, columns[key_name])
    plans = tuple(
        evolve(column, encoding=EncodingType(columns[column.name]["encoding"]), reason=columns[column.name]["reason"])
        if spec.column(plan.name, column.name).encoding == AUTO
        and column.role is Role.FEATURE
        and column.name in columns
        else column
        for column in plan.columns
    )
    return evolve(plan, columns=plans), None if stored is None else key_from_dict(stored)


def _counted(batches: Iterator[pa.RecordBatch], run: Run, total: int) -> Iterator[pa.RecordBatch]:
    done = 0
    for batch in batches:
        yield batch
        done += batch.num_rows
        run.progress(done, total)


def _key_form(plan: TablePlan, train_path: Path) -> KeyForm | None:
    made = engine_made_key(plan)
    if made is None:
        return None
    kind = plan.table.column(made).type
    return learn_key(stream(train_path, [made]), kind, plan.model.min_subjects)


def _formless(table: Table, key: str, profile: TableProfile) -> dict[str, str]:
    """Give encoding and reason of a key that no form describes: strings stay unique by the backend's identifiers."""
    column = table.column(key)
    if is_joinable(column.type) and not pa.types.is_fixed_size_binary(column.type):
        return {"encoding": str(EncodingType.IDENTIFIER), "reason": "primary key without one form"}
    encoding, reason, _ = detect_column(column, profile.columns[key])
    return {"encoding": str(encoding), "reason": f"primary key without one form; {reason}"}


def _with_learned_key(spec: Spec, plan: TablePlan, key: str, found: dict[str, str]) -> TablePlan:
    """Let the backend learn the key, at its place among the columns."""
    wanted = spec.column(plan.name, key)
    column = ColumnPlan(
        name=key,
        type=plan.table.column(key).type,
        encoding=EncodingType(found["encoding"] if wanted.encoding == AUTO else wanted.encoding),
        reason=found["reason"],
        treatment=wanted.treatment,
        sensitive=key in plan.sensitive,
        options=wanted.options,
    )
    columns = {entry.name: entry for entry in (*plan.columns, column)}
    return evolve(
        plan,
        columns=tuple(columns[name] for name in plan.table.column_names if name in columns),
    )


def training_table(
    plan: TablePlan,
    train_path: Path,
    split: Split,
    *,
    text: bool,
    known: Mapping[str, pa.Array] | None = None,
    belonging: Belonging | None = None,
) -> TrainingTable:
    """Give what a backend learns from: text columns as they are for a text backend, as buckets otherwise.

    ``known`` holds the keys of copied tables by the column that points to them: values of such a column are
    kept whoever holds them, because they are told by the copy; what points nowhere is not, and becomes null.
    ``belonging`` says whom the rows belong to and what they are conditioned on.
    """
    names = [column.name for column in plan.columns]
    rows = batch_rows(plan.table)
    nothing = not names
    texts = (*plan.columns, *(belonging.above.plans if belonging is not None else ()))

    def batches() -> Iterator[pa.RecordBatch]:
        raw = _pointing(stream(train_path, names or [plan.table.column_names[0]], rows), known or {})
        if nothing:
            return (pa.record_batch({NOTHING.name: pa.array([True] * batch.num_rows)}) for batch in raw)
        return _given(raw, belonging) if text else with_buckets(raw, plan.columns)

    def owners() -> Iterator[np.ndarray]:
        assert belonging is not None
        done = 0
        for batch in stream(train_path, names[:1] or [plan.table.column_names[0]], rows):
            yield belonging.subjects[done : done + batch.num_rows]
            done += batch.num_rows

    return TrainingTable(
        name=plan.name,
        columns=(NOTHING,) if nothing else texts if text else tuple(map(as_tabular, plan.columns)),
        rows=rows_of(train_path),
        open=batches,
        split=split,
        subjects=owners if belonging is not None else None,
        min_subjects=plan.model.min_subjects,
        context=None if belonging is None or text or not belonging.context.some else belonging.context,
    )


def _given(batches: Iterator[pa.RecordBatch], belonging: Belonging | None) -> Iterator[pa.RecordBatch]:
    """Put beside each row what its texts are given of other tables."""
    done = 0
    for batch in batches:
        if belonging is None or not belonging.above.plans:
            yield batch
            continue
        part = {link: numbers[done : done + batch.num_rows] for link, numbers in belonging.numbers.items()}
        yield beside(batch, belonging.above.of(part))
        done += batch.num_rows


def _pointing(batches: Iterator[pa.RecordBatch], known: Mapping[str, pa.Array]) -> Iterator[pa.RecordBatch]:
    """Make null what points to no row of a copied table."""
    for batch in batches:
        for name, keys in known.items():
            place = batch.schema.get_field_index(name)
            values = batch.column(place)
            found = pc.is_in(values.cast(keys.type), value_set=keys)
            batch = batch.set_column(  # noqa: PLW2901 - the same rows, a column changed
                place, batch.schema.field(place), pc.if_else(found, values, pa.scalar(None, values.type))
            )
        yield batch


def learn(
    plan: TablePlan,
    key: KeyForm | None,
    train_path: Path,
    split: Split,
    host: PluginHost,
    steps: Steps,
    mark: str,
    known: Mapping[str, pa.Array] | None = None,
    belonging: Belonging | None = None,
) -> Learned:
    """Transform and train a table whose plan is final; one without rows has no model."""
    model = text_model = None
    # whether a private table is empty is for the budget to tell
    empty = rows_of(train_path) == 0 and not steps.run.privacy.private
    if (plan.columns or belonging is not None) and not empty:
        reshaped = reshape(plan, train_path, steps, mark, every_row=belonging is not None) if plan.columns else None
        shown, path, learned_mark = (
            (plan, train_path, mark)
            if reshaped is None
            else (
                reshaped.plan,
                reshaped.path,
                reshaped.mark,
            )
        )
        table = training_table(shown, path, split, text=False, known=known, belonging=belonging)
        model = _fit(make_backend(host, plan.backend, plan.model), table, plan, steps, learned_mark, part="")
        model = model if reshaped is None else reshaped.guarded(model)
    if plan.text_backend and not empty:
        own = evolve(split, fraction=plan.model.text.validation_fraction)
        table = training_table(plan, train_path, own, text=True, known=known, belonging=belonging)
        text_model = _fit(make_backend(host, plan.text_backend, plan.model), table, plan, steps, mark, part="text")
    return Learned(
        plan=plan,
        key=key,
        rows=rows_of(train_path),
        train_path=train_path,
        split=split,
        model=model,
        text_model=text_model,
        links=belonging.links if belonging is not None else (),
        subjects=belonging.subjects if belonging is not None else None,
    )


def make_backend(host: PluginHost, name: str, model_spec: ModelSpec) -> ModelBackend:
    """Make a model backend from its descriptor, its own settings and the table's model settings."""
    descriptor = host.get("model", name)
    given = model_spec.text.settings if descriptor.learns == "text" else model_spec.settings
    settings, findings = structure(descriptor.settings, given, "model.settings")
    if findings:
        msg = f"the settings of the model backend '{name}' are wrong"
        raise ConfigError(msg, findings=findings)
    backend: ModelBackend = descriptor.load()(settings, model_spec)
    return backend


def _fit(backend: ModelBackend, table: TrainingTable, plan: TablePlan, steps: Steps, mark: str, *, part: str) -> Model:
    shape = [
        (str(c.name), str(c.type), str(c.encoding), str(c.treatment), c.rebalance, dict(c.options))
        for c in table.columns
    ]
    settings = unstructure(plan.model)
    prepared_mark = fingerprint("transform", mark, shape, settings, part)
    name = f"{table.name} (text)" if part else table.name

    def transform(run: Run) -> None:
        backend.prepare(table, run)

    folder = steps.perform(Step.TRANSFORM, name, prepared_mark, transform)

    def train(run: Run) -> None:
        model = backend.fit(table, backend.load_prepared(folder), run)
        target = run.workspace / "model"
        target.mkdir(exist_ok=True)
        model.save(target)

    trained = steps.perform(Step.TRAIN, name, fingerprint("train", prepared_mark), train, keep_partial=True)
    return backend.load(trained / "model")
