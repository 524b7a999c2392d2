"""The errors that reach a user.

Every message says what is wrong, where, and what to do. A :class:`SemblantError`
is shown without a traceback; its ``exit_code`` becomes the exit status of the CLI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.revealed import hide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.findings import Finding


class SemblantError(Exception):
    """Root of all errors raised on purpose.

    >>> SemblantError("disk is full", fix="free 2 GB in /data").fix
    'free 2 GB in /data'
    """

    code = "error"
    exit_code = 4
    passing = False
    """Whether waiting may mend it: a server that refuses or hangs up while it is started anew."""

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        """Keep the message and what the user can do about it; secrets that a driver put in are hidden."""
        message = hide(message)
        super().__init__(message)
        self.message = message
        self.fix = fix if fix is None else hide(fix)

    def __str__(self) -> str:
        """Message and fix in one text."""
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message


class ConfigError(SemblantError):
    """The spec, a setting or the command line is wrong; all faults at once in ``findings``."""

    code = "config"
    exit_code = 2

    def __init__(self, message: str, *, findings: Sequence[Finding] = (), fix: str | None = None) -> None:
        """Keep the findings; the text lists each of them."""
        super().__init__(message, fix=fix)
        self.findings = tuple(findings)

    def __str__(self) -> str:
        """Message, then one line per finding."""
        lines = [super().__str__(), *(f"  {finding}" for finding in self.findings)]
        return "\n".join(lines)


class DataError(ConfigError):
    """The data can be read but not used: too few rows, ambiguous file, two headers."""

    code = "data"


class GateError(SemblantError):
    """A threshold that the user set was not reached (``--fail-under``)."""

    code = "gate"
    exit_code = 1


class PluginError(SemblantError):
    """A plugin is missing, broken or clashes with another."""

    code = "plugin"
    exit_code = 2


class UnknownComponentError(PluginError):
    """No installed plugin offers the name that was asked for."""

    code = "unknown-component"


class DuplicateComponentError(PluginError):
    """Two distributions offer the same name."""

    code = "duplicate-component"


class MissingDependencyError(PluginError):
    """The plugin is there, a package that it needs is not."""

    code = "missing-dependency"


class SourceError(SemblantError):
    """A source cannot be reached or read."""

    code = "source"
    exit_code = 3


class DestinationError(SemblantError):
    """A destination cannot be reached or written."""

    code = "destination"
    exit_code = 3


class ArtefactError(SemblantError):
    """A generator file is damaged, hostile or from a newer version."""

    code = "artefact"
    exit_code = 3


class ModelError(SemblantError):
    """Training or generating failed inside a model backend."""

    code = "model"


class PrivacyError(SemblantError):
    """A privacy promise cannot be kept with these settings."""

    code = "privacy"
    exit_code = 2


class JobError(SemblantError):
    """A step of a job failed; the cause is chained, ``step`` and ``table`` say where."""

    code = "job"

    def __init__(self, message: str, *, step: str, table: str | None = None, fix: str | None = None) -> None:
        """Keep where it happened."""
        super().__init__(message, fix=fix)
        self.step = step
        self.table = table


class Cancelled(SemblantError):  # noqa: N818 - a state, not a fault
    """The run was cancelled from outside; nothing was delivered."""

    code = "cancelled"
    exit_code = 130
