"""The plan: what would be read, trained, generated and written, before any of it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from semblant.findings import Severity
from semblant.relations import LinkKind
from semblant.vocabulary import ColumnTreatment, TableTreatment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.assessment import Assessment
    from semblant.findings import Finding
    from semblant.relations import Link
    from semblant.schema import ForeignKey, Schema, Table
    from semblant.spec.constraints import Constraint
    from semblant.spec.model import Spec
    from semblant.spec.training import ModelSpec
    from semblant.training import ColumnPlan


@frozen(kw_only=True)
class TablePlan:
    """What becomes of one table."""

    table: Table
    treatment: TableTreatment
    columns: tuple[ColumnPlan, ...]
    """The columns to learn: all but engine-made keys and references; empty for an original table."""
    links: tuple[Link, ...] = ()
    """What each foreign key is for; empty where the model takes references for ordinary values."""
    content: tuple[ColumnPlan, ...] = ()
    """Of an original table: what rows that refer to it are conditioned on."""
    model: ModelSpec
    backend: str = ""
    text_backend: str = ""
    rows: int | None = None
    """Rows of the source, where it can tell without a full read."""
    records: int | None = None
    """Rows to generate; None when that depends on the rows read."""
    sensitive: Mapping[str, str] = field(factory=dict)
    """Sensitive columns and why they are thought so."""
    constraints: tuple[Constraint, ...] = ()
    """Rules that every generated row keeps."""

    @property
    def copied(self) -> bool:
        """Whether the table is copied unchanged."""
        return self.treatment is TableTreatment.ORIGINAL

    @property
    def parent(self) -> ForeignKey | None:
        """The key to the table whose rows this one's hang on; None at the top."""
        return next((link.key for link in self.links if link.kind is LinkKind.PARENT), None)

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def sensitive_and_synthesized(self) -> tuple[str, ...]:
        """Columns whose real values never come out one to one."""
        return tuple(name for name in self.sensitive if name not in self.sensitive_and_not_synthesized)

    @property
    def sensitive_and_not_synthesized(self) -> tuple[str, ...]:
        """Columns whose real values may come out."""
        if self.copied:
            return tuple(self.sensitive)
        kept = {plan.name for plan in self.columns if plan.treatment is ColumnTreatment.KEEP}
        return tuple(name for name in self.sensitive if name in kept)

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return {
            "table": self.name,
            "treatment": str(self.treatment),
            "rows": self.rows,
            "records": self.records,
            "primary_key": list(self.table.primary_key),
            "primary_key_reason": self.table.primary_key_reason,
            "foreign_keys": [
                {
                    "columns": list(key.columns),
                    "references": key.references,
                    "referenced_columns": list(key.referenced_columns),
                    "reason": key.reason,
                    "use": next((str(link.kind) for link in self.links if link.key == key), "value"),
                }
                for key in self.table.foreign_keys
            ],
            "columns": [
                {
                    "name": plan.name,
                    "type": str(plan.type),
                    "encoding": str(plan.encoding),
                    "reason": plan.reason,
                    "treatment": str(plan.treatment),
                    "sensitive": plan.sensitive,
                    "role": str(plan.role),
                }
                for plan in self.columns
            ],
            "sensitive_and_synthesized": list(self.sensitive_and_synthesized),
            "sensitive_and_not_synthesized": list(self.sensitive_and_not_synthesized),
            "constraints": [str(constraint) for constraint in self.constraints],
            "backend": self.backend,
            "text_backend": self.text_backend,
        }


@frozen(kw_only=True)
class Plan:
    """What a job would do."""

    spec: Spec
    """The effective spec: what could be found out is filled in."""
    schema: Schema
    """What is used: excluded tables and columns are gone, keys are as the spec says."""
    tables: tuple[TablePlan, ...]
    """In the order of work, parents first."""
    findings: Sequence[Finding]
    destination: str
    """Where the data would go, in words."""
    assessment: Assessment | None = None
    """Time, memory and quality to be expected; None where the plan has errors."""
    excluded: Mapping[str, tuple[str, ...]] = field(factory=dict)
    """Per table the columns that are not read; a table excluded as a whole has an empty tuple."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop the work."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def synthesized(self) -> tuple[TablePlan, ...]:
        """The tables that are learned."""
        return tuple(plan for plan in self.tables if not plan.copied)

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        from semblant.spec.write import spec_text

        return {
            "destination": self.destination,
            "tables": [plan.as_dict() for plan in self.tables],
            "excluded": {name: list(columns) for name, columns in self.excluded.items()},
            "findings": [
                {"severity": str(f.severity), "path": f.path, "code": f.code, "message": f.message, "fix": f.fix}
                for f in self.findings
            ],
            "assessment": None if self.assessment is None else self.assessment.as_dict(),
            "spec": spec_text(self.spec),
        }

    def _repr_html_(self) -> str:
        from semblant.notebook import html_summary

        return html_summary("Plan", {"destination": self.destination, **{p.name: p.as_dict() for p in self.tables}})
