"""What an engine knows of one of its jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from semblant.connectors.expanding import named
from semblant.errors import ConfigError

if TYPE_CHECKING:
    from semblant.run import Run, Token
    from semblant.spec.model import Spec


def absolute(location: str) -> str:
    """Make a local path absolute: the effective spec may lie anywhere."""
    return (
        location
        if "://" in location or named(location) or not Path(location).exists()
        else str(Path(location).absolute())
    )


class Running:
    """One job of an engine: its run, and the spec it works with."""

    def __init__(self, run: Run) -> None:
        """Keep the run."""
        self.run = run
        self.name = run.job
        self.cancel: Token = run.cancel
        self.stop_training: Token = run.stop_training
        self.spec_or_none: Spec | None = None

    @property
    def spec(self) -> Spec:
        """The spec of the job; :class:`ConfigError` where it has none."""
        if self.spec_or_none is None:
            msg = "this job has no spec"
            raise ConfigError(msg, fix="give a spec, or the name of a job that can be resumed")
        return self.spec_or_none
