"""Text columns: what the tabular model sees of them is a length bucket.

Bucket 0 is the empty string, bucket k holds texts of 2^(k-1) to 2^k - 1 characters, null stays null.
So the share of nulls and the length depend on the row, whichever backend writes the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve

from semblant.vocabulary import EncodingType, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from semblant.training import ColumnPlan

BUCKET_TYPE = pa.int16()
DATA = "data.parquet"
"""The rows of a generated table, in the folder of its step."""


def length_buckets(texts: pa.Array) -> pa.Array:
    """Give the length bucket of each text, int16, null where the text is null.

    >>> length_buckets(pa.array(["", "a", "abc", "abcd", None])).to_pylist()
    [0, 1, 2, 3, None]
    """
    lengths = pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False)
    buckets = np.ceil(np.log2(lengths.astype(np.float64) + 1.0)).astype(np.int16)
    return pa.array(buckets, mask=np.asarray(pc.is_null(texts).to_numpy(zero_copy_only=False)))


def is_text(plan: ColumnPlan) -> bool:
    """Tell whether the column goes to a text backend."""
    return plan.encoding is EncodingType.TEXT


def as_tabular(plan: ColumnPlan) -> ColumnPlan:
    """Give the plan of the bucket that stands in for a text column; other plans stay as they are."""
    if not is_text(plan):
        return plan
    return evolve(
        plan,
        type=BUCKET_TYPE,
        encoding=EncodingType.CATEGORICAL,
        role=Role.FEATURE,
        rebalance=False,
        sensitive=False,
        reason="length bucket of a text column",
        options={},
    )


def unwritten(schema: pa.Schema, plans: Sequence[ColumnPlan]) -> pa.Schema:
    """Give the schema of rows whose texts are still to be written."""
    texts = {plan.name for plan in plans if is_text(plan)}
    return pa.schema([field.with_type(BUCKET_TYPE) if field.name in texts else field for field in schema])


def with_buckets(batches: Iterable[pa.RecordBatch], plans: Sequence[ColumnPlan]) -> Iterator[pa.RecordBatch]:
    """Replace the text columns of each batch by their buckets."""
    texts = {plan.name for plan in plans if is_text(plan)}
    for batch in batches:
        arrays = [
            length_buckets(_as_string(batch.column(i))) if name in texts else batch.column(i)
            for i, name in enumerate(batch.schema.names)
        ]
        yield pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _as_string(array: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return (
        array
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
        else array.cast(pa.large_string())
    )
