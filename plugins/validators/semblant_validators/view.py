"""A spec and a schema seen together: what every validator asks for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from semblant.graph import SchemaGraph
from semblant.settings import AUTO
from semblant.settings.path import dotted
from semblant.spec.apply import apply_spec
from semblant.vocabulary import EncodingType, TableTreatment
from semblant_validators.types import is_string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.schema import Column, Schema, Table
    from semblant.spec.model import ColumnSpec, Spec


class View:
    """The spec, the schema as the source gives it, and what is left of it.

    :param spec: the spec.
    :param schema: all tables and columns, with declared and detected keys.
    """

    def __init__(self, spec: Spec, schema: Schema) -> None:
        """Keep both; the rest is made when it is asked for."""
        self.spec = spec
        self.schema = schema

    @cached_property
    def used(self) -> Schema:
        """What is left after exclusion, with the keys that count."""
        return apply_spec(self.spec, self.schema)

    @cached_property
    def originals(self) -> frozenset[str]:
        """The tables in use that are copied unchanged."""
        return frozenset(name for name in self.used.table_names if self.is_original(name))

    @cached_property
    def graph(self) -> SchemaGraph:
        """The keys between the tables in use."""
        return SchemaGraph(self.used, self.originals)

    @cached_property
    def synthesized(self) -> tuple[Table, ...]:
        """The tables in use that are made anew."""
        return tuple(table for table in self.used if table.name not in self.originals)

    def is_original(self, table: str) -> bool:
        """Tell whether a table is to be copied unchanged."""
        return self.spec.table(table).treatment is TableTreatment.ORIGINAL

    def is_used(self, table: str, column: str | None = None) -> bool:
        """Tell whether a table, or a column of it, exists and is not excluded."""
        names = self._used_names.get(table)
        return names is not None and (column is None or column in names)

    @cached_property
    def _used_names(self) -> dict[str, frozenset[str]]:
        """Tables may have ten thousand columns: a look-up must not walk them."""
        return {table.name: frozenset(table.column_names) for table in self.used}

    def named_columns(self) -> Iterator[tuple[Table, Column, ColumnSpec, str]]:
        """Give the columns that the spec names and the source has, with the path of their settings."""
        for name, wanted in self.spec.tables.items():
            if name not in self.schema:
                continue
            table = self.schema.table(name)
            known = {column.name: column for column in table.columns}
            for column, settings in wanted.columns.items():
                if column in known:
                    yield table, known[column], settings, dotted("tables", name, "columns", column)

    @cached_property
    def may_have_text(self) -> bool:
        """Whether a column is text, or could be found to be."""
        for table in self.synthesized:
            for column in table.columns:
                encoding = self.spec.column(table.name, column.name).encoding
                if encoding is EncodingType.TEXT or (encoding == AUTO and is_string(column.type)):
                    return True
        return False
