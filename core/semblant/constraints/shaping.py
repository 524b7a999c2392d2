"""A table reshaped for learning so that its constraints hold by construction, and shaped back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, field

from semblant.constraints.between import Between
from semblant.constraints.checking import as_frame, decimals_of
from semblant.constraints.gaps import Gap
from semblant.constraints.mending import Adding, Bounding, Following
from semblant.constraints.merging import Merge
from semblant.constraints.outside import is_across
from semblant.errors import ArtefactError
from semblant.settings.structure import structure, unstructure
from semblant.spec.constraints import Combinations, Constraint, Dependency, Inequality, Range, Sum

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from semblant.training import ColumnPlan

FOLDER = "constraints"
FORMAT = 1


@define(kw_only=True, eq=False)
class Shaping:
    """Gaps and merges replace columns in learning; sums, dependencies and bounds are mended after drawing.

    ``schema`` is that of the columns that are learned when nothing is reshaped, in order.
    """

    schema: pa.Schema
    constraints: tuple[Constraint, ...]
    gaps: tuple[Gap, ...] = ()
    merges: tuple[Merge, ...] = ()
    followings: Mapping[int, Following] = field(factory=dict)
    """By the place of their constraint."""
    decimals: Mapping[int, int] = field(factory=dict)
    """Of sums, by the place of their constraint."""
    identifiers: tuple[str, ...] = ()
    """Columns whose values are unique by the place of the row: they stay when a row is drawn again."""

    @classmethod
    def fit(
        cls,
        constraints: Sequence[Constraint],
        schema: pa.Schema,
        read: Callable[[tuple[str, ...]], pa.Table],
        least: int,
    ) -> Shaping:
        """Choose what to reshape.

        :param read: gives some columns of all training rows that keep the constraints.
        :param least: rows that a combination needs to come out.
        """
        made = cls(schema=schema, constraints=tuple(constraints))
        taken: set[str] = set()
        gaps: list[Gap] = []
        merges: list[Merge] = []
        followings, decimals = {}, {}
        for place, constraint in enumerate(constraints):
            rule = constraint.rule
            if is_across(constraint, schema.names):
                continue
            if isinstance(rule, Combinations) and not taken & set(rule.columns):
                merges.append(Merge.fit(rule.columns, read(rule.columns), least))
                taken |= set(rule.columns)
            elif isinstance(rule, Dependency):
                followings[place] = Following.fit(rule, read(constraint.columns), least)
            elif isinstance(rule, Sum):
                decimals[place] = decimals_of(as_frame(read(rule.columns), rule.columns), rule.columns)
        merged = frozenset(taken)
        for constraint in constraints:
            rule = constraint.rule
            if is_across(constraint, schema.names):
                continue
            if isinstance(rule, Inequality) and rule.high not in taken and rule.low not in merged:
                gap = Gap.fit(rule, read(rule.columns))
                if gap is not None:
                    gaps.append(gap)
                    taken.add(rule.high)
        made.merges, made.gaps = tuple(merges), _ordered(gaps)
        made.followings, made.decimals = followings, decimals
        return made

    @property
    def reshaped(self) -> frozenset[str]:
        """The columns that are not learned as they are."""
        merged = {name for merge in self.merges for name in merge.columns}
        return frozenset(merged | {gap.high for gap in self.gaps})

    @property
    def outside(self) -> tuple[str, ...]:
        """The columns of other tables that constraints name; they stand beside the rows that are shaped back."""
        names = (name for constraint in self.constraints for name in constraint.columns)
        return tuple(dict.fromkeys(name for name in names if name not in self.schema.names))

    # -- learning --------------------------------------------------------------------------------

    def plans(self, plans: Sequence[ColumnPlan]) -> tuple[ColumnPlan, ...]:
        """Give the plans of the columns as they are learned."""
        gaps = {gap.high: gap for gap in self.gaps}
        firsts = {merge.columns[0]: merge for merge in self.merges}
        gone = {name for merge in self.merges for name in merge.columns[1:]}
        marked = {plan.name for plan in plans if plan.rebalance}
        out = []
        for plan in plans:
            if plan.name in gaps:
                out.append(gaps[plan.name].plan(plan))
            elif plan.name in firsts:
                merge = firsts[plan.name]
                made = merge.plan(plan)
                out.append(_early(made) if marked & set(merge.columns) else made)
            elif plan.name not in gone:
                out.append(plan)
        return tuple(out)

    def forward(self, table: pa.Table) -> pa.Table:
        """Reshape rows of the columns of ``schema`` for learning."""
        out = table
        for gap in self.gaps:
            place = out.schema.get_field_index(gap.high)
            out = out.set_column(place, gap.high, gap.forward(table.column(gap.low), table.column(gap.high)))
        for merge in self.merges:
            place = out.schema.get_field_index(merge.columns[0])
            out = out.set_column(place, merge.columns[0], merge.forward(table)).drop_columns(list(merge.columns[1:]))
        return out

    # -- drawing ---------------------------------------------------------------------------------

    def given(self, table: pa.Table, rng: np.random.Generator) -> pa.Table:
        """Reshape given rows, in which a null is to be filled."""
        out = table
        for gap in self.gaps:
            if gap.high not in table.column_names:
                continue
            place = out.schema.get_field_index(gap.high)
            if gap.low not in table.column_names:
                out = out.remove_column(place)
                continue
            known = pc.and_(pc.is_valid(table.column(gap.low)), pc.is_valid(table.column(gap.high)))
            found = gap.forward(table.column(gap.low), table.column(gap.high))
            out = out.set_column(place, gap.high, pc.if_else(known, found, pa.scalar(None, found.type)))
        for merge in self.merges:
            names = [name for name in merge.columns if name in out.column_names]
            if names:
                codes = merge.chosen(table.select(names), rng)
                out = out.drop_columns(names).append_column(merge.columns[0], codes)
        return out

    def backward(self, made: pa.Table, given: pa.Table | None, mends: Sequence[Any]) -> pa.Table:
        """Shape drawn rows back, put given cells in, and mend what follows from other columns."""
        columns: dict[str, Any] = {name: made.column(name) for name in made.column_names}
        for merge in self.merges:
            kinds = [self.schema.field(name).type for name in merge.columns]
            codes = made.column(merge.columns[0]).combine_chunks()
            columns |= dict(zip(merge.columns, merge.backward(codes, kinds), strict=True))
        told = told_cells(given)
        for name, mask in told.items():
            assert given is not None
            if name not in {gap.high for gap in self.gaps}:
                columns[name] = _mixed(mask, given.column(name), columns[name])
        highs = {gap.high for gap in self.gaps}
        early = [mend for mend in mends if isinstance(mend, Between) and mend.own not in highs]
        for mend in early:  # before what is counted from the column that may move
            pair = pa.table({name: columns[name] for name in (mend.own, mend.other)})
            columns[mend.own] = mend.mended(pair, told).column(mend.own)
        for gap in self.gaps:
            kind, steps = self.schema.field(gap.high).type, columns[gap.high].combine_chunks()
            high = gap.backward(_whole(columns[gap.low]), steps, kind)
            if given is not None and gap.high in told:
                high = _mixed(told[gap.high], given.column(gap.high), high)
                alone = told[gap.high] & ~told.get(gap.low, np.zeros(made.num_rows, bool))
                lowered = gap.lowered(_whole(high), steps, self.schema.field(gap.low).type)
                columns[gap.low] = _mixed(alone & _valid(columns[gap.low]), lowered, columns[gap.low])
            columns[gap.high] = high
        table = pa.table([columns[name] for name in self.schema.names], schema=self.schema)
        for name in made.column_names:
            if name not in self.schema.names:  # what a backend tells beside the rows, such as their references
                table = table.append_column(name, made.column(name))
        for mend in mends:
            if mend not in early:
                table = mend.mended(table, told)
        return table

    def mends(self) -> list[Any]:
        """Give fresh mends for one generation: bounds first, then what depends, then sums, which are exact."""
        found: list[Any] = [following.started() for following in self.followings.values()]
        for place, constraint in enumerate(self.constraints):
            if isinstance(constraint.rule, Sum):
                found.append(Adding(rule=constraint.rule, decimals=self.decimals[place]))
        bounds = [Bounding(rule=c.rule) for c in self.constraints if isinstance(c.rule, Range)]
        sides = [
            Between(rule=c.rule, own=next(name for name in c.columns if name in self.schema.names))
            for c in self.constraints
            if isinstance(c.rule, Inequality) and is_across(c, self.schema.names)
        ]
        return [*bounds, *sides, *found]

    # -- keeping ---------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write ``constraints.json`` and the tables of what was seen below ``folder``."""
        place = folder / FOLDER
        place.mkdir()
        for number, merge in enumerate(self.merges):
            pq.write_table(merge.known, place / f"merge-{number}.parquet")
        for number, following in self.followings.items():
            pq.write_table(following.known, place / f"follow-{number}.parquet")
        pq.write_table(self.schema.empty_table(), place / "schema.parquet")
        state = {
            "format": FORMAT,
            "constraints": [unstructure(c, omit_defaults=True) for c in self.constraints],
            "gaps": [gap.to_dict() for gap in self.gaps],
            "merges": [list(merge.columns) for merge in self.merges],
            "followings": list(self.followings),
            "identifiers": list(self.identifiers),
            "decimals": [[place, digits] for place, digits in self.decimals.items()],
        }
        (place / "constraints.json").write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Shaping | None:
        """Take up what :meth:`save` wrote; None where there is nothing, :class:`ArtefactError` where it is damaged."""
        place = folder / FOLDER
        if not place.is_dir():
            return None
        try:
            state = json.loads((place / "constraints.json").read_text(encoding="utf-8"))
            if state["format"] != FORMAT:
                msg = f"the constraints of the generator have format {state['format']}, this version reads {FORMAT}"
                raise ArtefactError(msg, fix="install the version of semblant that made it, or a newer one")
            constraints = tuple(_constraint(data) for data in state["constraints"])
            followings = {
                int(n): Following(rule=constraints[n].rule, known=pq.read_table(place / f"follow-{n}.parquet"))
                for n in state["followings"]
            }
            return cls(
                schema=pq.read_schema(place / "schema.parquet").remove_metadata(),
                constraints=constraints,
                gaps=tuple(Gap(**gap) for gap in state["gaps"]),
                merges=tuple(
                    Merge(columns=tuple(columns), known=pq.read_table(place / f"merge-{n}.parquet"))
                    for n, columns in enumerate(state["merges"])
                ),
                followings=followings,
                decimals={int(n): int(digits) for n, digits in state["decimals"]},
                identifiers=tuple(map(str, state["identifiers"])),
            )
        except (OSError, KeyError, TypeError, ValueError, IndexError, pa.ArrowException) as exc:
            msg = "the description of the generator's constraints is damaged"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc


def told_cells(given: pa.Table | None) -> dict[str, np.ndarray]:
    """Tell which cells were given, per column; bool, shape (rows,)."""
    if given is None:
        return {}
    return {name: _valid(given.column(name)) for name in given.column_names}


def _constraint(data: Any) -> Constraint:
    made, faults = structure(Constraint, data)
    if made is None or faults:
        msg = f"no constraint: {data}"
        raise ValueError(msg)
    return made


def _ordered(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """Put gaps in an order in which every ``low`` is known before it is needed."""
    left, out = list(gaps), []
    while left:
        highs = {gap.high for gap in left}
        ready = [gap for gap in left if gap.low not in highs]
        if not ready:  # a ring; validation refuses it
            break
        out += ready
        left = [gap for gap in left if gap not in ready]
    return tuple(out)


def _early(plan: ColumnPlan) -> ColumnPlan:
    from attrs import evolve

    return evolve(plan, rebalance=True)


def _valid(values: pa.ChunkedArray | pa.Array) -> np.ndarray:
    mask = pc.is_valid(values)
    return np.asarray(mask.to_numpy() if isinstance(mask, pa.ChunkedArray) else mask.to_numpy(zero_copy_only=False))


def _whole(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _mixed(mask: np.ndarray, one: Any, other: Any) -> pa.Array:
    one, other = _whole(one), _whole(other)
    if pa.types.is_dictionary(other.type):
        plain = other.type.value_type
        mixed = pc.if_else(pa.array(mask), one.cast(plain), other.cast(plain))
        return mixed.dictionary_encode().cast(other.type)
    return pc.if_else(pa.array(mask), one.cast(other.type), other)
