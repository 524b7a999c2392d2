"""Foreign keys: children per parent, integrity, what children have to do with their parent and with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from attrs import evolve, field, frozen

from semblant_reports.measure.accuracy import distances
from semblant_reports.measure.aggregates import aggregated_detection
from semblant_reports.measure.binning import classes_of
from semblant_reports.measure.forms import ColumnForm, Form, forms_of, values_of
from semblant_reports.measure.sample import compared_columns
from semblant_reports.measure.shapes import shape_of
from semblant_reports.measure.subjects import keys_of, subjects_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from semblant.report.inputs import Database, ReportInputs
    from semblant.schema import ForeignKey

PARENTS = 20_000
"""Parents whose children are compared."""
FEWEST = 40
WORST = 5
LENGTH = "(number of children)"


@frozen(kw_only=True, eq=False)
class Family:
    """The rows of one side: how many children each parent has, and whose child each row is."""

    database: Database
    parent: str
    child: str
    counts: NDArray[np.int64]
    """Shape (parents,)."""
    owner: NDArray[np.int64]
    """Of each child row the parent's row, -1 where there is none; shape (children,)."""
    missing: float
    """Share of child rows whose key is missing."""
    dangling: float
    """Share of child rows whose key names no parent."""
    repeated: float
    """Share of parent rows whose key another one has."""

    def column(self, table: str, form: ColumnForm, rows: NDArray[np.int64]) -> pl.Series:
        """Give some rows of a column; one column is in memory at a time. A negative row is a missing value."""
        there = self.database.schema.table(table).column_names
        names = (form.path[0],) if form.path[0] in there else ()
        values = values_of(self.database.tables[table].load(names or tuple(there[:1]), None), form)
        return values.gather(np.maximum(rows, 0)).set(pl.Series(rows < 0), None)


@frozen(kw_only=True, eq=False)
class Relation:
    """One foreign key and its figures."""

    child: str
    columns: tuple[str, ...]
    parent: str
    figures: dict[str, Any] = field(factory=dict)


def relations_of(inputs: ReportInputs, check: Callable[[], None]) -> list[Relation]:
    """Measure every foreign key whose two tables are on both sides."""
    found = []
    for table in inputs.original.schema:
        for key in table.foreign_keys:
            both = {table.name, key.references}
            if not both <= set(inputs.original.tables) or not both <= set(inputs.synthetic.tables):
                continue
            if table.name in inputs.copied:
                continue
            check()
            relation = Relation(child=table.name, columns=key.columns, parent=key.references)
            found.append(evolve(relation, figures=_figures(inputs, relation, key, check)))
    return found


def _figures(inputs: ReportInputs, relation: Relation, key: ForeignKey, check: Callable[[], None]) -> dict[str, Any]:
    """Measure one foreign key."""
    sides = {"original": inputs.original, "synthetic": inputs.synthetic}
    if inputs.holdout is not None and {relation.child, relation.parent} <= set(inputs.holdout.tables):
        sides["holdout"] = inputs.holdout
    families = {side: _family(database, relation, key) for side, database in sides.items()}
    if not len(families["original"].counts) or not len(families["synthetic"].counts):
        return {"note": "a side has no parents", "integrity": _integrity(families)}
    subjects = subjects_of(inputs.original, relation.parent, None, inputs.copied)
    counted = ColumnForm(name="children", path=("children",), form=Form.NUMBER, whole=True)
    numbers = {side: pl.Series(family.counts).cast(pl.Float64) for side, family in families.items()}
    figures = {
        "note": "",
        "integrity": _integrity(families),
        "children": {
            side: {
                "mean": round(float(family.counts.mean()), 4),
                "none": round(float((family.counts == 0).mean()), 5),
                "agreement": round(agreement(families["original"].counts, family.counts), 5),
            }
            for side, family in families.items()
        },
        "shape": shape_of(counted, numbers["original"], numbers["synthetic"], subjects, inputs.min_subjects),
    }
    check()
    figures |= _dependence(inputs, relation, families)
    check()
    figures["detection"] = aggregated_detection(
        families["original"], families["synthetic"], _columns(inputs, relation), inputs.seed, check
    )
    return figures


def _family(database: Database, relation: Relation, key: ForeignKey) -> Family:
    """Read the keys of one side."""
    parents = keys_of(database.tables[relation.parent].load(key.referenced_columns, None), key.referenced_columns)
    children = keys_of(database.tables[relation.child].load(key.columns, None), key.columns)
    unique = parents.with_row_index("row").drop_nulls("key").unique("key", keep="first", maintain_order=True)
    joined = children.join(unique, on="key", how="left", maintain_order="left")
    owner = joined["row"].cast(pl.Int64).fill_null(-1).to_numpy()
    rows = max(1, len(owner))
    missing = joined["key"].null_count()
    return Family(
        database=database,
        parent=relation.parent,
        child=relation.child,
        counts=np.bincount(owner[owner >= 0], minlength=parents.height).astype(np.int64),
        owner=owner,
        missing=missing / rows,
        dangling=(int((owner < 0).sum()) - missing) / rows,
        repeated=1 - unique.height / max(1, parents.height),
    )


def _integrity(families: dict[str, Family]) -> dict[str, dict[str, float]]:
    """Give the shares of keys that are missing, name nobody, or are not unique."""
    return {
        side: {name: round(getattr(family, name), 6) for name in ("missing", "dangling", "repeated")}
        for side, family in families.items()
    }


def agreement(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Give one less the greatest gap between the distribution functions (Kolmogorov and Smirnov).

    >>> agreement(np.array([0, 1, 1, 2]), np.array([0, 0, 0, 0]))
    0.25
    """
    every = np.unique(np.concatenate([first, second]))
    below = [np.searchsorted(np.sort(side), every, "right") / max(1, len(side)) for side in (first, second)]
    return float(1 - np.abs(below[0] - below[1]).max())


def _columns(inputs: ReportInputs, relation: Relation) -> tuple[list[ColumnForm], list[ColumnForm]]:
    """Give the compared columns of parent and child."""
    forms = []
    for table in (relation.parent, relation.child):
        names = compared_columns(inputs, table)[0]
        described = inputs.original.tables[table].load(tuple(names), 1)
        forms.append(forms_of(described.schema, names))
    return forms[0], forms[1]


def _dependence(inputs: ReportInputs, relation: Relation, families: dict[str, Family]) -> dict[str, Any]:
    """Compare a random child of each parent with its parent and with the next child."""
    figures: dict[str, Any] = {
        "pairs": [],
        **{name: dict.fromkeys(("synthetic", "holdout", "chance")) for name in ("parent_child", "siblings")},
        "sibling_columns": [],
    }
    rng = np.random.default_rng(inputs.seed)
    chosen = {side: _chosen(family, rng) for side, family in families.items()}
    if min(len(chosen[side][0]) for side in ("original", "synthetic")) < FEWEST:
        return figures
    chosen = {side: rows for side, rows in chosen.items() if len(rows[0])}
    above, below = _columns(inputs, relation)
    codes: dict[str, list[NDArray[np.int16]]] = {side: [] for side in chosen}
    sizes: list[int] = []
    names: list[str] = []
    for form, name, values in _values(families, chosen, relation, above, below):
        classes = classes_of(form, pl.concat([values[side] for side in ("original", "holdout") if side in values]))
        for side, series in values.items():
            codes[side].append(classes.codes(series))
        sizes.append(classes.size)
        names.append(name)
    wide = [np.asarray(codes[side], dtype=np.intp) for side in codes]
    start, after = len(below) + 1, len(below) + 1 + len(above)
    others = [side for side in codes if side != "original"]

    def measured(combos: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
        return np.array([distances(wide, sizes, combo) for combo in combos]).reshape(len(combos), len(others), 2)

    crossed = [(mine, theirs) for mine in range(start) for theirs in range(start, after)]
    figures["pairs"] = [
        {"child": names[combo[0]], "parent": names[combo[1]], **_told(row, others)}
        for combo, row in zip(crossed, measured(crossed), strict=True)
    ]
    figures["pairs"].sort(key=lambda pair: (pair["synthetic"] - (pair.get("holdout") or pair["chance"]), pair["child"]))
    next_ones = [(mine, after + mine) for mine in range(start - 1)]
    figures["sibling_columns"] = [
        {"child": names[combo[0]], **_told(row, others)}
        for combo, row in zip(next_ones, measured(next_ones), strict=True)
    ]
    for name, found in (("parent_child", figures["pairs"]), ("siblings", figures["sibling_columns"])):
        for part in ("synthetic", "holdout", "chance"):
            known = [pair[part] for pair in found if pair.get(part) is not None]
            figures[name][part] = round(float(np.mean(known)), 5) if known else None
    return figures


def _told(row: NDArray[np.float64], others: Sequence[str]) -> dict[str, float]:
    """Name the accuracies of one pair."""
    return {side: round(float(found[0]), 5) for side, found in zip(others, row, strict=True)} | {
        "chance": round(float(row[0][1]), 5)
    }


def _chosen(family: Family, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give parents with children, a random child of each, and the child after it (-1: it has only one)."""
    order = np.argsort(family.owner, kind="stable")
    order = order[int((family.owner < 0).sum()) :]
    parents = np.flatnonzero(family.counts)
    first = np.concatenate([[0], np.cumsum(family.counts[parents])[:-1]]).astype(np.int64)
    picked = np.arange(len(parents))
    if len(parents) > PARENTS:
        picked = np.sort(rng.permutation(len(parents))[:PARENTS])
    many = family.counts[parents[picked]]
    place = first[picked] + ((many - 1) * rng.random(len(picked))).astype(np.int64)
    following = np.where(many > 1, order[np.minimum(place + 1, max(0, len(order) - 1))], -1) if len(order) else place
    return parents[picked], order[place] if len(order) else place, following


def _values(
    families: dict[str, Family],
    chosen: dict[str, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]],
    relation: Relation,
    above: Sequence[ColumnForm],
    below: Sequence[ColumnForm],
) -> Iterator[tuple[ColumnForm, str, dict[str, pl.Series]]]:
    """Give child columns and their number, parent columns, then the next child's columns, each of all sides."""

    def read(table: str, form: ColumnForm, part: int) -> dict[str, pl.Series]:
        return {side: families[side].column(table, form, rows[part]) for side, rows in chosen.items()}

    for form in below:
        yield form, form.name, read(relation.child, form, 1)
    length = ColumnForm(name=LENGTH, path=(LENGTH,), form=Form.NUMBER, whole=True)
    yield (
        length,
        LENGTH,
        {side: pl.Series(families[side].counts[rows[0]]).cast(pl.Float64) for side, rows in chosen.items()},
    )
    for form in above:
        yield form, form.name, read(relation.parent, form, 0)
    for form in below:
        yield form, form.name, read(relation.child, form, 2)
