"""Step *treatment*: the options of a column are known, stand where they have an effect, and have a possible value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from semblant.settings import AUTO
from semblant.settings.path import join
from semblant.settings.suggest import advice
from semblant.vocabulary import EncodingType
from semblant_validators.codes import finding
from semblant_validators.types import fits, is_string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from semblant.findings import Finding
    from semblant.schema import Column, Table
    from semblant.spec.model import ColumnSpec
    from semblant_validators.view import View

_MOST_DECIMALS = 9
_DAYS = (EncodingType.DATE, EncodingType.DATETIME)


@frozen
class Option:
    """One option: which encodings it is for, and what its value must be."""

    encodings: tuple[EncodingType, ...]
    value: str
    right: Callable[[Any], bool]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_DECIMALS


def _paths(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(path, str) and path for path in value)


OPTIONS: dict[str, Option] = {
    "decimals": Option(
        (EncodingType.NUMBER, EncodingType.LATITUDE, EncodingType.LONGITUDE), "a whole number from 0 to 9", _whole
    ),
    "leave_out": Option(
        (EncodingType.JSON, EncodingType.LIST, EncodingType.STRUCT), "a list of paths, such as ['note']", _paths
    ),
    "relative_to": Option(
        _DAYS,
        "a date or datetime column that stands before it, null for none, or auto",
        lambda value: value is None or isinstance(value, str),
    ),
    "repeats": Option(tuple(EncodingType), "true or false", lambda value: isinstance(value, bool)),
}
"""The options that the models of Semblant know."""


def check_options(view: View, table: Table, column: Column, wanted: ColumnSpec, path: str) -> Iterator[Finding]:
    """Give what is wrong with the options of a column that is learned."""
    for name, value in wanted.options.items():
        here = join(join(path, "options"), name)
        known = OPTIONS.get(name)
        if known is None:
            message = f"column '{column.name}' has the option '{name}', which no model of Semblant knows"
            yield finding("option-unknown", here, message, advice(name, list(OPTIONS), "options"))
        elif not _has_place(known, column, wanted):
            words = ", ".join(known.encodings)
            message = f"the option '{name}' has no place on column '{column.name}': it is for the encodings {words}"
            yield finding("option-misplaced", here, message, "remove it")
        elif not known.right(value) or (name == "relative_to" and not _is_moment(view, table, column, value)):
            message = f"the option '{name}' of column '{column.name}' is {value!r}"
            yield finding("option-invalid", here, message, f"write {known.value}")


def _has_place(option: Option, column: Column, wanted: ColumnSpec) -> bool:
    if wanted.encoding != AUTO:
        return EncodingType(wanted.encoding) in option.encodings
    if is_string(column.type):
        return EncodingType.JSON in option.encodings
    return any(fits(encoding, column.type) for encoding in option.encodings)


def _is_moment(view: View, table: Table, column: Column, value: Any) -> bool:
    """Tell whether a moment can be learned from the column that ``relative_to`` names."""
    if value is None or value == AUTO:
        return True
    names = list(table.column_names)
    if value not in names or names.index(value) >= names.index(column.name) or not view.is_used(table.name, value):
        return False
    used = view.used.table(table.name)
    if value in used.primary_key or any(value in key.columns for key in used.foreign_keys):
        return False
    encoding = view.spec.column(table.name, value).encoding
    return (encoding == AUTO or encoding in _DAYS) and fits(EncodingType.DATE, table.column(value).type)
