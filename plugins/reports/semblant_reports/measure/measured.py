"""One report's measurements, shared by its sections: each is made once, when the first section asks."""

from __future__ import annotations

import threading
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from semblant_reports.measure.accuracy import Accuracy, Overlap, compare
from semblant_reports.measure.attacks import attack_figures
from semblant_reports.measure.binning import Classes, classes_of, code_matrix
from semblant_reports.measure.confidence import accuracy_deviation, around
from semblant_reports.measure.copying import copying_figures
from semblant_reports.measure.detection import detection_figures
from semblant_reports.measure.membership import membership_figures
from semblant_reports.measure.phik import phik_matrix
from semblant_reports.measure.relations import Relation, relations_of
from semblant_reports.measure.sample import Sample, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.forms import ColumnForm

TOO_FEW = "too few rows to compare"
PHIK_COLUMNS = 30
"""Columns of a matrix that can still be read, if the report sets no lower limit."""


class MeasuredTable:
    """What is measured of one table; every property is computed at its first use."""

    def __init__(self, name: str, sample: Sample, inputs: ReportInputs, check: Callable[[], None]) -> None:
        """Keep the sample and the settings; nothing is computed yet."""
        self.name = name
        self.sample = sample
        self.seed = inputs.seed
        self.knn_limit = inputs.limits.knn
        self.phik_limit = inputs.limits.phik
        self.min_subjects = inputs.min_subjects
        self.targets = [
            place
            for place, column in enumerate(sample.columns)
            if {column.name, f"{name}.{column.name}"} & set(inputs.targets)
        ]
        self.check = check

    @property
    def comparable(self) -> bool:
        """Whether both sides have rows and there is a column to compare."""
        return bool(self.sample.columns) and self.sample.original.height > 0 and self.sample.synthetic.height > 0

    @cached_property
    def classes(self) -> list[Classes]:
        """How each column is cut."""
        reference = self.sample.reference
        return [classes_of(column, reference[column.key]) for column in self.sample.columns]

    @cached_property
    def codes(self) -> dict[str, NDArray[np.int16]]:
        """Class codes of each side, shape (columns, n)."""
        sides = {"original": self.sample.original, "synthetic": self.sample.synthetic}
        if self.sample.holdout is not None:
            sides["holdout"] = self.sample.holdout
        return {side: code_matrix(self.classes, frame) for side, frame in sides.items()}

    @cached_property
    def _accuracies(self) -> list[Accuracy | None]:
        others = [codes for side, codes in self.codes.items() if side != "original"]
        sizes = [item.size for item in self.classes]
        return compare(self.codes["original"], others, sizes, self.seed)

    @property
    def accuracy(self) -> Overlap | None:
        """Synthetic against training rows."""
        found = self._accuracies[0] if self.comparable else None
        return None if found is None else found.measured

    @property
    def by_chance(self) -> Overlap | None:
        """What as many rows from the training rows' own population would reach, in theory."""
        found = self._accuracies[0] if self.comparable else None
        return None if found is None else found.expected

    @cached_property
    def ceiling(self) -> Overlap | None:
        """Holdout against training rows: what real data reach; None without a holdout.

        A holdout of another size than the synthetic data is corrected for what its size explains.
        """
        held = self._accuracies[1] if self.comparable and len(self._accuracies) > 1 else None
        if held is None or self.by_chance is None:
            return None
        return held.measured.shifted(self.by_chance, held.expected)

    @cached_property
    def intervals(self) -> dict[str, list[float]]:
        """95% intervals of the accuracies: ``overall``, the depths, and ``ceiling``; empty with few rows."""
        if self.accuracy is None:
            return {}
        sizes = [item.size for item in self.classes]
        values = {"overall": self.accuracy.overall, **self.accuracy.by_depth}
        spread = accuracy_deviation(self.codes["original"], self.codes["synthetic"], sizes, self.seed)
        found = {name: around(values[name], deviation) for name, deviation in spread.items()}
        if self.ceiling is not None:
            held = accuracy_deviation(self.codes["original"], self.codes["holdout"], sizes, self.seed)
            if held:
                found["ceiling"] = around(self.ceiling.overall, held["overall"])
        return found

    @cached_property
    def most_different(self) -> list[int]:
        """Places of the columns, the most different first."""
        if self.accuracy is None:
            return list(range(len(self.sample.columns)))
        return sorted(range(len(self.sample.columns)), key=lambda place: float(self.accuracy.columns[place]))  # type: ignore[union-attr]

    @cached_property
    def near_columns(self) -> list[ColumnForm]:
        """The columns that count for distances: all, or as many as the report's limit."""
        chosen = sorted(self.most_different[: self.knn_limit])
        return [self.sample.columns[place] for place in chosen]

    @cached_property
    def copying(self) -> dict[str, Any]:
        """Distances to the closest record and identical matches."""
        return copying_figures(self.sample, self.near_columns, self.seed, self.check)

    @cached_property
    def membership(self) -> dict[str, Any]:
        """How well a membership attack finds the training rows."""
        return membership_figures(self.sample, self.near_columns, self.seed, self.check)

    @cached_property
    def attacks(self) -> list[dict[str, Any]]:
        """How well rows are singled out, halves of rows linked and columns inferred."""
        return attack_figures(self.sample, self.near_columns, self.seed, self.check)

    @cached_property
    def phik_columns(self) -> list[int]:
        """Places of the columns whose dependence is measured, in their order."""
        return sorted(self.most_different[: min(PHIK_COLUMNS, self.phik_limit or PHIK_COLUMNS)])

    @cached_property
    def phik(self) -> dict[str, NDArray[np.float64]]:
        """PhiK of all pairs of :attr:`phik_columns` of each side, shape (columns, columns)."""
        sizes = [self.classes[place].size for place in self.phik_columns]
        missing = [size - 1 for size in sizes]
        found = {}
        for side, codes in self.codes.items():
            self.check()
            found[side] = phik_matrix(codes[self.phik_columns], sizes, missing)
        return found

    @cached_property
    def utility(self) -> list[dict[str, Any]]:
        """How well models of synthetic rows predict real ones, per target; needs scikit-learn."""
        from semblant_reports.measure.utility import targets_of, told_twice, utility_figures

        if not self.comparable:
            return []
        full = np.full((len(self.sample.columns),) * 2, np.nan)
        full[np.ix_(self.phik_columns, self.phik_columns)] = self.phik["original"]
        full = told_twice(self.sample, full)
        chosen = self.targets or targets_of(self.sample, full, self.min_subjects)
        return [utility_figures(self.sample, place, full, self.seed, self.min_subjects, self.check) for place in chosen]

    @cached_property
    def detection(self) -> dict[str, Any]:
        """How well a classifier tells the rows apart; needs scikit-learn."""
        chosen = [self.sample.columns[place] for place in self.most_different]
        return detection_figures(self.sample, chosen, self.seed, self.check)


class Measured:
    """All compared tables of a report."""

    def __init__(self, inputs: ReportInputs, check: Callable[[], None]) -> None:
        """Take the samples; ``inputs`` itself is not kept. ``check`` is called now and then and may raise."""
        self.skipped: dict[str, str] = {}
        self.tables: dict[str, MeasuredTable] = {}
        for name in inputs.original.tables:
            if name in inputs.copied:
                self.skipped[name] = "copied unchanged, not compared"
            elif name not in inputs.synthetic.tables:
                self.skipped[name] = "there is no synthetic table of that name"
            else:
                self.tables[name] = MeasuredTable(name, take(inputs, name), inputs, check)
        self._check = check
        self._relations: list[Relation] | None = None

    def relations(self, inputs: ReportInputs) -> list[Relation]:
        """Measure the foreign keys, once; ``inputs`` are those that this was made of."""
        if self._relations is None:
            self._relations = relations_of(inputs, self._check)
        return self._relations


_lock = threading.Lock()
_kept: dict[int, tuple[weakref.ref[ReportInputs], Measured]] = {}


def measured(inputs: ReportInputs, run: Run) -> Measured:
    """Give the measurements of ``inputs``, made at the first call and dropped with ``inputs``."""
    run.check()
    with _lock:
        found = _kept.get(id(inputs))
        if found is not None and found[0]() is inputs:
            return found[1]
    made = Measured(inputs, run.check)
    place = id(inputs)
    reference = weakref.ref(inputs, lambda _: _kept.pop(place, None))
    with _lock:
        _kept[place] = (reference, made)
    return made
