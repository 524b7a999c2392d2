"""``semblant check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.cli.options import command as make
from semblant.cli.options import settings, spec_or_data
from semblant.errors import ConfigError
from semblant.findings import Severity

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("check", "Check a spec against its data; say everything that is wrong.")
@spec_or_data
@settings
def command(session: Session, target: str, *, assignments: tuple[str, ...]) -> None:
    """Check SPEC (or what would be made of DATA) and say everything that is wrong, with its place and mend.

    Ends with status 2 when there is an error. Warnings and remarks stop nothing.
    """
    from semblant.cli.show.assessment import assessment_lines
    from semblant.cli.show.findings import counted, finding_document, findings_table
    from semblant.cli.target import located, spec_of

    with session.engine() as engine:
        plan = engine.plan(spec_of(engine, target, assignments))
        findings = located(target, plan.findings)
    if any(finding.severity is Severity.ERROR for finding in findings):
        msg = f"'{target}' has {counted(findings)}"
        raise ConfigError(msg, findings=findings)
    if session.as_json:
        assessment = None if plan.assessment is None else plan.assessment.as_dict()
        found = [finding_document(finding) for finding in findings]
        session.document({"valid": True, "findings": found, "assessment": assessment})
        return
    from rich.text import Text

    if findings:
        session.say(findings_table(findings))
    if plan.assessment is not None:
        session.say(*assessment_lines(plan.assessment))
    session.say(Text(f"no errors in '{target}'" + (f", {counted(findings)}" if findings else ""), style="green"))
