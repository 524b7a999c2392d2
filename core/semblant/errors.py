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
    """The spec, a setting or the command line is wrong; all faults at once in ``findings``.

    >>> ConfigError("the spec is empty", fix="begin with 'source:'").exit_code
    2
    """

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
    """The data can be read but not used: too few rows, ambiguous file, two headers.

    >>> str(DataError("table 'orders' has no rows", fix="fill it, or exclude it"))
    "table 'orders' has no rows\\n  fix: fill it, or exclude it"
    """

    code = "data"


class GateError(SemblantError):
    """A threshold that the user set was not reached (``--fail-under``).

    >>> GateError("accuracy is 0.91, below 0.97").exit_code
    1
    """

    code = "gate"
    exit_code = 1


class PluginError(SemblantError):
    """A plugin is missing, broken or clashes with another.

    >>> PluginError("there is no source 'acme'").code
    'plugin'
    """

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
    """A source cannot be reached or read.

    >>> SourceError("'db.example.org' does not answer", fix="check host and port").fix
    'check host and port'
    """

    code = "source"
    exit_code = 3


class DestinationError(SemblantError):
    """A destination cannot be reached or written.

    >>> DestinationError("the table 'orders' is there already", fix="choose mode replace").exit_code
    3
    """

    code = "destination"
    exit_code = 3


class ArtefactError(SemblantError):
    """A generator file is damaged, hostile or from a newer version.

    >>> ArtefactError("made by version 3, this is 1", fix="install semblant>=3").fix
    'install semblant>=3'
    """

    code = "artefact"
    exit_code = 3


class ModelError(SemblantError):
    """Training or generating failed inside a model backend.

    >>> ModelError("the loss is not finite", fix="lower model.learning_rate").exit_code
    4
    """

    code = "model"


class PrivacyError(SemblantError):
    """A privacy promise cannot be kept with these settings.

    >>> PrivacyError("this backend keeps no budget").code
    'privacy'
    """

    code = "privacy"
    exit_code = 2


class JobError(SemblantError):
    """A step of a job failed; the cause is chained, ``step`` and ``table`` say where.

    >>> JobError("the disk is full", step="delivering", table="orders").table
    'orders'
    """

    code = "job"

    def __init__(self, message: str, *, step: str, table: str | None = None, fix: str | None = None) -> None:
        """Keep where it happened."""
        super().__init__(message, fix=fix)
        self.step = step
        self.table = table


class Cancelled(SemblantError):  # noqa: N818 - a state, not a fault
    """The run was cancelled from outside; nothing was delivered.

    >>> Cancelled("job 'shop' was cancelled").exit_code
    130
    """

    code = "cancelled"
    exit_code = 130
