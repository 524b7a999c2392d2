"""Tables as people have them: Arrow, polars, pandas and dicts, in and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from semblant.errors import ConfigError
from semblant.frames import as_tables, back_to, synthesize, to_arrow

TABLE = pa.table({"id": [1, 2, 3], "city": ["Bern", None, "Graz"], "spent": [1.5, 2.5, None]})
KINDS = {
    "arrow": TABLE,
    "polars": pl.from_arrow(TABLE),
    "pandas": TABLE.to_pandas(types_mapper=pd.ArrowDtype),
    "columns": TABLE.to_pydict(),
}


@pytest.mark.feature(269)
@pytest.mark.parametrize("kind", KINDS)
def test_a_table_goes_to_arrow_and_comes_back_as_what_it_was(kind: str) -> None:
    frame = KINDS[kind]

    table = to_arrow(frame)
    back = back_to(frame)(table)

    assert table.column_names == TABLE.column_names
    assert table.to_pylist() == TABLE.to_pylist()
    assert type(back) is type(frame)
    assert to_arrow(back).to_pylist() == TABLE.to_pylist()


@pytest.mark.feature(269)
def test_a_lazy_frame_and_a_record_batch_are_tables_too() -> None:
    assert to_arrow(pl.from_arrow(TABLE).lazy()).to_pylist() == TABLE.to_pylist()  # type: ignore[union-attr]
    assert to_arrow(TABLE.to_batches()[0]).to_pylist() == TABLE.to_pylist()


@pytest.mark.feature(269)
def test_a_pandas_index_is_no_column() -> None:
    frame = TABLE.to_pandas().set_index(pd.Index([7, 8, 9]))

    assert to_arrow(frame).column_names == TABLE.column_names


def test_a_dict_of_tables_is_a_database_and_a_dict_of_columns_a_table() -> None:
    assert list(as_tables({"a": TABLE, "b": KINDS["polars"]})) == ["a", "b"]
    assert list(as_tables(TABLE.to_pydict())) == ["table"]


@pytest.mark.parametrize("thing", [42, "customers.csv", None, {"a": 1}, {"a": TABLE, "b": 42}])
def test_what_is_no_table_is_refused_by_its_type(thing: Any) -> None:
    with pytest.raises(ConfigError, match="a table was expected"):
        as_tables(thing)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame([[1, 2]] * 3, columns=["a", "a"]), "several columns of one name: a"),
        (pd.DataFrame({"a": [1, "x", None]}), "different kinds"),
        ({"a": [1, "x"]}, "different kinds"),
        ({"a": [1, 2], "b": [1]}, "different lengths"),
    ],
)
def test_a_frame_that_is_no_proper_table_is_refused_in_words(frame: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        to_arrow(frame)


@pytest.mark.feature(269)
def test_a_column_may_be_an_array() -> None:
    assert to_arrow({"a": np.arange(3), "b": ["x", "y", None]}).to_pydict() == {"a": [0, 1, 2], "b": ["x", "y", None]}


@pytest.mark.feature(269)
def test_categories_come_back_as_categories() -> None:
    kinds = pl.DataFrame({"a": ["x", "y"]}).with_columns(
        a=pl.col("a").cast(pl.Categorical), b=pl.Series([1, 2], dtype=pl.Int8)
    )
    assert back_to(kinds)(pa.table({"a": ["y", "x"], "b": [2, 1]})).schema == kinds.schema
    frame = pd.DataFrame({"a": pd.Categorical(["x", "y"], ["y", "x"], ordered=True), "b": pd.array([1, None], "Int64")})
    assert list(back_to(frame)(pa.table({"a": ["y", "x"], "b": [None, 1]})).dtypes) == list(frame.dtypes)


@pytest.mark.parametrize("name", ["2024/x", "..", "a\0b"])
def test_a_table_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="name of a table"):
        synthesize({name: TABLE})
