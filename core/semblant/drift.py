"""Drift: what changed in a source between the moment a job was configured and the moment it runs."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from semblant.errors import ConfigError
from semblant.findings import ConfigStep, Finding, Severity
from semblant.settings.path import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant.schema import Schema

    Facts = Mapping[str, Mapping[str, str]]
    """Per table that is used, the type of each column."""

_ACCEPT = "mend the source, or take the change over: 'semblant catalogs edit NAME --accept', or order the job again"


def facts(schema: Schema) -> dict[str, dict[str, str]]:
    """Give what a later run must find again: the tables that are used, their columns and types."""
    return {table.name: {column.name: str(column.type) for column in table.columns} for table in schema}


def refuse_drift(before: Facts, now: Facts) -> None:
    """Compare what was configured with what is there.

    :raises ConfigError: tables or columns are gone, renamed, new or of another type; each is a finding.

    >>> refuse_drift({"a": {"x": "int64"}}, {"a": {"x": "int64"}})
    """
    found = list(_drift(before, now))
    if found:
        number = len(found)
        msg = f"the source is not what it was when this was configured: {number} change{'s' if number > 1 else ''}"
        raise ConfigError(msg, findings=found, fix=_ACCEPT)


def _drift(before: Facts, now: Facts) -> Iterator[Finding]:
    for table in [*before, *(name for name in now if name not in before)]:
        path = dotted("tables", table)
        if table not in now:
            near = difflib.get_close_matches(table, [name for name in now if name not in before], n=1)
            renamed = f"; there is a new table '{near[0]}'" if near else ""
            yield _finding("table-gone", path, f"table '{table}' is gone{renamed}")
        elif table not in before:
            yield _finding("table-new", path, f"table '{table}' is new", "exclude it (include: false), or take it over")
        else:
            yield from _columns(table, before[table], now[table])


def _columns(table: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Finding]:
    fresh = [name for name in now if name not in before]
    for name, kind in before.items():
        path = dotted("tables", table, "columns", name)
        if name not in now:
            near = difflib.get_close_matches(name, fresh, n=1) or [other for other in fresh if now[other] == kind][:1]
            renamed = f"; perhaps it is '{near[0]}' now, which is new" if near else ""
            yield _finding("column-gone", path, f"column '{name}' of table '{table}' is gone{renamed}")
        elif now[name] != kind:
            message = f"column '{name}' of table '{table}' was {kind} and is {now[name]} now"
            yield _finding("column-retyped", path, message)
    for name in fresh:
        message = f"column '{name}' of table '{table}' is new"
        yield _finding(
            "column-new",
            dotted("tables", table, "columns", name),
            message,
            "exclude it (include: false), or take it over",
        )


def _finding(code: str, path: str, message: str, fix: str = "") -> Finding:
    return Finding(
        severity=Severity.ERROR,
        path=path,
        code=code,
        message=message,
        fix=fix or "mend the source, or take the change over",
        step=ConfigStep.SOURCE,
    )
