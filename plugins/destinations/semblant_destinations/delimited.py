"""Record batches as delimited text (RFC 4180, UTF-8) and as JSON Lines.

In delimited text a null is an empty field and an empty string is ``""``. In a table of one column a
null is ``""`` as well, because readers skip blank lines. Binary values are hexadecimal, nested values
JSON, dates and times ISO 8601, durations ISO 8601.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

_GUARDED = r"^'*[=+\-@\t\r|]"
_HARMLESS_NAME = re.compile(r"[+\-@][\w .\-]*")


def guarded(text: str) -> str:
    """Give ``text`` so that no spreadsheet runs it; :func:`unguarded` takes that back.

    >>> guarded("=1+1"), guarded("'=1"), guarded("1=1"), guarded("it's")
    ("'=1+1", "''=1", '1=1', "it's")
    """
    return f"'{text}" if re.match(_GUARDED, text) else text


def unguarded(text: str) -> str:
    """Undo :func:`guarded`.

    >>> [unguarded(guarded(text)) for text in ("=1", "'=1", "''", "'a")]
    ['=1', "'=1", "''", "'a"]
    """
    return text[1:] if text.startswith("'") and re.match(_GUARDED, text) else text


def _guarded_name(name: str) -> str:
    """Guard a column name, unless it is only a sign and a word (``@timestamp``), which computes nothing."""
    return name if _HARMLESS_NAME.fullmatch(name) else guarded(name)


class Delimited:
    """Renders batches of one table as delimited text.

    >>> text = Delimited(pa.schema([("a", pa.int64()), ("b", pa.string())]))
    >>> text.header()
    b'a,b\\r\\n'
    >>> text.render(pa.RecordBatch.from_pydict({"a": [1, None], "b": ["", "=x, y"]}))
    b'1,""\\r\\n,"\\'=x, y"\\r\\n'
    """

    def __init__(self, schema: pa.Schema, delimiter: str = ",", *, guard: bool = True) -> None:
        """Note the columns; ``delimiter`` is one character."""
        self._schema = schema
        self._delimiter = delimiter
        self._guard = guard
        self._special = f'[{re.escape(delimiter)}"\\r\\n]|^ | $|^$'
        self._fractions: set[str] = set()

    def header(self) -> bytes:
        """Give the line of the column names."""
        names = [_guarded_name(name) if self._guard else name for name in self._schema.names]
        fields = ['"' + name.replace('"', '""') + '"' if re.search(self._special, name) else name for name in names]
        return (self._delimiter.join(fields) + "\r\n").encode()

    def render(self, batch: pa.RecordBatch) -> bytes:
        """Give the lines of a batch."""
        if not batch.num_rows:
            return b""
        columns = [self._field(index, text) for index, text in enumerate(_texts(batch, self._fractions))]
        lines = pl.DataFrame([pl.Series(str(index), text) for index, text in enumerate(columns)])
        joined = lines.select(pl.concat_str(pl.all(), separator=self._delimiter)).to_series()
        return ("\r\n".join(joined.to_list()) + "\r\n").encode()

    def _field(self, index: int, text: pl.Series) -> pl.Series:
        """Guard and quote one column of texts."""
        alone = len(self._schema) == 1
        column = pl.col("text")
        frame = text.rename("text").to_frame()
        if _free(self._schema.field(index).type):
            if self._guard:
                column = pl.when(column.str.contains(_GUARDED)).then("'" + column).otherwise(column)
            frame = frame.select(column.alias("text"))
            quoted = '"' + pl.col("text").str.replace_all('"', '""', literal=True) + '"'
            column = pl.when(pl.col("text").str.contains(self._special)).then(quoted).otherwise(pl.col("text"))
        elif self._delimiter in "0123456789.+-:TZPe":
            column = '"' + column + '"'
        return frame.select(column.fill_null('""' if alone else "").alias("text")).to_series()


class Lines:
    """Renders batches of one table as JSON Lines; NaN and infinities become their names as strings.

    >>> Lines(pa.schema([("a", pa.int64())])).render(pa.RecordBatch.from_pydict({"a": [1, None]}))
    b'{"a":1}\\n{"a":null}\\n'
    """

    def __init__(self, schema: pa.Schema) -> None:
        """Note the columns."""
        self._schema = schema

    def header(self) -> bytes:
        """Give nothing: the names stand in every line."""
        return b""

    def render(self, batch: pa.RecordBatch) -> bytes:
        """Give the lines of a batch."""
        if not batch.num_rows:
            return b""
        columns = []
        for column, values in zip(batch.schema, batch.columns, strict=True):
            kept = (
                pa.types.is_nested(column.type) or pa.types.is_boolean(column.type) or pa.types.is_integer(column.type)
            )
            if pa.types.is_floating(column.type) and pc.all(pc.is_finite(values), min_count=0).as_py() is not False:
                kept = True
            if kept:
                columns.append(pl.Series(column.name, pl.from_arrow(pa.table({"x": values}))["x"]))  # type: ignore[index]
            else:
                columns.append(_text(column.type, values).rename(column.name))
        lines = pl.DataFrame(columns).select(pl.struct(pl.all()).struct.json_encode()).to_series()
        return ("\n".join(lines.to_list()) + "\n").encode()


def _free(kind: pa.DataType) -> bool:
    """Tell whether a type's text may hold anything at all."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return not (plain or pa.types.is_decimal(kind) or pa.types.is_temporal(kind) or pa.types.is_null(kind))


def _texts(batch: pa.RecordBatch, fractions: set[str]) -> Sequence[pl.Series]:
    return [
        _text(column.type, values, column.name, fractions)
        for column, values in zip(batch.schema, batch.columns, strict=True)
    ]


def _text(kind: pa.DataType, values: pa.Array, name: str = "", fractions: set[str] | None = None) -> pl.Series:
    """Give a column as texts, nulls kept.

    Fractions of a second are written for all values of a column from the first batch on that has one.
    """
    if pa.types.is_dictionary(kind):
        values, kind = values.dictionary_decode(), kind.value_type
    if pa.types.is_decimal(kind) or isinstance(kind, pa.BaseExtensionType) or pa.types.is_interval(kind):
        values = _storage_text(values)
        kind = values.type
    series: pl.Series = pl.from_arrow(pa.table({"text": values}))["text"]  # type: ignore[index]
    column = pl.col("text")
    if series.dtype.is_nested():
        encoded = pl.struct(column).struct.json_encode().str.slice(len('{"text":')).str.head(-1)
        column = pl.when(column.is_not_null()).then(encoded)
    elif series.dtype == pl.Binary:
        column = column.bin.encode("hex")
    elif series.dtype == pl.Duration:
        column = column.dt.to_string("iso")
    elif isinstance(series.dtype, (pl.Datetime, pl.Time)):
        column = column.dt.to_string(_iso(series, name, set() if fractions is None else fractions))
    else:
        column = column.cast(pl.String)
    return series.to_frame().select(column).to_series()


def _iso(series: pl.Series, name: str, fractions: set[str]) -> str:
    """Give the format of a column of times: with a fraction once there was one."""
    digits = 9 if isinstance(series.dtype, pl.Time) else {"ms": 3, "us": 6, "ns": 9}[str(series.dtype.time_unit)]  # type: ignore[attr-defined]
    if name not in fractions and series.dt.nanosecond().fill_null(0).max():
        fractions.add(name)
    fraction = f"%.{min(digits, 6) if isinstance(series.dtype, pl.Time) else digits}f" if name in fractions else ""
    if isinstance(series.dtype, pl.Time):
        return f"%H:%M:%S{fraction}"
    zone = "%:z" if series.dtype.time_zone else ""  # type: ignore[attr-defined]
    return f"%Y-%m-%dT%H:%M:%S{fraction}{zone}"


def _storage_text(values: pa.Array) -> pa.Array:
    """Give types that polars lacks as texts, by Arrow where it can."""
    if isinstance(values.type, pa.BaseExtensionType):
        values = values.storage
    try:
        return values.cast(pa.large_string())
    except pa.ArrowNotImplementedError:
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.large_string())
