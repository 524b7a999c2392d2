"""How a column is compared: its form, and its values as numbers or strings."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Form(enum.StrEnum):
    """What a column is compared as."""

    NUMBER = "number"
    MOMENT = "moment"
    CATEGORY = "category"


@frozen(kw_only=True)
class ColumnForm:
    """A column, or a field of a nested column, and how it is compared.

    Numbers are float64 in ``unit``; moments are seconds since 1970 in UTC; categories are strings.
    """

    name: str
    path: tuple[str, ...]
    form: Form
    unit: str = ""
    """Of numbers: ``seconds``, ``clock`` (seconds of the day), ``items``, ``bytes`` or nothing."""
    whole: bool = False
    """Only whole numbers (or whole days)."""

    @property
    def key(self) -> str:
        """Give the column's place in a frame: never empty, different from any other's."""
        return "column\x1f" + "\x1f".join(self.path)


def forms_of(schema: pa.Schema, columns: Iterable[str]) -> list[ColumnForm]:
    """Give the forms of ``columns``; a struct gives one form per field.

    >>> [form.name for form in forms_of(pa.schema([("a", pa.struct([("b", pa.int8())]))]), ["a"])]
    ['a.b']
    """
    return [form for name in columns for form in _forms(schema.field(name).type, (name,))]


def _forms(kind: pa.DataType, path: tuple[str, ...]) -> Iterator[ColumnForm]:
    """Walk down nested types."""
    if isinstance(kind, pa.BaseExtensionType):
        yield from _forms(kind.storage_type, path)
        return
    if pa.types.is_dictionary(kind):
        yield from _forms(kind.value_type, path)
        return
    if pa.types.is_struct(kind):
        for index in range(kind.num_fields):
            yield from _forms(kind.field(index).type, (*path, kind.field(index).name))
        return
    name = ".".join(path) or "(no name)"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        whole = pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0)
        yield ColumnForm(name=name, path=path, form=Form.NUMBER, whole=whole)
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        yield ColumnForm(name=name, path=path, form=Form.MOMENT, whole=pa.types.is_date(kind))
    elif pa.types.is_time(kind):
        yield ColumnForm(name=name, path=path, form=Form.NUMBER, unit="clock")
    elif pa.types.is_duration(kind):
        yield ColumnForm(name=name, path=path, form=Form.NUMBER, unit="seconds")
    elif _is_list(kind) or pa.types.is_map(kind):
        yield ColumnForm(name=name, path=path, form=Form.NUMBER, unit="items", whole=True)
    elif _is_binary(kind):
        yield ColumnForm(name=name, path=path, form=Form.NUMBER, unit="bytes", whole=True)
    else:
        yield ColumnForm(name=name, path=path, form=Form.CATEGORY)


def values_of(table: pa.Table, form: ColumnForm) -> pl.Series:
    """Give the column as float64 or string, missing (and not a number, and infinite) as null.

    A column that the table does not have is all null, a value of another type is converted where
    that is possible and null where not.
    """
    if form.path[0] not in table.column_names:
        return _all_null(form, table.num_rows)
    column: pa.ChunkedArray | pa.Array = table.column(form.path[0])
    for part in form.path[1:]:
        column = _plain(column)
        if not pa.types.is_struct(column.type) or column.type.get_field_index(part) < 0:
            return _all_null(form, table.num_rows)
        column = pc.struct_field(column, [column.type.get_field_index(part)])
    column = _plain(column)
    return (_strings if form.form is Form.CATEGORY else _numbers)(column, form).alias(form.key)


def _all_null(form: ColumnForm, rows: int) -> pl.Series:
    """Give a column of nothing."""
    return pl.Series(form.key, [None] * rows, dtype=pl.String if form.form is Form.CATEGORY else pl.Float64)


def _plain(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray:
    """Take extension and dictionary wrappers off."""
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    while True:
        kind = chunked.type
        if isinstance(kind, pa.BaseExtensionType):
            chunked = pa.chunked_array([chunk.storage for chunk in chunked.chunks], type=kind.storage_type)
        elif pa.types.is_dictionary(kind):
            chunked = pa.chunked_array([chunk.dictionary_decode() for chunk in chunked.chunks], type=kind.value_type)
        else:
            return chunked


def _numbers(column: pa.ChunkedArray, form: ColumnForm) -> pl.Series:
    """Give numbers; lengths of lists and bytes, seconds of moments, times and durations."""
    kind = column.type
    scale = 1.0
    if _is_text(kind):
        return _parsed(_strings(column, form), form)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        column, scale = _whole(pc.cast(column, pa.timestamp("us", getattr(kind, "tz", None)), safe=False)), 1e-6
    elif pa.types.is_time(kind):
        column, scale = _whole(pc.cast(column, pa.time64("us"), safe=False)), 1e-6
    elif pa.types.is_duration(kind):
        column, scale = _whole(pc.cast(column, pa.duration("us"), safe=False)), 1e-6
    elif _is_list(kind):
        column = pc.list_value_length(column)
    elif pa.types.is_map(kind):
        column = pa.chunked_array(
            [[None if item is None else len(item) for item in column.to_pylist()]], type=pa.int64()
        )
    elif _is_binary(kind):
        column = pc.binary_length(pc.cast(column, pa.large_binary()))
    try:
        floats = pc.cast(column, pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _all_null(form, len(column))
    series = cast("pl.Series", pl.from_arrow(floats)) * scale
    return series.set(~series.is_finite().fill_null(value=False), None)


def _parsed(texts: pl.Series, form: ColumnForm) -> pl.Series:
    """Read numbers or moments from text, as other tools write them."""
    if form.form is Form.NUMBER:
        numbers = texts.str.strip_chars().cast(pl.Float64, strict=False)
        return numbers.set(~numbers.is_finite().fill_null(value=False), None)
    moments = pl.DataFrame({"text": texts}).select(
        pl.coalesce(
            pl.col("text").str.to_datetime(pattern, strict=False, time_unit="us")
            for pattern in ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
        ).fill_null(pl.col("text").str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")))
    )
    return moments.to_series().to_physical().cast(pl.Float64) * 1e-6


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Show the integers below a temporal type."""
    return pa.chunked_array([chunk.view(pa.int64()) for chunk in column.chunks], type=pa.int64())


def _strings(column: pa.ChunkedArray, form: ColumnForm) -> pl.Series:
    """Give texts; what Arrow cannot cast is written as Python writes it."""
    kind = column.type
    if pa.types.is_null(kind):
        return _all_null(form, len(column))
    if pa.types.is_floating(kind):
        # other tools turn whole numbers with missing values into floats: 1.0 is meant as 1
        numbers = np.asarray(column.combine_chunks().to_numpy(zero_copy_only=False), dtype=np.float64)
        if (
            numbers.size
            and np.all(np.isnan(numbers) | (numbers == np.floor(numbers)))
            and np.nanmax(np.abs(numbers), initial=0) < 2**53
        ):
            column = pa.chunked_array([pa.array(numbers, from_pandas=True).cast(pa.int64())])
    try:
        column = pc.cast(column, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        column = pa.chunked_array([texts], type=pa.large_string())
    return cast("pl.Series", pl.from_arrow(column)).cast(pl.String)


def _is_text(kind: pa.DataType) -> bool:
    """Tell strings of any width."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    """Tell bytes of any width."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    """Tell lists of any width."""
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )
