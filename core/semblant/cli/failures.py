"""From any exception to one clear message and an exit status."""

from __future__ import annotations

import errno
import traceback
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from semblant.errors import Cancelled, ConfigError, SemblantError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.cli.session import Session
    from semblant.findings import Finding

OK = 0
GATE = 1
USAGE = 2
CONNECTION_OR_FILE = 3
ENGINE = 4
INTERRUPTED = 130

_NO_SPACE = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_NO_SPACE_WORDS = ("No space left on device", "os error 28", "Disk quota exceeded", "database or disk is full")
_NO_MEMORY_WORDS = ("RESOURCE_EXHAUSTED", "malloc of size", "realloc of size", "Unable to allocate")
_CHAIN_LIMIT = 20


@frozen(kw_only=True)
class Failure:
    """What went wrong, in words, with the exit status."""

    code: str
    message: str
    exit_code: int
    fix: str = ""
    command: str = ""
    """The command line that belongs to the fix; shown unbroken, so that it can be copied."""
    findings: tuple[Finding, ...] = ()
    expected: bool = True
    """False: a fault of ours; its traceback belongs in the log."""


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(_CHAIN_LIMIT):
        if current is None:
            return
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def is_disk_full(error: BaseException) -> bool:
    """Tell whether the error, or one that caused it, says that the disk or a quota is full.

    >>> is_disk_full(OSError(errno.ENOSPC, "No space left on device"))
    True
    """
    return any(
        (isinstance(link, OSError) and link.errno in _NO_SPACE) or any(words in str(link) for words in _NO_SPACE_WORDS)
        for link in _chain(error)
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether the error, or one that caused it, is a lack of memory.

    >>> is_out_of_memory(MemoryError())
    True
    """
    return any(
        isinstance(link, MemoryError) or any(words in str(link) for words in _NO_MEMORY_WORDS) for link in _chain(error)
    )


def _disk_full(error: BaseException, session: Session) -> Failure:
    names = [str(link.filename) for link in _chain(error) if isinstance(link, OSError) and link.filename]
    where = f" while writing '{names[0]}'" if names else ""
    again = ", then go on with:" if session.resume_command else ""
    return Failure(
        code="disk-full",
        message=f"the disk is full{where}; nothing half-written was delivered",
        exit_code=CONNECTION_OR_FILE,
        fix="free some space ('semblant doctor' shows what is free), or choose another disk: "
        f"SEMBLANT_HOME for the home, -o for the results{again}",
        command=session.resume_command,
    )


def _interrupted(session: Session) -> Failure:
    became = "the data had been delivered before" if session.delivered else "nothing was delivered"
    message = (
        f"{session.command or 'semblant'} was stopped; {became}"
        if session.job
        else f"{session.command or 'semblant'} was stopped"
    )
    if not session.resume_command:
        return Failure(code="interrupted", message=message, exit_code=INTERRUPTED)
    return Failure(
        code="interrupted",
        message=f"{message}; the finished steps of job '{session.job}' are kept in {session.job_folder}",
        exit_code=INTERRUPTED,
        fix="go on with:",
        command=session.resume_command,
    )


def _no_memory() -> Failure:
    return Failure(
        code="out-of-memory",
        message="there is not enough memory for this",
        exit_code=ENGINE,
        fix="close other programs, take a smaller model (--size small), lower 'model.batch_size' or leave columns out; "
        "'semblant doctor' shows what is free",
    )


def _usage(error: click.ClickException) -> Failure:
    context = getattr(error, "ctx", None)
    bare = isinstance(error, click.exceptions.NoArgsIsHelpError)
    message = "no command was given" if bare else error.format_message()
    message = message[:1].lower() + message[1:]
    fix = f"see '{context.command_path} --help'" if context is not None else "see 'semblant --help'"
    hint = getattr(context, "meta", {}).get("semblant.hint", "") if context is not None else ""
    return Failure(code="usage", message=message.rstrip("."), exit_code=USAGE, fix=hint or fix)


def _file(error: OSError) -> Failure:
    reasons: dict[type[OSError], tuple[str, str]] = {
        FileNotFoundError: ("does not exist", "check the path"),
        PermissionError: ("may not be read or written", "check its permissions"),
        IsADirectoryError: ("is a folder where a file is needed", "name a file"),
        NotADirectoryError: ("is a file where a folder is needed", "name a folder"),
        FileExistsError: ("is already there", "name another place"),
    }
    for kind, (message, fix) in reasons.items():
        if isinstance(error, kind):
            return Failure(code="file", message=f"'{error.filename}' {message}", exit_code=CONNECTION_OR_FILE, fix=fix)
    name = f"'{error.filename}': " if error.filename else ""
    return Failure(
        code="file",
        message=f"{name}{error.strerror or error}",
        exit_code=CONNECTION_OR_FILE,
        fix="check the file, its disk and its permissions",
    )


def failure_of(error: BaseException, session: Session) -> Failure:
    """Put an exception into words.

    >>> from semblant.cli.session import Session
    >>> failure_of(ConfigError("bad", fix="mend it"), Session()).exit_code
    2
    """
    if isinstance(error, KeyboardInterrupt | click.Abort | Cancelled):
        return _interrupted(session)
    if is_disk_full(error):
        return _disk_full(error, session)
    if isinstance(error, SemblantError):
        findings = error.findings if isinstance(error, ConfigError) else ()
        return Failure(
            code=error.code,
            message=error.message,
            exit_code=error.exit_code,
            fix=error.fix or "",
            findings=tuple(findings),
        )
    if is_out_of_memory(error):
        return _no_memory()
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, OSError) and error.filename is not None and type(error) is not OSError:
        return _file(error)
    return Failure(
        code="internal",
        message=f"an unexpected error: {type(error).__name__}: {_first_line(error)}",
        exit_code=ENGINE,
        expected=False,
    )


def _first_line(error: BaseException) -> str:
    from semblant.logs import redact

    lines = str(error).strip().splitlines()
    return redact(lines[0]) if lines else "no message"


def report(error: BaseException, session: Session) -> int:
    """Show a failure on standard error, or as JSON on standard output, and give the exit status."""
    from semblant.logs import redact

    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not session.as_json:
        click.echo(error.format_message(), err=True)
        return USAGE

    failure = failure_of(error, session)
    if not failure.expected:
        failure = _with_log(failure, error, session)
    if session.verbosity > 1 and failure.code not in {"usage", "interrupted"}:
        session.tell(redact("".join(traceback.format_exception(error))).rstrip())
    if session.as_json:
        session.document({"error": error_document(failure)})
        return failure.exit_code
    _show(failure, session)
    return failure.exit_code


def _with_log(failure: Failure, error: BaseException, session: Session) -> Failure:
    from attrs import evolve

    from semblant.home import Home
    from semblant.logs import record_crash

    path = record_crash(error, command=session.command, folder=session.job_folder, home=Home(session.home).root)
    log = f"the log is {path}" if path is not None else "no log could be written"
    return evolve(failure, fix=f"this is a fault of semblant's, not yours; {log}; -vv shows the traceback")


def error_document(failure: Failure) -> dict[str, Any]:
    """Give a failure as plain data: code, message, fix and findings."""
    from semblant.cli.pages import ask
    from semblant.cli.show.findings import finding_document
    from semblant.logs import redact

    return {
        "code": failure.code,
        "message": redact(failure.message),
        "fix": redact(f"{failure.fix} {failure.command}".strip()),
        "findings": [finding_document(finding) for finding in failure.findings],
        "help": f"semblant help {failure.code}",
        "ask": ask(),
    }


def _show(failure: Failure, session: Session) -> None:
    from rich.text import Text

    from semblant.logs import redact
    from semblant.visible import visible

    text = Text()
    word, style = ("interrupted", "bold yellow") if failure.exit_code == INTERRUPTED else ("error", "bold red")
    text.append(f"{word}: ", style=style)
    text.append(visible(redact(failure.message), keep_lines=True))
    parts: list[Any] = [text]
    if failure.findings:
        from semblant.cli.show.findings import findings_table

        parts.append(findings_table(failure.findings))
    if failure.fix:
        parts.append(Text.assemble(("fix: ", "bold"), visible(redact(failure.fix), keep_lines=True)))
    if failure.command:
        parts.append(Text(f"  {visible(redact(failure.command))}", style="cyan", no_wrap=True, overflow="ignore"))
    if failure.code not in {"usage", "interrupted"}:
        from semblant.cli.pages import ask

        parts.append(Text(f"help: semblant help {failure.code}", style="bright_black"))
        parts.append(Text(f"ask: {visible(ask())}", style="bright_black"))
    session.tell(*parts)
