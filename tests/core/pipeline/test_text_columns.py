"""A text column reaches the tabular model as a length bucket."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant.pipeline.text_columns import as_tabular, length_buckets, with_buckets
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType


@pytest.mark.feature(20)
@given(st.lists(st.none() | st.text(max_size=200), max_size=30))
def test_a_bucket_holds_the_lengths_it_says(texts: list[str | None]) -> None:
    for text, bucket in zip(texts, length_buckets(pa.array(texts, pa.string())).to_pylist(), strict=True):
        if text is None or not text:
            assert bucket == (None if text is None else 0)
        else:
            assert 2 ** (bucket - 1) <= len(text) <= 2**bucket - 1


def test_only_text_columns_are_replaced() -> None:
    plans = (
        ColumnPlan(name="id", type=pa.int64(), encoding=EncodingType.INTEGER),
        ColumnPlan(name="note", type=pa.string(), encoding=EncodingType.TEXT, sensitive=True),
    )
    batch = pa.RecordBatch.from_pydict({"id": [1, 2], "note": ["abc", None]})
    (changed,) = with_buckets([batch], plans)
    assert changed.to_pydict() == {"id": [1, 2], "note": [2, None]}
    assert [as_tabular(plan).encoding for plan in plans] == [EncodingType.INTEGER, EncodingType.CATEGORICAL]
    assert as_tabular(plans[1]).type == pa.int16()
