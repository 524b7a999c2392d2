"""A table as codes of a model, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import frozen

from semblant_models.privacy.preprocessing.codes import ColumnCodes
from semblant_models.privacy.preprocessing.grid import is_numeric
from semblant_models.tabular.encodings.arrow import plain, plain_type, restore, type_from_text, type_to_text

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen(eq=False)
class TableCodes:
    """The codes of all columns of a table."""

    names: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    columns: tuple[ColumnCodes, ...]
    rows: float
    """Noisy number of rows."""

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema of what is made."""
        return pa.schema(list(zip(self.names, self.types, strict=True)))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Codes of each column."""
        return tuple(column.size for column in self.columns)

    def encode(self, table: pa.Table | pa.RecordBatch) -> np.ndarray:
        """Give int32 codes, shape (rows, columns)."""
        out = np.zeros((table.num_rows, len(self.columns)), np.int32)
        for place, (name, column) in enumerate(zip(self.names, self.columns, strict=True)):
            out[:, place] = column.encode(plain(table.column(name)))
        return out

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> pa.RecordBatch:
        """Make rows of codes, shape (rows, columns)."""
        arrays = [
            restore(column.decode(codes[:, place], rng), kind)
            for place, (column, kind) in enumerate(zip(self.columns, self.types, strict=True))
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON."""
        return {
            "names": list(self.names),
            "types": [type_to_text(kind) for kind in self.types],
            "columns": [column.to_dict() for column in self.columns],
            "rows": self.rows,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TableCodes:
        """Undo :meth:`to_dict`; what does not fit together raises ``ValueError`` or ``KeyError``."""
        names, types = tuple(map(str, data["names"])), tuple(map(type_from_text, data["types"]))
        columns = tuple(map(ColumnCodes.from_dict, data["columns"]))
        if not len(names) == len(types) == len(columns):
            msg = "names, types and columns differ in number"
            raise ValueError(msg)
        return cls(names, types, columns, float(data["rows"]))


def obstacle(kind: pa.DataType) -> str | None:
    """Say why a column of this type cannot be learned privately; None when it can.

    >>> obstacle(pa.list_(pa.int8()))
    'nested values'
    """
    kind = plain_type(kind)
    if pa.types.is_nested(kind):
        return "nested values"
    if pa.types.is_null(kind) or pa.types.is_boolean(kind) or pa.types.is_large_string(kind):
        return None
    return None if is_numeric(kind) else f"values of type {kind}"


def whole_columns(names: Sequence[str], batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> list[pa.Array]:
    """Give each column as one plain array."""
    table = pa.Table.from_batches(batches, schema) if batches else schema.empty_table()
    return [plain(table.column(name)) for name in names]
