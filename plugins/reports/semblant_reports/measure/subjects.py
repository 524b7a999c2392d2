"""Whose row is it: subjects of child tables, so that what few people hold is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from semblant_reports.measure.forms import ColumnForm, Form, values_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from semblant.report.inputs import Database
    from semblant.schema import ForeignKey


def subjects_of(database: Database, name: str, limit: int | None, copied: Collection[str]) -> NDArray[np.int64] | None:
    """Give the subject of each of the table's first ``limit`` sampled rows, int64, shape (n,).

    Follows the first foreign key to a table that is not copied, and that table's, up to the root.
    A row without a parent is a subject of its own.

    :returns: None when the table has no such key.
    """
    key = _upward(database, name, copied, {name})
    if key is None:
        return None
    frame = keys_of(database.tables[name].load(key.columns, limit), key.columns)
    seen = {name}
    while key is not None:
        parent = key.references
        seen.add(parent)
        above = _upward(database, parent, copied, seen)
        wanted = (*key.referenced_columns, *(above.columns if above else ()))
        rows = database.tables[parent].load(tuple(dict.fromkeys(wanted)), None)
        parents = (
            pl.DataFrame(
                {
                    "key": keys_of(rows, key.referenced_columns)["key"],
                    "next": keys_of(rows, above.columns if above else key.referenced_columns)["key"],
                }
            )
            .drop_nulls("key")
            .unique("key", keep="first", maintain_order=True)
        )
        joined = frame.join(parents, on="key", how="left", maintain_order="left")
        # a parent without a parent of its own is the subject: its key stands in, marked with its table
        frame = joined.select(pl.coalesce("next", pl.lit(parent + "\x1f") + pl.col("key")).alias("key"))
        key = above
    numbered = frame.with_row_index("row").select(
        pl.coalesce("key", pl.lit("\x00row\x1f") + pl.col("row").cast(pl.String)).rank("dense").cast(pl.Int64)
    )
    return numbered.to_series().to_numpy()


def holders(values: pl.Series, subjects: NDArray[np.int64] | None) -> dict[object, int]:
    """Count the subjects that hold each value.

    >>> import numpy as np
    >>> holders(pl.Series(["a", "a", "b"]), np.array([1, 1, 2]))
    {'a': 1, 'b': 1}
    """
    if subjects is None:
        counted = values.drop_nulls().rename("value").value_counts()
    else:
        pairs = pl.DataFrame({"value": values, "subject": subjects}).drop_nulls("value").unique()
        counted = pairs.group_by("value").len().rename({"len": "count"})
    return dict(
        sorted(zip(counted["value"].to_list(), counted["count"].to_list(), strict=True), key=lambda pair: str(pair[0]))
    )


def _upward(database: Database, name: str, copied: Collection[str], seen: Collection[str]) -> ForeignKey | None:
    """Give the first foreign key to a table that holds subjects."""
    if name not in database.schema:
        return None
    for key in database.schema.table(name).foreign_keys:
        if key.references in database.tables and key.references not in copied and key.references not in seen:
            return key
    return None


def keys_of(table: pa.Table, columns: Sequence[str]) -> pl.DataFrame:
    """Give one text per row that names its key; null where a part is missing."""
    parts = [values_of(table, ColumnForm(name=column, path=(column,), form=Form.CATEGORY)) for column in columns]
    named = pl.DataFrame([part.alias(str(index)) for index, part in enumerate(parts)])
    return named.select(pl.concat_str(pl.all(), separator="\x1f").alias("key"))
