"""Facts about the data that the user should know before training: findings of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.findings import ConfigStep, Finding, Severity
from semblant.graph import SchemaGraph
from semblant.vocabulary import EncodingType, TableTreatment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from semblant.detection.model import ColumnDetection, TableDetection
    from semblant.detection.profile import ColumnProfile, TableProfile
    from semblant.detection.sketch import DistinctSketch
    from semblant.schema import Schema, Table

FEWEST_ROWS = 5
FEW_ROWS = 500
MANY_COLUMNS = 1_000
_WEAK_REUSE = 20
_NAMED = 5


def key_findings(table: Table, profile: TableProfile) -> list[Finding]:
    """Say what is wrong with the primary key of a table, declared or written in the spec.

    :returns: an error for repeated or missing key values, and for a key column that is not there.

    >>> import pyarrow as pa
    >>> from semblant.detection.profile import profile_table
    >>> from semblant.schema import Column, Table
    >>> table = Table(name="t", columns=(Column(name="id", type=pa.int64()),), primary_key=("id",))
    >>> [f.code for f in key_findings(table, profile_table(table, iter([pa.record_batch({"id": [1, 1, None]})])))]
    ['primary-key-null', 'primary-key-repeated']
    """
    path = f"tables.{table.name}.primary_key"
    found = []
    for name in table.primary_key:
        column = profile.columns.get(name)
        if column is None:
            message = f"the primary key names the column '{name}', which is not there"
            found.append(_finding(Severity.ERROR, path, "primary-key-column", message, "name another", ConfigStep.KEYS))
        elif column.nulls + column.nans:
            message = (
                f"the primary key column '{name}' is missing in {column.nulls + column.nans:,} of {column.rows:,} rows"
            )
            fix = f"choose another key, or set primary_key: null on '{table.name}'"
            found.append(_finding(Severity.ERROR, path, "primary-key-null", message, fix, ConfigStep.KEYS))
    if (
        len(table.primary_key) == 1
        and (column := profile.columns.get(table.primary_key[0])) is not None
        and column.repeated
    ):
        about = "" if column.distinct_exact else "about "
        message = f"'{column.name}' is not unique: {about}{column.distinct:,} values in {column.present:,} rows"
        fix = f"choose a unique column (or several), or set primary_key: null on '{table.name}'"
        found.append(_finding(Severity.ERROR, path, "primary-key-repeated", message, fix, ConfigStep.KEYS))
    return found


def composite_key_findings(table: Table, rows: DistinctSketch) -> list[Finding]:
    """Say whether the columns of a composite key together repeat.

    :param rows: the rows over the key's columns.
    """
    if len(table.primary_key) < 2 or not rows.repeated:
        return []
    listed = ", ".join(f"'{name}'" for name in table.primary_key)
    share = rows.repeated_mass()
    message = f"{listed} together are not unique: {share:.1%} of the rows repeat an earlier one"
    fix = f"add a column to the key, or set primary_key: null on '{table.name}'"
    path = f"tables.{table.name}.primary_key"
    return [_finding(Severity.ERROR, path, "primary-key-repeated", message, fix, ConfigStep.KEYS)]


def table_findings(
    table: Table,
    profile: TableProfile,
    detections: Mapping[str, ColumnDetection],
    *,
    treatment: TableTreatment = TableTreatment.SYNTHESIZE,
    root: bool = True,
) -> list[Finding]:
    """Say what stands out: too few rows, a bad key, empty or constant columns, repeated rows, sparse categories.

    A table that had better be copied is not judged as one to learn from; only a root can be too
    small to go on with.
    """
    path = f"tables.{table.name}"
    found = key_findings(table, profile)
    if treatment is TableTreatment.ORIGINAL:
        return [*_lookup_findings(table, profile), *found]
    found = [*_size_findings(table, profile, root=root), *found]
    if len(table.columns) >= MANY_COLUMNS:
        message = f"the table has {len(table.columns):,} columns: training will take long"
        found.append(
            _finding(Severity.WARNING, path, "many-columns", message, "exclude the columns that are not needed")
        )
    if profile.duplicate_rows and profile.rows:
        share = profile.duplicate_rows / profile.rows
        about = "" if profile.distinct_rows_exact else "about "
        message = f"{about}{profile.duplicate_rows:,} of {profile.rows:,} rows ({share:.1%}) repeat an earlier row"
        found.append(_finding(Severity.INFO, path, "duplicate-rows", message))
    if profile.rows:
        found += _column_findings(table, profile, detections)
    return found


def _lookup_findings(table: Table, profile: TableProfile) -> list[Finding]:
    if not profile.complete or profile.rows >= FEW_ROWS:
        return []
    rows = f"{profile.rows:,} row{'' if profile.rows == 1 else 's'}"
    message = f"{rows} are too few to learn from, a lookup table as it is"
    return [_finding(Severity.INFO, f"tables.{table.name}", "small-lookup", message, "mark it as original")]


def too_small(schema: Schema, detected: Mapping[str, TableDetection], originals: Collection[str]) -> list[Finding]:
    """Judge tables that detection would copy, and the spec has learned, as any table to learn from."""
    found: list[Finding] = []
    roots = SchemaGraph(schema, originals).roots
    for table in schema:
        known = detected.get(table.name)
        if known is not None and known.treatment is TableTreatment.ORIGINAL and table.name not in originals:
            found += _size_findings(table, known.profile, root=table.name in roots) if known.profile else []
    return found


def _size_findings(table: Table, profile: TableProfile, *, root: bool) -> list[Finding]:
    path = f"tables.{table.name}"
    if not root and profile.complete and profile.rows == 0:
        return [_finding(Severity.INFO, path, "no-rows", "the table has no rows, and none will be made")]
    if not profile.complete or profile.rows >= FEW_ROWS:
        return []
    rows = f"{profile.rows:,} row{'' if profile.rows == 1 else 's'}"
    if profile.rows == 0:
        message = "data set too small: the table has no rows"
        return [_finding(Severity.ERROR, path, "too-few-rows", message, "give a table with rows, or exclude it")]
    if root and profile.rows < FEWEST_ROWS:
        message = f"data set too small: {rows}, at least {FEWEST_ROWS} are needed"
        return [_finding(Severity.ERROR, path, "too-few-rows", message, "give more rows, or exclude the table")]
    message = f"{rows} are few: expect poor quality"
    return [_finding(Severity.WARNING, path, "few-rows", message, f"give {FEW_ROWS:,} rows or more")]


def _column_findings(table: Table, profile: TableProfile, detections: Mapping[str, ColumnDetection]) -> list[Finding]:
    found = []
    columns = [profile.columns[column.name] for column in table.columns]
    empty = [column.name for column in columns if not column.present]
    constant = [column.name for column in columns if column.present and column.distinct == 1 and profile.rows > 1]
    sparse = [column.name for column in columns if _sparse(column, detections[column.name])]
    path = f"tables.{table.name}.columns"
    if empty:
        message = f"no value in any row: {_listed(empty)}"
        found.append(
            _finding(Severity.INFO, _place(path, empty), "empty-column", message, "exclude what is not needed")
        )
    if constant:
        message = f"one single value in all rows: {_listed(constant)}"
        found.append(_finding(Severity.INFO, _place(path, constant), "constant-column", message))
    if sparse:
        message = f"few rows for many categories, most of them too rare to come out: {_listed(sparse)}"
        fix = "group the values, or set encoding: text or pattern"
        found.append(
            _finding(Severity.WARNING, _place(path, sparse), "sparse-categories", message, fix, ConfigStep.TREATMENT)
        )
    return found


def _sparse(column: ColumnProfile, found: ColumnDetection) -> bool:
    return (
        found.encoding is EncodingType.CATEGORICAL
        and column.distinct > _NAMED
        and column.reuse < _WEAK_REUSE
        and column.frequent_share < 0.5
    )


def _place(path: str, names: list[str]) -> str:
    return f"{path}.{names[0]}" if len(names) == 1 else path


def _listed(names: list[str]) -> str:
    """Name the first few.

    >>> _listed(list("abcdefg"))
    "'a', 'b', 'c', 'd', 'e' and 2 more"
    """
    shown = ", ".join(f"'{name}'" for name in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")


def _finding(
    severity: Severity, path: str, code: str, message: str, fix: str = "", step: ConfigStep = ConfigStep.DATA
) -> Finding:
    return Finding(severity=severity, path=path, code=code, message=message, fix=fix, step=step)
