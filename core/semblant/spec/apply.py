"""The spec laid over a schema: what is left of it, and which keys count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from semblant.relations import with_parents
from semblant.schema import ForeignKey, Schema, Table
from semblant.settings import AUTO
from semblant.vocabulary import TableTreatment

if TYPE_CHECKING:
    from semblant.spec.model import ForeignKeySpec, Spec, TableSpec

GIVEN = "given in the spec"


def apply_spec(spec: Spec, schema: Schema) -> Schema:
    """Give the schema that a job works with.

    Excluded tables and columns are gone, keys are those of the spec where it gives some, the order
    is kept, and of several keys to synthesized tables one leads to the parent. A key that lost a
    column, or points to what is not there, is dropped: the validators tell the user about it.

    :param schema: as the source gave it, with detected keys.

    >>> from semblant.schema import Column, Schema, Table
    >>> from semblant.spec.model import ColumnSpec, Selected, Spec, TableSpec
    >>> columns = (Column(name="id", type=None), Column(name="phone", type=None))
    >>> schema = Schema(tables=(Table(name="people", columns=columns),))
    >>> people = TableSpec(columns={"phone": ColumnSpec(include=False)})
    >>> spec = Spec(source=Selected(type="files"), tables={"people": people})
    >>> apply_spec(spec, schema).table("people").column_names
    ('id',)
    """
    kept = [table for table in schema if spec.table(table.name).include]
    with_keys = {table.name: _with_primary_key(spec, table) for table in kept}
    tables: list[Table] = [_with_foreign_keys(spec.table(table.name), table, with_keys) for table in kept]
    originals = {table.name for table in kept if spec.table(table.name).treatment is TableTreatment.ORIGINAL}
    return with_parents(Schema(tables=tables), originals)


def given_key(key: ForeignKeySpec, target: Table | None) -> ForeignKey:
    """Give the key that a spec wrote; where it named no referenced columns they are ``target``'s primary key."""
    referenced = (
        (target.primary_key if target else ()) if key.referenced_columns == AUTO else tuple(key.referenced_columns)
    )
    return ForeignKey(
        columns=key.columns,
        references=key.references,
        referenced_columns=referenced,
        reason=GIVEN,
        matched=key.match,
    )


def _with_primary_key(spec: Spec, table: Table) -> Table:
    wanted = spec.table(table.name)
    columns = tuple(column for column in table.columns if spec.column(table.name, column.name).include)
    names = {column.name for column in columns}
    key, reason = table.primary_key, table.primary_key_reason
    if wanted.primary_key != AUTO:
        key, reason = tuple(wanted.primary_key or ()), GIVEN
    return evolve(table, columns=columns, primary_key=key if names.issuperset(key) else (), primary_key_reason=reason)


def _with_foreign_keys(wanted: TableSpec, original: Table, tables: dict[str, Table]) -> Table:
    table = tables[original.name]
    if wanted.foreign_keys == AUTO:
        keys = original.foreign_keys
    else:
        keys = tuple(given_key(key, tables.get(key.references)) for key in wanted.foreign_keys)
    return evolve(table, foreign_keys=tuple(dict.fromkeys(key for key in keys if _holds(key, table, tables))))


def _holds(key: ForeignKey, table: Table, tables: dict[str, Table]) -> bool:
    target = tables.get(key.references)
    return (
        target is not None
        and bool(key.columns)
        and len(key.columns) == len(key.referenced_columns)
        and set(key.columns) <= set(table.column_names)
        and set(key.referenced_columns) <= set(target.column_names)
    )
