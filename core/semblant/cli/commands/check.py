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
    from semblant.cli.show.findings import counted, finding_document, findings_table
    from semblant.cli.target import located, spec_of

    with session.engine() as engine:
        findings = located(target, engine.check(spec_of(engine, target, assignments)))
    if any(finding.severity is Severity.ERROR for finding in findings):
        msg = f"'{target}' has {counted(findings)}"
        raise ConfigError(msg, findings=findings)
    if session.as_json:
        session.document({"valid": True, "findings": [finding_document(finding) for finding in findings]})
        return
    from rich.text import Text

    if findings:
        session.say(findings_table(findings))
    session.say(Text(f"no errors in '{target}'" + (f", {counted(findings)}" if findings else ""), style="green"))
