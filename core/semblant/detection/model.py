"""What detection proposes: an encoding and a treatment for every column, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from semblant.vocabulary import EncodingType, TableTreatment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.detection.constraints import ProposedConstraint
    from semblant.detection.nested import Inside
    from semblant.detection.profile import TableProfile
    from semblant.findings import Finding
    from semblant.schema import Schema


@frozen(kw_only=True)
class ColumnDetection:
    """What is proposed for one column; the user decides.

    >>> ColumnDetection(encoding=EncodingType.BOOLEAN, reason="true or false").as_dict()["encoding"]
    'boolean'
    """

    encoding: EncodingType
    reason: str
    """Why this encoding, in words: ``12 distinct values in 48,842 rows``."""
    sensitive: bool = False
    sensitive_reason: str = ""
    """Why the column is taken for personal; empty when it is not."""
    notes: tuple[str, ...] = ()
    """What else the user should know (numbers written as text, a single value, …)."""
    exposed: str = ""
    """What comes out if the column is not synthesized, in words."""
    inside: Inside | None = field(default=None, eq=False, repr=False)
    """What is inside a nested column."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "encoding": str(self.encoding),
            "reason": self.reason,
            "sensitive": self.sensitive,
            "sensitive_reason": self.sensitive_reason,
            "notes": list(self.notes),
        }


@frozen(kw_only=True)
class TableDetection:
    """What is proposed for one table."""

    columns: Mapping[str, ColumnDetection]
    treatment: TableTreatment = TableTreatment.SYNTHESIZE
    treatment_reason: str = ""
    root: bool = False
    """Whether the table is proposed as the root: its rows are the subjects."""
    rows_read: int = 0
    """Rows that were looked at."""
    complete: bool = True
    """Whether that was the whole table."""
    profile: TableProfile | None = attrs.field(default=None, eq=False, repr=False)
    """Counts per column; not part of the plain data."""
    findings: tuple[Finding, ...] = ()
    constraints: tuple[ProposedConstraint, ...] = ()
    """Rules that the rows seem to keep; nothing comes of them unless the spec says so."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "treatment": str(self.treatment),
            "treatment_reason": self.treatment_reason,
            "root": self.root,
            "rows_read": self.rows_read,
            "complete": self.complete,
            "columns": {name: column.as_dict() for name, column in self.columns.items()},
            "constraints": [proposed.as_dict() for proposed in self.constraints],
            "findings": [finding_as_dict(finding) for finding in self.findings],
        }


@frozen(kw_only=True)
class Detection:
    """What is proposed for a whole source: its schema with keys, and every table."""

    schema: Schema
    tables: Mapping[str, TableDetection]
    findings: tuple[Finding, ...] = ()
    """All findings, those of the tables included."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON: per table its keys, columns and findings."""
        tables: dict[str, Any] = {}
        for table in self.schema:
            detected = self.tables.get(table.name)
            tables[table.name] = {
                "rows": table.rows,
                "primary_key": list(table.primary_key),
                "primary_key_reason": table.primary_key_reason if table.primary_key else "",
                "foreign_keys": [
                    {
                        "columns": list(key.columns),
                        "references": key.references,
                        "referenced_columns": list(key.referenced_columns),
                        "reason": key.reason,
                        "confidence": key.confidence,
                        "matched": key.matched,
                    }
                    for key in table.foreign_keys
                ],
                **({} if detected is None else detected.as_dict()),
            }
        return {"tables": tables, "findings": [finding_as_dict(finding) for finding in self.findings]}

    def _repr_html_(self) -> str:
        from semblant.notebook import html_detection

        return html_detection(self)


def finding_as_dict(finding: Finding) -> dict[str, Any]:
    """Turn a finding into plain data, its enumerations into words."""
    return {
        name: (str(value) if name in {"severity", "step"} and value is not None else value)
        for name, value in attrs.asdict(finding).items()
    }
