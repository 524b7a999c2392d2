"""Tables, columns and keys, as a source describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa


@frozen(kw_only=True)
class Column:
    """A column: its ``name`` and Arrow ``type``; ``nullable`` where a null may stand in it.

    >>> import pyarrow as pa
    >>> Column(name="age", type=pa.int64()).nullable
    True
    """

    name: str
    type: pa.DataType
    nullable: bool = True
    comment: str = ""
    enum: tuple[str, ...] = ()
    """Allowed values where the source declares them."""
    declared: str = ""
    """The store's own name of the type behind its kind, ``postgresql:uuid``, for a destination of the same kind."""


@frozen(kw_only=True)
class ForeignKey:
    """Columns of one table that name a row of another.

    A row is found by ``referenced_columns`` of the other table, in the order of ``columns``.
    ``reason`` and ``confidence`` (0 to 1) say why it is believed: 1 for a declared constraint.

    >>> key = ForeignKey(columns=("customer",), references="customers", referenced_columns=("id",))
    >>> key.confidence
    1.0
    """

    columns: tuple[str, ...]
    references: str
    """The table that is pointed to."""
    referenced_columns: tuple[str, ...]
    reason: str = "declared"
    confidence: float = 1.0
    matched: bool = False
    """Not the parent: a row of the other table is matched to each finished row."""


@frozen(kw_only=True)
class Table:
    """A table: columns in order, keys (``primary_key_reason`` says why that one is believed), and its size.

    >>> import pyarrow as pa
    >>> orders = Table(name="orders", columns=(Column(name="id", type=pa.int64()),), primary_key=("id",))
    >>> orders.column_names
    ('id',)
    """

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    """Empty when there is none."""
    primary_key_reason: str = "declared"
    foreign_keys: tuple[ForeignKey, ...] = ()
    rows: int | None = None
    """None when counting would need a full read."""
    comment: str = ""
    notes: tuple[str, ...] = ()
    """What the source did to read it that the user should know (dialect, fallback encoding, dropped columns)."""

    def column(self, name: str) -> Column:
        """Give the column called ``name``; ``KeyError`` where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in table order."""
        return tuple(column.name for column in self.columns)


def _in_order(tables: Iterable[Table]) -> tuple[Table, ...]:
    return tuple(tables)


@frozen(kw_only=True)
class Schema:
    """All ``tables`` of a source or a generator, in a stable order.

    >>> Schema(tables=()).table_names
    ()
    """

    tables: tuple[Table, ...] = field(converter=_in_order)

    def __iter__(self) -> Iterator[Table]:
        """Iterate over the tables in order."""
        return iter(self.tables)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a table of that name."""
        return any(table.name == name for table in self.tables)

    def table(self, name: str) -> Table:
        """Give the table called ``name``; ``KeyError`` where there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(table.name for table in self.tables)
