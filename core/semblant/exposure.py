"""What will come out of sensitive columns: told apart for those that are synthesized and those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.findings import ConfigStep, Finding, Severity
from semblant.settings.path import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from semblant.detection.model import Detection
    from semblant.plan import TablePlan

KEPT, COPIED, SYNTHESIZED = "sensitive-kept", "sensitive-copied", "sensitive-synthesized"
_NAMED = 8


def exposure_findings(tables: Iterable[TablePlan], detection: Detection) -> Iterator[Finding]:
    """Give a remark on the sensitive columns that are synthesized, and a warning for each that is not."""
    for table in tables:
        if made := table.sensitive_and_synthesized:
            message = (
                f"sensitive and synthesized: {_listed(made)}; values and extremes that fewer than "
                f"{table.model.min_subjects} subjects hold do not come out, frequent ones do"
            )
            yield _finding(Severity.INFO, SYNTHESIZED, dotted("tables", table.name, "columns"), message, "")
        seen = detection.tables[table.name].columns if table.name in detection.tables else {}
        for name in table.sensitive_and_not_synthesized:
            path = dotted("tables", table.name, "columns", name)
            held = f": {seen[name].exposed}" if name in seen and seen[name].exposed else ""
            if table.copied:
                message = (
                    f"sensitive and not synthesized: every value of '{table.name}.{name}' comes out as it is, "
                    f"because '{table.name}' is copied unchanged{held}"
                )
                fix = f"exclude the column, or write {dotted('tables', table.name, 'treatment')}: synthesize"
                yield _finding(Severity.WARNING, COPIED, f"{path}.sensitive", message, fix)
            else:
                message = (
                    f"sensitive and not synthesized: every real value of '{table.name}.{name}' may come out as it is, "
                    f"those of a single person included{held}"
                )
                fix = "write treatment: synthesize, or exclude the column; leave it so if you may publish the values"
                yield _finding(Severity.WARNING, KEPT, f"{path}.treatment", message, fix)


def without_validators(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out what validators said of sensitive columns, who have not seen the data."""
    return [finding for finding in findings if finding.code not in {KEPT, COPIED}]


def _finding(severity: Severity, code: str, path: str, message: str, fix: str) -> Finding:
    return Finding(severity=severity, path=path, code=code, message=message, fix=fix, step=ConfigStep.TREATMENT)


def _listed(names: Sequence[str]) -> str:
    """Name the first few.

    >>> _listed(["a", "b"])
    "'a', 'b'"
    """
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(f"'{name}'" for name in names[:_NAMED]) + more
