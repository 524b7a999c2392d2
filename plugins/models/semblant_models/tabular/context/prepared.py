"""The step *transforming data* for a related table: fit the scheme, then write every row's tokens with what it sees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define, evolve, field

from semblant.atomic import atomic_folder
from semblant.errors import DataError
from semblant_models.tabular.context.extent import Ends, Extent
from semblant_models.tabular.context.gather import (
    Sequences,
    all_subjects,
    content_vectors,
    fit_related,
    sequences_of,
    tokens_of,
)
from semblant_models.tabular.context.history import histories
from semblant_models.tabular.context.lift import Lift
from semblant_models.tabular.context.reference import Reference
from semblant_models.tabular.context.rising import NO_VALUE, Rising, ticks_of
from semblant_models.tabular.context.scheme import Lookup, Scheme
from semblant_models.tabular.encodings import Sample, fit_encoding
from semblant_models.tabular.encodings.arrow import plain
from semblant_models.tabular.encodings.number import Number
from semblant_models.tabular.prepared import FOLDER, LEAST_SUBJECTS
from semblant_models.tabular.prepared import _sample as sample_of
from semblant_models.tabular.table import TableEncoding
from semblant_models.transformed import read_transformed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import Related, TrainingTable

STATE = "related.json"


@define(eq=False)
class PreparedRelated:
    """A related table on disk: arrays of int16 codes by name, and its scheme."""

    folder: Path
    scheme: Scheme

    def array(self, name: str) -> np.ndarray:
        """Give one of ``features``, ``keys``, ``seen``, ``validates``, ``counts``, ``parents``, ``count_validates``."""
        return np.asarray(np.load(self.folder / f"{name}.npy", allow_pickle=False))

    @property
    def summary(self) -> Mapping[str, Any]:
        """Encoding, tokens and reason per column; what the rows refer to; rows that train and that validate."""
        scheme, validates = self.scheme, self.array("validates")
        found = scheme.features.summary()
        for rising in scheme.rising:
            found["columns"][rising.column] = {
                "encoding": "rising",
                "tokens": [f.cardinality for part in rising.parts for f in part.fields],
                "reason": "rises along each sequence"
                + (f", first counted from {rising.anchor}" if rising.anchor else ""),
            }
        return {
            **found,
            "lookups": [entry.key for entry in scheme.lookups],
            "rows": len(validates),
            "training_rows": int((~validates).sum()),
            "validation_rows": int(validates.sum()),
        }


def prepare_related(training: TrainingTable, run: Run) -> PreparedRelated:
    """Fit encodings and write tokens below ``run.workspace``.

    Raises:
        DataError: fewer than five rows or subjects.
    """
    context = training.context
    assert context is not None
    subjects = all_subjects(training)
    who = len(np.unique(subjects)) if subjects is not None else training.rows
    if min(who, training.rows) < LEAST_SUBJECTS:
        msg = f"table '{training.name}': data set too small: {who} subjects, at least {LEAST_SUBJECTS} are needed"
        raise DataError(msg, fix="give more data, mark the table as original data, or exclude it")
    work = _Work(training=training, run=run, subjects=subjects)
    with atomic_folder(run.workspace / FOLDER) as folder:
        scheme, arrays = work.prepare()
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        (folder / STATE).write_text(json.dumps(scheme.to_dict()), encoding="utf-8")
    return load_related(run.workspace)


def load_related(workspace: Path) -> PreparedRelated:
    """Take up what :func:`prepare_related` left."""
    folder = workspace / FOLDER
    state = read_transformed(workspace, folder / STATE)
    return PreparedRelated(folder=folder, scheme=Scheme.from_dict(state))


@define(eq=False)
class _Work:
    """One table being prepared."""

    training: TrainingTable
    run: Run
    subjects: np.ndarray | None
    _days: dict[str, np.ndarray] = field(factory=dict, init=False)
    """Per date of the parent its days, by parent row."""

    def prepare(self) -> tuple[Scheme, dict[str, np.ndarray]]:
        training, context = self.training, self.training.context
        assert context is not None
        least = training.min_subjects
        sequences = None if context.parent is None else sequences_of(training, context.parent)
        order = np.arange(training.rows) if sequences is None else sequences.order
        names = () if sequences is None else sequences.rising
        plans = tuple(plan for plan in training.columns if plan.name not in names)
        sample, sampled, _ = sample_of(training, self.run)
        features = TableEncoding.fit(evolve(training, columns=plans), sample.select([p.name for p in plans]), sampled)
        parent = None if context.parent is None else fit_related(context.parent, least)
        anchors, days = self._anchors(context.parent, sequences)
        rising = tuple(self._rising(name, sample, sampled, sequences, days) for name in names)
        lookups, contents, numbers = self._lookups(order)
        scheme = Scheme(
            names=tuple(plan.name for plan in training.columns),
            types=tuple(plan.type for plan in training.columns),
            features=features,
            rising=rising,
            lookups=lookups,
            parent=parent,
            anchors=anchors,
        )
        arrays = {"features": self._features(features, order), "validates": self._validates(order)}
        steps, parts = [], []
        for entry in rising:
            assert sequences is not None
            ticks = sequences.ticks[entry.column]
            made = entry.encode(ticks, sequences.first, days)
            parts += made
            steps.append(made[2])
        keys = np.zeros((training.rows, scheme.keys.tokens), np.int16)
        for place, codes in enumerate(
            [*parts, *(e.reference.encode(n) for e, n in zip(lookups, numbers, strict=True))]
        ):
            keys[:, scheme.key_places(place)] = codes
        values = [self._absolute(entry, sequences) for entry in rising]
        shown = [entry.seen(n, c) for entry, n, c in zip(lookups, numbers, contents, strict=True)]
        known = scheme.known_codes(values, steps, shown)
        if not known.shape[1]:
            known = np.zeros((training.rows, 0), np.int16)
        arrays["keys"] = keys
        arrays |= {f"content{place}": content for place, content in enumerate(contents)}
        seen = [known]
        if sequences is not None and context.parent is not None:
            assert parent is not None
            above = tokens_of(parent, context.parent.open())
            followed = np.concatenate([arrays["features"], known], axis=1)
            scheme = self._counted(scheme, context.parent, sequences, above, arrays)
            ahead = _ahead(sequences) if scheme.extent is not None else None
            past = histories(scheme.followed, followed, sequences.starts, sequences.lengths, ahead)
            seen += [above[sequences.parent_of], past]
        arrays["seen"] = np.concatenate(seen, axis=1)
        return scheme, arrays

    def _features(self, features: TableEncoding, order: np.ndarray) -> np.ndarray:
        parts, done = [], 0
        for batch in self.training.open():
            parts.append(features.encode(batch.select(list(features.names))))
            done += batch.num_rows
            self.run.progress(done, self.training.rows)
        return np.asarray((np.concatenate(parts) if parts else np.zeros((0, features.layout.tokens), np.int16))[order])

    def _validates(self, order: np.ndarray) -> np.ndarray:
        who = self.subjects if self.subjects is not None else np.arange(self.training.rows, dtype=np.uint64)
        return np.asarray(self.training.split.validates(who)[order])

    def _anchors(
        self, parent: Related | None, sequences: Sequences | None
    ) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
        """Give the parent's dates and, per row in sequence order, their days."""
        if parent is None or sequences is None:
            return (), {}
        names = [p.name for p in parent.plans if pa.types.is_date(p.type) or pa.types.is_timestamp(p.type)][:8]
        found: dict[str, list[np.ndarray]] = {name: [] for name in names}
        for batch in parent.open():
            for name in names:
                column = plain(batch.column(batch.schema.get_field_index(name)))
                found[name].append(ticks_of(column).days)
        self._days = {name: np.concatenate(parts) for name, parts in found.items() if parts}
        days = {name: whole[sequences.parent_of] for name, whole in self._days.items()}
        return tuple(days), days

    def _rising(
        self,
        name: str,
        sample: pa.Table,
        sampled: np.ndarray | None,
        sequences: Sequences | None,
        days: Mapping[str, np.ndarray],
    ) -> Rising:
        assert sequences is not None
        plan = next(plan for plan in self.training.columns if plan.name == name)
        absolute = fit_encoding(plan, sample.column(name), sampled, self.training.min_subjects)
        who = self.subjects[sequences.order] if self.subjects is not None else None
        return Rising.fit(plan, absolute, sequences.ticks[name], sequences.first, days, who, self.training.min_subjects)

    def _absolute(self, rising: Rising, sequences: Sequences | None) -> np.ndarray:
        assert sequences is not None
        ticks = sequences.ticks[rising.column]
        return rising.absolute.encode(rising.made(ticks.days, ticks.clock)).astype(np.int16)

    def _lookups(self, order: np.ndarray) -> tuple[tuple[Lookup, ...], list[np.ndarray], list[np.ndarray]]:
        context = self.training.context
        assert context is not None
        entries, contents, numbers = [], [], []
        for related in context.lookups:
            encoding = fit_related(related, 1)
            content = tokens_of(encoding, related.open())
            number = related.of()[order]
            reference = Reference.fit(number, content_vectors(encoding, content))
            entries.append(Lookup(key=related.key, reference=reference, content=encoding, distinct=related.distinct))
            contents.append(content)
            numbers.append(number)
        return tuple(entries), contents, numbers

    def _counted(
        self, scheme: Scheme, parent: Related, sequences: Sequences, above: np.ndarray, arrays: dict[str, np.ndarray]
    ) -> Scheme:
        """Fit the number of rows per parent and add its arrays."""
        real = parent.rows - parent.orphans
        counts = pa.array(sequences.lengths[:real], pa.int64())
        who = None if parent.subjects is None else parent.subjects()[:real]
        scheme.counts = Number.fit(Sample(values=counts, subjects=who, min_subjects=self.training.min_subjects))
        scheme.lift = Lift.fit(scheme.counts, sequences.lengths[:real])
        arrays["counts"] = scheme.counts.encode(counts).astype(np.int16)
        if scheme.rising:
            ends = _ends(sequences).taken(slice(real))
            base = scheme.rising[0].base({name: whole[:real] for name, whole in self._days.items()})
            near, end = _usual_step(sequences), scheme.rising[0].most
            scheme.extent = Extent.fit(ends, base, end, near, who, self.training.min_subjects)
            arrays["counts"] = scheme.extent.tokens(ends, base, scheme.counts, counts)
            arrays |= {"firsts": ends.first, "lasts": ends.last}
        arrays["parents"] = above[:real]
        arrays["lengths"] = sequences.lengths[:real]
        for place, name in enumerate(scheme.anchors):
            arrays[f"anchor{place}"] = self._days[name][:real]
        owner = who if who is not None else np.arange(real, dtype=np.uint64)
        arrays["count_validates"] = self.training.split.validates(owner)
        return scheme


def _ends(sequences: Sequences) -> Ends:
    """Give the first and the last day of each parent's sequence, by its first rising column."""
    days, some = sequences.ticks[sequences.rising[0]].days, sequences.lengths > 0
    first, last = np.full((2, len(some)), NO_VALUE)
    first[some] = days[sequences.starts[some]]
    last[some] = days[sequences.starts[some] + sequences.lengths[some] - 1]
    return Ends(first, last)


def _usual_step(sequences: Sequences) -> int:
    """Give what three of four steps of the first rising column do not exceed."""
    step = np.diff(sequences.ticks[sequences.rising[0]].days)[~sequences.first[1:]]
    return int(np.quantile(step, 0.75)) if len(step) else 0


def _ahead(sequences: Sequences) -> np.ndarray:
    """Give the time from the row before each row, or from a first row itself, to the end of its sequence."""
    days, ends = sequences.ticks[sequences.rising[0]].days, _ends(sequences)
    before = np.where(sequences.first, days, np.roll(days, 1))
    return np.asarray(ends.last[sequences.parent_of] - before)
