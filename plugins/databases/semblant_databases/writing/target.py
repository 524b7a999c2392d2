"""Tables as they are to be in the destination, and what a delivery does with each."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Protocol

from attrs import evolve, field, frozen

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant.vocabulary import WriteMode
from semblant_databases.marks import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from semblant.schema import Column, ForeignKey, Schema, Table


class Action(enum.Enum):
    """What happens to a table."""

    CREATE = "create"
    """It is not there: it is made."""
    APPEND = "append"
    """Rows are put behind those that are there."""
    REFILL = "refill"
    """It stays as it is defined, its rows are changed for the new ones."""
    REDEFINE = "redefine"
    """It is there in another shape and gives way."""


@frozen(kw_only=True)
class Loaded:
    """A column on its way: the SQL type it has there, the Arrow type that the driver takes for it."""

    name: str
    sql: str
    arrow: pa.DataType
    nullable: bool = True
    encode: Callable[[pa.Array], pa.Array] | None = field(default=None, eq=False)
    """From the schema's type to ``arrow``; a plain checked cast when None."""
    staged_as: str = ""
    """SQL type of a column that it passes through, where the driver cannot write the type itself."""
    comment: str = ""
    mark: str = ""
    """What the comment says besides, one of :mod:`semblant_databases.marks`."""
    enum: tuple[str, ...] = ()

    @property
    def noted(self) -> str:
        """The comment as the store keeps it."""
        return marked(self.comment, self.mark)


@frozen(kw_only=True)
class Target:
    """A table as it is to be."""

    name: str
    columns: tuple[Loaded, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    """Columns that foreign keys of others point to, beside the primary key."""
    comment: str = ""

    def shape(self) -> tuple[object, ...]:
        """Give what two tables must share so that one may be filled again as the other."""
        columns = tuple((column.name, column.sql.lower(), column.mark) for column in self.columns)
        return (columns, self.primary_key, _key_shapes(self.foreign_keys))


@frozen(kw_only=True)
class Present:
    """A table that the destination has already."""

    columns: tuple[tuple[str, str], ...]
    """Name and SQL type, as the dialect writes it."""
    marks: Mapping[str, str] = field(factory=dict)
    """What comments of columns say besides, by the column's name."""
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    referrers: tuple[str, ...] = ()
    """Other tables with foreign keys to it."""

    def shape(self) -> tuple[object, ...]:
        """Give the same as :meth:`Target.shape`."""
        columns = tuple((name, sql.lower(), self.marks.get(name, "")) for name, sql in self.columns)
        return (columns, self.primary_key, _key_shapes(self.foreign_keys))


def _key_shapes(keys: Sequence[ForeignKey]) -> tuple[object, ...]:
    return tuple(sorted((key.columns, key.references, key.referenced_columns) for key in keys))


@frozen(kw_only=True)
class Step:
    """A table of a delivery with what happens to it."""

    target: Target
    action: Action
    present: Present | None = None


class Typing(Protocol):
    """The part of a dialect that knows types."""

    def loaded(self, column: Column, *, key: bool) -> Loaded:
        """Say how a column is kept; ``key`` when it is part of a key or index.

        :raises DestinationError: when the store has no type for it.
        """

    def loaded_as(self, column: Column, sql: str) -> Loaded:
        """Say how a column is put into an existing one of that SQL type."""


def targets_of(schema: Schema, typing: Typing, known: Callable[[str], bool]) -> list[Target]:
    """Turn the tables of a schema into targets, parents before children.

    ``known`` tells whether the destination has a table that is not delivered: keys to others are left out.
    """
    pointed: dict[str, list[tuple[str, ...]]] = {}
    for table in schema:
        for key in table.foreign_keys:
            pointed.setdefault(key.references, []).append(key.referenced_columns)
    found = {}
    for table in schema:
        keys = tuple(key for key in table.foreign_keys if key.references in schema or known(key.references))
        unique = dict.fromkeys(columns for columns in pointed.get(table.name, ()) if columns != table.primary_key)
        part_of_key = {
            *table.primary_key,
            *(name for key in keys for name in key.columns),
            *(name for columns in unique for name in columns),
        }
        found[table.name] = Target(
            name=table.name,
            columns=tuple(
                evolve(
                    typing.loaded(column, key=column.name in part_of_key),
                    nullable=column.nullable and column.name not in table.primary_key,
                    comment=column.comment,
                )
                for column in table.columns
            ),
            primary_key=table.primary_key,
            foreign_keys=keys,
            unique=tuple(unique),
            comment=table.comment,
        )
    return [found[name] for name in in_order(schema)]


def in_order(schema: Schema) -> list[str]:
    """Name the tables parents first; in a ring of tables the order of the schema decides.

    >>> from semblant.schema import ForeignKey, Schema, Table
    >>> key = ForeignKey(columns=("b",), references="b", referenced_columns=("id",))
    >>> in_order(Schema(tables=[Table(name="a", columns=(), foreign_keys=(key,)), Table(name="b", columns=())]))
    ['b', 'a']
    """
    waiting = {
        table.name: {key.references for key in table.foreign_keys if key.references in schema} - {table.name}
        for table in schema
    }
    ordered: list[str] = []
    while waiting:
        ready = next((name for name, needs in waiting.items() if needs <= set(ordered)), next(iter(waiting)))
        ordered.append(ready)
        del waiting[ready]
    return ordered


def step_of(target: Target, table: Table, present: Present | None, mode: WriteMode, typing: Typing, where: str) -> Step:
    """Say what happens to a table.

    :raises DestinationError: when it is there and the mode is ``fail``, or when its columns are others.
    """
    if present is None:
        return Step(target=target, action=Action.CREATE)
    shown = visible(target.name)
    if mode is WriteMode.FAIL:
        raise DestinationError(
            f"the table '{shown}' is already in {where}",
            fix="write elsewhere, or allow it: --overwrite, or the mode replace, append or truncate",
        )
    if mode is WriteMode.REPLACE:
        if present.shape() == target.shape():
            return Step(target=target, action=Action.REFILL, present=present)
        return Step(target=target, action=Action.REDEFINE, present=present)
    types = dict(present.columns)
    unlike = [c.name for c in target.columns if c.name not in types] or [
        name for name in types if name not in {c.name for c in target.columns}
    ]
    if unlike:
        raise DestinationError(
            f"the table '{shown}' in {where} has other columns (see '{visible(unlike[0])}')",
            fix="set the mode to replace, or write elsewhere",
        )
    for column in target.columns:
        mark = present.marks.get(column.name, "")
        if mark and mark != column.mark:
            raise DestinationError(
                f"the column '{visible(column.name)}' of the table '{shown}' in {where} holds something else {mark}",
                fix="set the mode to replace, or write elsewhere",
            )
    columns = tuple(
        evolve(typing.loaded_as(column, types[column.name]), comment=column.comment) for column in table.columns
    )
    action = Action.APPEND if mode is WriteMode.APPEND else Action.REFILL
    return Step(target=evolve(target, columns=columns), action=action, present=present)
