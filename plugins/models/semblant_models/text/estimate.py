"""What training the texts of a table would cost, from their number and length; for ``check`` and ``plan``; no JAX.

Tokens follow from characters, recipe and shape from the same code as in training, and from them operations and bytes.
How many epochs it takes until nothing is gained is a guess where no setting bounds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.complexity import Cost
from semblant.vocabulary import EncodingType
from semblant_models.text.gru.batching import step_bytes
from semblant_models.text.gru.recipe import PIECES, Recipe
from semblant_models.text.gru.shape import Shape
from semblant_models.text.settings import NgramSettings

if TYPE_CHECKING:
    from semblant.complexity import TableFacts
    from semblant.machine import Speed
    from semblant.spec.training import ModelSpec
    from semblant_models.text.settings import GruSettings

_CHARACTERS = 4.6
"""Characters per token of reviews, descriptions and comments in European languages: 3.9 to 5.2."""
_TOKENS_PER_PIECE = 40
"""Few texts have few common words, and so few pieces: 1,300 in 44,000 tokens, 4,000 from 200,000 on."""
_PRODUCTS = 0.9
"""Speed of the network's products against that of :func:`semblant.machine.measured`."""
_OTHERS = 0.178
"""The same for all that is no product, against exponentials."""
_STALLED = 18
"""Passes after which nothing is gained any more, where the early stop may end training: 13 to 20."""
_COMPILING = 4.0e8
"""Turns of a Python loop that take as long as importing JAX and compiling training and drawing."""
_LEARNING = 250.0
"""Turns that splitting, counting and encoding a token takes as long as."""
_NGRAM = 900.0
"""Turns that the backend for few texts takes per token."""
_VALIDATED = 200_000
_DRAWN = 1.6
"""Forward passes that drawing a token costs: the nucleus, and texts that are drawn again."""
_PROCESS_BYTES = 620 * 2**20


def estimate(settings: GruSettings, spec: ModelSpec, facts: TableFacts, speed: Speed) -> Cost:
    """Give what learning and writing the text columns would take on a machine of this speed.

    >>> from semblant.complexity import ColumnFacts, TableFacts
    >>> from semblant.machine import Speed
    >>> from semblant.spec.training import ModelSpec
    >>> from semblant_models.text.settings import GruSettings
    >>> machine = Speed(processors=2, operations=1e11, numbers=1e9, loops=2e7)
    >>> text = ColumnFacts(name="a", encoding=EncodingType.TEXT, distinct=5000, characters=100.0)
    >>> table = TableFacts(name="t", rows=5000, records=10, columns=(text,))
    >>> cost = estimate(GruSettings(), ModelSpec(), table, machine)
    >>> cost.training_seconds > 30, cost.details["tokens"]
    (True, 108696)
    """
    if sum(_texts(facts).values()) < settings.least_texts:
        return estimate_few(NgramSettings(), spec, facts, speed)
    tokens = _tokens(facts, settings.training_characters)
    total = sum(tokens.values())
    per_row = total / max(facts.rows, 1)
    trained = round(total * (1.0 - spec.text.validation_fraction))
    recipe = Recipe.of(spec.text, settings, trained)
    pieces = min(settings.pieces or PIECES[spec.text.size], max(round(total / _TOKENS_PER_PIECE), 256))
    shape = Shape(tokens=pieces, codes=100, narrow=recipe.narrow, width=recipe.width, layers=recipe.layers)
    per_step = recipe.batch_size * recipe.time * recipe.accumulation
    epochs = min(recipe.max_epochs, _STALLED) if recipe.early_stop_delta > 0 else recipe.max_epochs
    steps = max(trained // per_step, 1) * epochs
    if recipe.stop_at is not None:
        steps = min(steps, recipe.stop_at)
    validated = min(total - trained, _VALIDATED) * max(steps * per_step // max(trained, 1), 1)
    products, others = speed.operations * _PRODUCTS, speed.numbers * _OTHERS
    product, other = 2.0 * shape.parameters / products, (pieces + 10 * shape.width * shape.layers) / others
    forward = product + other
    # the exponentials of the scores are taken once, forward and backward
    seconds = steps * per_step * (3.0 * product + other) + validated * forward
    seconds += steps * shape.parameters * 12 / others
    seconds /= speed.gain
    if recipe.max_minutes is not None:
        seconds = min(seconds, recipe.max_minutes * 60)
    before = (_COMPILING / speed.gain + _LEARNING * total) / speed.loops
    return Cost(
        training_seconds=before + seconds,
        generation_seconds=(_DRAWN * per_row * facts.records * forward) / speed.gain,
        memory_bytes=int(_PROCESS_BYTES + 100 * total + step_bytes(shape, recipe.batch_size, recipe.time)),
        column_shares={name: part / max(total, 1.0) for name, part in tokens.items()},
        details={
            "tokens": round(total),
            "parameters": shape.parameters,
            "batch_size": recipe.batch_size,
            "steps": steps,
            "epochs": round(steps * per_step / max(trained, 1), 2),
        },
    )


def estimate_few(settings: NgramSettings, spec: ModelSpec, facts: TableFacts, speed: Speed) -> Cost:  # noqa: ARG001
    """Give the same for the backend ``ngram``, which counts and does not train."""
    tokens = _tokens(facts, settings.training_characters)
    total = sum(tokens.values())
    return Cost(
        training_seconds=_NGRAM * total / speed.loops,
        generation_seconds=_NGRAM * total / max(facts.rows, 1) * facts.records / speed.loops,
        memory_bytes=_PROCESS_BYTES // 2,
        column_shares={name: part / max(total, 1.0) for name, part in tokens.items()},
        details={"tokens": round(total)},
    )


def _texts(facts: TableFacts) -> dict[str, float]:
    """Give per text column how many texts it has."""
    texts = [column for column in facts.columns if column.encoding is EncodingType.TEXT]
    return {column.name: (1.0 - column.missing_share) * facts.rows for column in texts}


def _tokens(facts: TableFacts, most: int) -> dict[str, float]:
    """Give per text column the tokens that are learned from, at most of so many characters."""
    counts = _texts(facts)
    sizes = {column.name: column.characters for column in facts.columns}
    return {name: min(count * sizes[name], most) / _CHARACTERS for name, count in counts.items()}
