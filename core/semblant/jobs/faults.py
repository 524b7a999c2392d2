"""Errors on their way from the child to the store and to whoever waits: plain data there, an exception again here."""

from __future__ import annotations

import errno
import traceback
from typing import TYPE_CHECKING, Any, Final

from semblant.errors import Cancelled, ConfigError, JobError, SemblantError
from semblant.findings import ConfigStep, Finding, Severity
from semblant.logs import redact
from semblant.machine import LESS_MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PASSING: Final = (ConnectionError, TimeoutError)
_FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_DEPTH: Final = 20


def fault_document(error: BaseException) -> dict[str, Any]:
    """Give an error as plain data, secrets taken out; ``kind`` says how :func:`error_of` makes it again.

    >>> fault_document(ConfigError("bad", fix="mend it"))["code"]
    'config'
    """
    found: dict[str, Any] = {"kind": "unexpected", "name": type(error).__name__, "message": redact(str(error))}
    system = next((link for link in _chain(error) if isinstance(link, OSError) and link.errno in _FULL), None)
    if isinstance(error, Cancelled):
        found["kind"] = "cancelled"
    elif system is not None or isinstance(error, OSError):
        own = system if system is not None else error
        assert isinstance(own, OSError)
        found |= {"kind": "system", "errno": own.errno, "reason": redact(own.strerror or str(own))}
        found |= {"file": None if own.filename is None else str(own.filename)}
    elif isinstance(error, SemblantError):
        found["kind"] = "semblant"
    elif isinstance(error, MemoryError):
        found |= {"kind": "memory", "message": "memory ran out", "fix": LESS_MEMORY}
    if isinstance(error, SemblantError):
        found |= {"code": error.code, "exit_code": error.exit_code, "message": redact(error.message)}
        found["fix"] = redact(error.fix or "")
        if isinstance(error, ConfigError):
            found["findings"] = [finding_document(finding) for finding in error.findings]
        if isinstance(error, JobError):
            found |= {"step": error.step, "table": error.table}
    else:
        found["code"] = {"system": "file", "memory": "out-of-memory"}.get(found["kind"], "internal")
        found["traceback"] = redact("".join(traceback.format_exception(error)))
    found["passing"] = any(isinstance(link, _PASSING) for link in _chain(error))
    return found


def error_of(document: Mapping[str, Any]) -> BaseException:
    """Make the exception again: of the same family, with the same code, status, findings and text."""
    kind, message = document["kind"], str(document["message"])
    if kind == "cancelled":
        return Cancelled(message, fix=document.get("fix") or None)
    if kind == "system":
        file = document.get("file")
        return OSError(document.get("errno") or 0, document["reason"], *([file] if file else []))
    if kind == "memory":
        return MemoryError(message)
    if kind == "semblant":
        findings = [finding_of(entry) for entry in document.get("findings", ())]
        family = ConfigError if findings or document["exit_code"] == ConfigError.exit_code else SemblantError
        made = (
            ConfigError(message, findings=findings, fix=document.get("fix") or None)
            if family is ConfigError
            else SemblantError(message, fix=document.get("fix") or None)
        )
        made.code, made.exit_code = document["code"], document["exit_code"]
        return made
    unexpected: BaseException = type(str(document["name"]), (Exception,), {})(message)
    unexpected.add_note(str(document.get("traceback", "")))
    return unexpected


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(_DEPTH):
        if current is None:
            return
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def finding_document(finding: Finding) -> dict[str, Any]:
    """Give a finding as plain data."""
    return {
        "severity": str(finding.severity),
        "path": finding.path,
        "code": finding.code,
        "message": redact(finding.message),
        "fix": finding.fix,
        "step": finding.step and str(finding.step),
        "line": finding.line,
    }


def finding_of(data: Mapping[str, Any]) -> Finding:
    """Make the finding again."""
    step = data.get("step")
    return Finding(
        **{**data, "severity": Severity(data["severity"]), "step": ConfigStep(step) if step else None},
    )
