"""Types that the user set: taken when every cell agrees, refused with line and cell when one does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from semblant.errors import DataError
from semblant_sources.files.decision import decide
from semblant_sources.files.kinds import INTEGER, POINT
from semblant_sources.files.plan import ColumnPlan

if TYPE_CHECKING:
    from semblant_sources.files.decision import FileStyle
    from semblant_sources.files.evidence import Evidence
    from semblant_sources.files.textrows import TextRows
    from semblant_sources.settings import FilesSettings

_TYPES = {
    "string": "text",
    "int64": "integer",
    "float64": "number",
    "bool": "bool",
    "date": "date",
    "datetime": "datetime",
}


def wanted_types(
    name: str, index: int, evidence: Evidence, style: FileStyle, settings: FilesSettings, rows: TextRows
) -> ColumnPlan:
    """Make the plan of a column whose type is set.

    :raises DataError: for an unknown type, or a cell that is not of it.
    """
    wanted = settings.types[name]
    if wanted not in _TYPES:
        msg = f"the type '{wanted}' set for column '{name}' is unknown"
        raise DataError(msg, fix=f"use one of {', '.join(_TYPES)}")
    if wanted == "string":
        return ColumnPlan(name=name, index=index, type=pa.string(), trim=settings.trim)
    empty = not evidence.valued
    if wanted == "float64" and (empty or (INTEGER in evidence.kinds and not evidence.kinds[INTEGER].tokens)):
        return ColumnPlan(name=name, index=index, type=pa.float64(), kind=POINT)
    if wanted == "int64" and empty:
        return ColumnPlan(name=name, index=index, type=pa.int64(), kind=INTEGER)
    plan = decide(name, index, evidence, style, settings)
    family = {
        "int64": pa.types.is_integer,
        "float64": pa.types.is_floating,
        "bool": pa.types.is_boolean,
        "date": pa.types.is_date,
        "datetime": pa.types.is_timestamp,
    }[wanted]
    if family(plan.type):
        return plan
    if wanted == "datetime" and pa.types.is_date(plan.type) and plan.kind is not None:
        return ColumnPlan(
            name=name, index=index, type=pa.timestamp("us"), kind=plan.kind, missing=plan.missing, notes=plan.notes
        )
    kinds = [kind for kind in evidence.kinds if kind.family == _TYPES[wanted]]
    where, text = "", ""
    if kinds:
        failures = min((evidence.kinds[kind] for kind in kinds), key=lambda f: f.cells)
        if failures.rows:
            row, text = failures.rows[0]
            where = f", line {rows.line_of(row)}"
    shown = f": {text!r} is none" if text else ""
    msg = f"'{rows.place}'{where}, column '{name}' cannot be read as {wanted}{shown}"
    raise DataError(msg, fix=f"set types: {{{name}: string}}, or name what is missing in null_values")
