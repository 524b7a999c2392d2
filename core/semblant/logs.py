"""Logs as JSON lines, with secrets taken out before anything is written."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from semblant import revealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from semblant.events import Event

LOG_NAME: Final = "log.jsonl"
"""Name of a job's log in its folder."""

_HIDDEN: Final = revealed.HIDDEN
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_WORDS: Final = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|secret[_-]?access[_-]?key|"
    r"account[_-]?key|sas[_-]?token|client[_-]?secret|private[_-]?key|credentials?|signature|sig"
)
_PATTERNS: Final = (
    # scheme://user:password@host; a password may hold '@', the last one before the host counts; env:NAME is none
    (
        re.compile(
            r"(?P<keep>\b[a-zA-Z][\w+.-]*://[^\s:/@'\"]*:)"
            r"(?!(?:env|keyring):[\w.-]+@[^\s'\"@]*(?:[\s'\"]|$))[^\s'\"]*(?P<end>@)"
        ),
        r"\g<keep>***\g<end>",
    ),
    (
        re.compile(r"(?P<keep>\b[a-zA-Z][\w+.-]*://[^\s/?#'\":]*:)(?!\d+(?:[/?#\s]|$))[^\s/@'\"]+(?=\s|$)"),
        r"\g<keep>***",
    ),
    (re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE), r"\g<keep>***"),
    (
        re.compile(
            rf"(?P<keep>(?<![A-Za-z])[\w.-]*(?:{_WORDS})['\"]?\s*[=:]\s*)"
            r"(?:(?P<quote>['\"])(?!env:|file:|keyring:)(?:\\.|(?!(?P=quote)).)*(?P=quote)"
            # after ':' a single word only: 'columns.password: unknown setting' is a sentence
            r"|(?!env:|file:|keyring:)(?:(?<==)|(?<==\s)|(?=[^\s,;&'\"}\])]+\s*(?:$|[,;&}\])])))[^\s,;&'\"}\])]+)",
            re.IGNORECASE,
        ),
        r"\g<keep>***",
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), _HIDDEN),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), _HIDDEN),
)


def redact(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """Hide passwords of URLs, values after words such as ``password=``, tokens, keys, and known ``secrets``.

    Known are those given and all that were revealed in this process (:mod:`semblant.revealed`).

    >>> redact("cannot reach postgresql://ann:s3cr3t@db/shop with password='x y'")
    'cannot reach postgresql://ann:***@db/shop with password=***'
    >>> redact("write postgresql://ann:env:DB_PW@db/shop")
    'write postgresql://ann:env:DB_PW@db/shop'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= revealed.SHORTEST:
            text = text.replace(secret, _HIDDEN)
    text = revealed.hide(text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class Redaction(logging.Filter):
    """Takes secrets out of a record's text before any handler sees it.

    ``secrets`` are values to hide wherever they stand; patterns find the others.
    """

    def __init__(self, secrets: frozenset[str] = frozenset()) -> None:
        """Keep the values to hide."""
        super().__init__()
        self.secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; it always passes."""
        record.msg = redact(record.getMessage(), self.secrets)
        record.args = None
        if record.exc_info:
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)), self.secrets)
            record.exc_info = None
        return True


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object on one line: time, level, logger, message, extra fields, traceback."""

    def __init__(self, secrets: frozenset[str] = frozenset()) -> None:
        """Keep the values to hide in extra fields."""
        super().__init__()
        self.secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({name: value for name, value in vars(record).items() if name not in _STANDARD})
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(self._clean(line), ensure_ascii=True, default=str)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return redact(value, self.secrets)
        if isinstance(value, dict):
            return {str(name): self._clean_named(str(name), item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(item) for item in value]
        return value if value is None or isinstance(value, bool | int | float) else redact(str(value), self.secrets)

    def _clean_named(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and redact(f"{name}={value}") != f"{name}={redact(value)}":
            return _HIDDEN
        return self._clean(value)


@contextmanager
def job_log(
    folder: Path, *, job: str = "", level: int = logging.INFO, secrets: frozenset[str] = frozenset()
) -> Iterator[logging.Logger]:
    """Log a job to ``folder/log.jsonl`` while the block runs; give its logger.

    All of ``semblant`` and its plugins log there, warnings of other packages too. The file is
    appended to, so that a resumed job keeps its history, and is readable by its owner only. With
    ``job`` the events of other jobs of the process are left out.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name, job_log(Path(name)) as logger:
    ...     logger.info("opened %s", "mysql://ann:s3cr3t@db")
    ...     json.loads((Path(name) / LOG_NAME).read_text())["message"]
    'opened mysql://ann:***@db'
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOG_NAME
    descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(JsonLines(secrets))
        handler.addFilter(Redaction(secrets))
        handler.addFilter(_ours_or_grave)
        handler.addFilter(lambda record: not job or getattr(record, "event_job", job) == job)
        handler.setLevel(level)
        with _listening(logging.getLogger(), handler, level):
            yield logging.getLogger("semblant")


def _ours_or_grave(record: logging.LogRecord) -> bool:
    return record.name.startswith("semblant") or record.levelno >= logging.WARNING


class _Shown(logging.Handler):
    """Gives each line to a function."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self.show = show

    def emit(self, record: logging.LogRecord) -> None:
        lines = [f"{record.levelname.lower()} {record.name}: {record.getMessage()}"]
        if record.exc_text:
            lines.append(record.exc_text.rstrip())
        self.show("\n".join(lines))


@contextmanager
def shown_log(show: Callable[[str], None], level: int = logging.INFO) -> Iterator[None]:
    """Give every line of the log from a level on to ``show`` while the block runs; secrets are taken out."""
    handler = _Shown(show)
    handler.setLevel(level)
    handler.addFilter(Redaction())
    with _listening(logging.getLogger("semblant"), handler, level):
        yield


@contextmanager
def _listening(logger: logging.Logger, handler: logging.Handler, level: int) -> Iterator[None]:
    """Add a handler, and let through what it wants to hear."""
    ours = logging.getLogger("semblant")
    before = ours.level
    logger.addHandler(handler)
    ours.setLevel(min(level, before or level))
    try:
        yield
    finally:
        ours.setLevel(before)
        logger.removeHandler(handler)
        handler.flush()


def log_event(event: Event) -> None:
    """Write an event of a job to the log, its code as ``event``; progress only at debug level."""
    from semblant.events import EventKind

    levels = {
        EventKind.STEP_PROGRESS: logging.DEBUG,
        EventKind.WARNING: logging.WARNING,
        EventKind.JOB_FAILED: logging.ERROR,
    }
    fields = event.as_dict()
    fields.pop("message", "")
    found = {"event": fields.pop("kind"), **{f"event_{name}": value for name, value in fields.items()}}
    logging.getLogger("semblant.job").log(levels.get(event.kind, logging.INFO), event_words(event), extra=found)


def event_words(event: Event) -> str:
    """Say what happened.

    >>> from semblant.events import Event, EventKind, Step
    >>> event_words(Event(kind=EventKind.STEP_FINISHED, step=Step.TRAIN, table="orders", seconds=3.04))
    'orders: AI training is done in 3.0 s'
    """
    from semblant.events import EventKind

    place = ": ".join(str(part) for part in (event.table, event.step) if part)
    took = "" if event.seconds is None else f" in {event.seconds:.1f} s"
    far = "" if event.done is None else f" {event.done:,.4g} of {event.total or 0:,.4g} {event.unit}".rstrip()
    words = {
        EventKind.JOB_STARTED: f"the job begins in {event.message}" if event.message else "the job begins",
        EventKind.JOB_PLANNED: "it stands what will be done",
        EventKind.JOB_FINISHED: f"the job is done{took}",
        EventKind.JOB_CANCELLED: event.message or "the job was cancelled",
        EventKind.STEP_STARTED: f"{place} begins",
        EventKind.STEP_PROGRESS: f"{place}{far}",
        EventKind.STEP_FINISHED: f"{place} is done{took}",
        EventKind.STEP_SKIPPED: f"{place} was done before and is taken over",
        EventKind.STEP_CANCELLED: f"{place} is ended, because the job is",
        EventKind.TABLE_LEARNED: f"{event.table}: learned",
    }
    return words.get(event.kind) or event.message or str(event.kind)


def record_crash(
    error: BaseException, *, command: str = "", folder: Path | None = None, home: Path | None = None
) -> Path | None:
    """Write an unexpected error with its traceback to a log; give the log's path, None when no place takes it.

    ``folder`` is the job's; without one the log goes to ``logs/`` in the application home, and where
    that cannot be written, to the system's folder for temporary files.
    """
    record = logging.makeLogRecord(
        {
            "name": "semblant",
            "levelno": logging.CRITICAL,
            "levelname": "CRITICAL",
            "msg": f"{type(error).__name__}: {error}",
            "exc_info": (type(error), error, error.__traceback__),
            "command": command,
        }
    )
    Redaction().filter(record)
    line = JsonLines().format(record) + "\n"
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    crash = Path("logs") / f"error-{stamp}-{os.getpid()}.jsonl"
    places = [folder / LOG_NAME] if folder is not None and folder.is_dir() else []
    places += [home / crash] if home is not None else []
    for path in (*places, Path(tempfile.gettempdir()) / f"semblant-{crash.name}"):
        try:
            if home is not None and home in path.parents:
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
                stream.write(line)
        except OSError:
            continue
        return path
    return None
