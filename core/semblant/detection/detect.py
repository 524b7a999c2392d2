"""All of detection in one call: profile the first rows of every table, then propose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from semblant.detection.columns import detect_columns
from semblant.detection.companions import with_companions
from semblant.detection.facts import composite_key_findings, table_findings
from semblant.detection.keys import KeyColumns, detect_keys
from semblant.detection.model import Detection, TableDetection
from semblant.detection.reading import profile_head
from semblant.detection.roots import propose_roots

if TYPE_CHECKING:
    from semblant.detection.profile import TableProfile
    from semblant.detection.reading import Read
    from semblant.detection.roots import Roles
    from semblant.findings import Finding
    from semblant.schema import Schema, Table

MAX_ROWS = 100_000


def detect(schema: Schema, read: Read, max_rows: int = MAX_ROWS) -> Detection:
    """Propose encodings, personal columns, keys, the root and the lookups of a source.

    :param schema: as the source describes it; keys that it declares are kept.
    :param read: streams a table, anew at each call.
    :param max_rows: rows of each table that are looked at, from the first; key columns of longer
        tables are read on their own to prove what they seem to be.
    :returns: a :class:`~semblant.detection.model.Detection`, every proposal with its reason.

    >>> import pyarrow as pa
    >>> from semblant.schema import Column, Schema, Table
    >>> data = pa.table({"id": range(600), "grade": ["a", "b", "c"] * 200})
    >>> columns = tuple(Column(name=f.name, type=f.type) for f in data.schema)
    >>> schema = Schema(tables=(Table(name="exams", columns=columns),))
    >>> found = detect(schema, lambda table, names=None: iter(data.select(names).to_batches()))
    >>> found.schema.table("exams").primary_key, str(found.tables["exams"].columns["grade"].encoding)
    (('id',), 'categorical')
    """
    profiles = {table.name: profile_head(table, read, max_rows) for table in schema}
    keys = KeyColumns(profiles, read)
    schema = detect_keys(schema, profiles, read, columns=keys)
    columns = {
        table.name: with_companions(table, detect_columns(table, profiles[table.name]), read) for table in schema
    }
    roles = propose_roots(schema, columns, profiles)
    schema = _with_matches(schema, roles)
    tables: dict[str, TableDetection] = {}
    for table in schema:
        profile, treatment = profiles[table.name], roles.treatments[table.name]
        root = table.name == roles.root
        tables[table.name] = TableDetection(
            columns=columns[table.name],
            treatment=treatment,
            treatment_reason=roles.reasons[table.name],
            root=root,
            rows_read=profile.rows,
            complete=profile.complete,
            profile=profile,
            findings=(
                *table_findings(table, profile, columns[table.name], treatment=treatment, root=root),
                *_composite_findings(table, profile, keys),
                *(finding for finding in roles.findings if finding.path == f"tables.{table.name}"),
            ),
        )
    findings = tuple(finding for detection in tables.values() for finding in detection.findings)
    return Detection(schema=schema, tables=tables, findings=findings)


def _with_matches(schema: Schema, roles: Roles) -> Schema:
    """Mark the keys that are to be matched."""
    matched = set(roles.matched)
    return evolve(
        schema,
        tables=[
            evolve(
                table,
                foreign_keys=tuple(
                    evolve(key, matched=True) if (table.name, key) in matched else key for key in table.foreign_keys
                ),
            )
            for table in schema
        ],
    )


def _composite_findings(table: Table, profile: TableProfile, keys: KeyColumns) -> list[Finding]:
    """Judge a composite key, where its columns are there at all."""
    if len(table.primary_key) < 2 or not profile.columns.keys() >= set(table.primary_key):
        return []
    return composite_key_findings(table, keys.rows(table.name, table.primary_key))
