"""What training a table would cost, before any of it is read again: for ``check`` and ``plan``; needs no JAX.

The facts of each column become the tokens that its encoding will probably have; recipe and shape of the network
follow as in training, and from them operations, steps and bytes. Only how long training goes on until it stalls
is a guess: rows looked at before the early stop, as measured over real and made tables.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np
from attrs import frozen

from semblant.complexity import Cost
from semblant.vocabulary import EncodingType
from semblant_models.tabular.cost import parameters, row_numbers, row_operations, step_bytes
from semblant_models.tabular.encodings.encoding import Field
from semblant_models.tabular.layout import Layout
from semblant_models.tabular.recipe import Recipe
from semblant_models.tabular.shape import Shape

if TYPE_CHECKING:
    from semblant.complexity import ColumnFacts, TableFacts
    from semblant.machine import Speed
    from semblant.spec.training import ModelSpec
    from semblant_models.settings import ColumnArSettings
    from semblant_models.tabular.encodings import Encoding

_ONE_TOKEN = 254
_ONE_ORDERED = 128
_RUNS, _ITEMS = 96, 64
_TEXT_BUCKETS = 12
_PATTERN = (24, 48)

_PRODUCTS = 0.74
"""Speed of the network's products against that of :func:`semblant.machine.measured`."""
_OTHERS = 0.178
"""The same for all that is no product, against exponentials."""
_COMPILING = 2.6e8
"""Turns of a Python loop that take as long as importing JAX and compiling training and drawing."""
_PER_HEAD = 0.6e8
_PROCESS_BYTES = 560 * 2**20
"""Memory of Python, Arrow and JAX with their compiled programs."""
_FEWEST_STEPS = 200
"""The early stop is not thought of for 150 steps, then comes a stale validation."""
_USUAL_STEPS, _USUAL_ROWS = 650, 22_000
"""Steps until training rows stall, and have cooled down where that helps: 290 (adult) to 1,380 (diamonds); larger
tables go on longer, by the square root. Of ten real tables, eight stay within a factor of two."""
_VALIDATED = 20_000


@frozen
class _Sketch:
    """Stands for a fitted encoding: nothing but its tokens."""

    fields: tuple[Field, ...]


def estimate(settings: ColumnArSettings, spec: ModelSpec, facts: TableFacts, speed: Speed) -> Cost:
    """Give what training and drawing would take on a machine of this speed.

    >>> from semblant.complexity import ColumnFacts, TableFacts
    >>> from semblant.machine import Speed
    >>> from semblant.spec.training import ModelSpec
    >>> from semblant_models.settings import ColumnArSettings
    >>> machine = Speed(processors=2, operations=1e11, numbers=1e9, loops=2e7)
    >>> column = ColumnFacts(name="a", encoding=EncodingType.NUMBER, distinct=10**6)
    >>> few = TableFacts(name="t", rows=10_000, records=10, columns=(column,) * 4)
    >>> many = TableFacts(name="t", rows=10_000, records=10, columns=(column,) * 40)
    >>> one, ten = (estimate(ColumnArSettings(), ModelSpec(), table, machine) for table in (few, many))
    >>> ten.training_seconds > 3 * one.training_seconds, ten.details["tokens"]
    (True, 80)
    """
    rows = facts.training_rows
    fields = [fields_of(column, rows, spec.min_subjects) for column in facts.columns]
    layout = Layout.of([cast("Encoding", _Sketch(found)) for found in fields])
    recipe = Recipe.of(spec, settings, rows)
    if not layout.tokens:
        return Cost(training_seconds=0.1, generation_seconds=0.0, memory_bytes=_PROCESS_BYTES, details={"tokens": 0})
    shape = Shape.of(
        layout, embedding=recipe.embedding, hidden=recipe.hidden, flexible=recipe.flexible, joint=layout.joint
    )
    products, others = speed.operations * _PRODUCTS, speed.numbers * _OTHERS
    row = row_operations(shape) / products + row_numbers(shape) / others
    per_step = recipe.batch_size * recipe.accumulation
    steps = expected_steps(recipe, rows)
    validations = -(-steps // recipe.validation_steps)
    held = min(round(facts.rows * facts.validation_fraction), _VALIDATED)
    drawing = 0.5 * row
    drawn = 2 * float(np.clip(2 * rows, 32_768, 131_072)) if rows >= 500 else 0.0
    compiling = (_COMPILING + _PER_HEAD * len(shape.heads)) / speed.loops
    weights = parameters(shape) * (steps + validations) * 12 / others
    seconds = steps * per_step * row + validations * 2 * held * row / 3.0 + drawn * drawing + weights
    training = (compiling + seconds) / speed.gain
    if spec.max_minutes is not None:
        training = min(training, compiling / speed.gain + spec.max_minutes * 60)
    data = 2 * layout.tokens * min(facts.rows, 2**30 // max(2 * layout.tokens, 1))
    memory = _PROCESS_BYTES + 3 * data + 2 * step_bytes(shape, max(recipe.batch_size, 2048 // 3))
    return Cost(
        training_seconds=training,
        generation_seconds=facts.records * drawing / speed.gain,
        memory_bytes=int(memory),
        column_shares=_shares(facts.columns, fields, shape),
        details={
            "tokens": layout.tokens,
            "codes": shape.codes,
            "parameters": parameters(shape),
            "batch_size": recipe.batch_size,
            "steps": steps,
            "epochs": round(steps * per_step / rows, 2),
            "startup_seconds": round(compiling / speed.gain, 2),
        },
    )


def expected_steps(recipe: Recipe, rows: int) -> int:
    """Guess the step at which training stalls and has cooled down; the last one where it may not stall before."""
    per_epoch = max(rows // (recipe.batch_size * recipe.accumulation), 1)
    last = per_epoch * recipe.max_epochs
    if recipe.stop_at is not None:
        last = min(last, recipe.stop_at)
    if recipe.early_stop_delta <= 0:
        return max(last, 1)
    last = int(min(last, recipe.longest))
    return max(min(last, round(max(_FEWEST_STEPS, _USUAL_STEPS * math.sqrt(rows / _USUAL_ROWS)))), 1)


def fields_of(column: ColumnFacts, rows: int, least: int) -> tuple[Field, ...]:
    """Give the tokens that the encoding of a column will probably have.

    :param least: subjects that a value must be held by.
    """
    null = int(column.missing_share > 0)
    kind = column.encoding
    if kind is EncodingType.IDENTIFIER or (column.distinct <= 1 and not null):
        return ()
    if kind is EncodingType.BOOLEAN:
        return (Field(cardinality=2 + null),)
    if kind is EncodingType.TEXT:
        return (Field(cardinality=_TEXT_BUCKETS + null),)
    if kind is EncodingType.PATTERN:
        return (Field(cardinality=_PATTERN[0] + null), Field(cardinality=_PATTERN[1], parent=0))
    if kind in (EncodingType.DATE, EncodingType.DATETIME):
        return _moment(column, rows, least, null)
    if kind is EncodingType.CATEGORICAL:
        most = min(round(rows * column.frequent_share / max(least, 1)), _ONE_TOKEN * (_ONE_TOKEN - 1))
        kept = min(column.distinct, max(most, 1)) + null + 1
        if kept <= _ONE_TOKEN:
            return (Field(cardinality=max(kept, 2)),)
        return (Field(cardinality=-(-kept // _ONE_TOKEN) + 1), Field(cardinality=_ONE_TOKEN, phase=1, parent=0))
    return _scale(min(column.distinct, max(rows // max(least, 1), 1)), null)


def _scale(items: int, null: int, at: int = 0, parent: int | None = None) -> tuple[Field, ...]:
    if items <= _ONE_ORDERED:
        return (Field(cardinality=max(items + null, 2), parent=parent, ordered=True),)
    runs = min(_RUNS, -(-items // 2))
    inside = min(_ITEMS, max(-(-items // runs), 2))
    return (
        Field(cardinality=runs + null, parent=parent, ordered=True),
        Field(cardinality=inside, phase=1, parent=at, ordered=True),
    )


def _moment(column: ColumnFacts, rows: int, least: int, null: int) -> tuple[Field, ...]:
    """Give week or day, weekday, and the time of day."""
    parent = 0 if null else None
    items = min(column.distinct, max(rows // max(least, 1), 1))
    found = list(_scale(max(items // 7, 2), null))
    found.append(Field(cardinality=7, parent=parent, ordered=True))
    if column.fractional:
        found += _scale(min(items, 1440), 0, len(found), parent)
    return tuple(found)


def _shares(columns: tuple[ColumnFacts, ...], fields: list[tuple[Field, ...]], shape: Shape) -> dict[str, float]:
    """Share out the work: what all tokens have alike, and the codes of each head."""
    alike = row_numbers(shape) / shape.tokens / 4
    costs = [sum(alike + field.cardinality for field in found) for found in fields]
    total = sum(costs) or 1.0
    return {column.name: cost / total for column, cost in zip(columns, costs, strict=True)}
