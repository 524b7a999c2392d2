"""Thresholds for pipelines: ``--fail-under accuracy=0.97``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from attrs import frozen

from semblant.errors import ConfigError, GateError
from semblant.settings.suggest import advice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.cli.session import Session
    from semblant.host import PluginHost
    from semblant.results import JobResult, ReportResult


LOWER_IS_BETTER = frozenset(
    {"broken_keys", "c2st_auc", "dcr_share", "family_c2st_auc", "identical_rows", "membership_auc", "utility_gap"}
)
"""Scores that must not be above their threshold; all others must not be below it."""


@frozen
class Gate:
    """A score, its threshold, and what it is (None: the report does not have it).

    >>> print(Gate("accuracy", 0.97, 0.958))
    accuracy is 0.9580, below 0.97
    >>> print(Gate("c2st_auc", 0.6, 0.71))
    c2st_auc is 0.7100, above 0.6
    """

    score: str
    threshold: float
    value: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the score is there and good enough."""
        if self.value is None:
            return False
        return self.value <= self.threshold if self.score in LOWER_IS_BETTER else self.value >= self.threshold

    def __str__(self) -> str:
        """Say it in words."""
        lower = self.score in LOWER_IS_BETTER
        limit = "at most" if lower else "at least"
        if self.value is None:
            return f"{self.score} is not in the report, wanted {limit} {self.threshold:g}"
        words = limit if self.passed else "above" if lower else "below"
        return f"{self.score} is {self.value:.4f}, {words} {self.threshold:g}"


def thresholds(texts: Sequence[str]) -> tuple[Gate, ...]:
    """Read ``NAME=NUMBER,NAME=NUMBER``.

    >>> thresholds(["accuracy=0.97, privacy=0.9"])[1]
    Gate(score='privacy', threshold=0.9, value=None)
    """
    found = []
    for part in (part.strip() for text in texts for part in text.split(",")):
        name, _, number = part.partition("=")
        try:
            found.append(Gate(name.strip(), float(number)))
        except ValueError:
            msg = f"--fail-under: '{part}' is not NAME=NUMBER, such as accuracy=0.97"
            raise click.UsageError(msg) from None
        if not name.strip() or found[-1].threshold != found[-1].threshold:
            msg = f"--fail-under: '{part}' is not NAME=NUMBER, such as accuracy=0.97"
            raise click.UsageError(msg)
    return tuple(found)


def refuse_unknown(gates: Sequence[Gate], host: PluginHost) -> None:
    """Refuse scores that no section of the report offers; nothing is refused where a section does not tell its own.

    :raises ConfigError: with the nearest name.
    """
    offered = [section.scores for section in host.sections.values()]
    known = sorted({name for scores in offered for name in scores or ()})
    unknown = [gate.score for gate in gates if gate.score not in known]
    if not unknown or not known or None in offered:
        return
    msg = f"--fail-under: no report has a score '{unknown[0]}'"
    raise ConfigError(msg, fix=advice(unknown[0], known, "the scores are"))


def measured(gates: Sequence[Gate], scores: Mapping[str, float]) -> tuple[Gate, ...]:
    """Put the scores of a report into the gates."""
    return tuple(Gate(gate.score, gate.threshold, scores.get(gate.score)) for gate in gates)


def failed(gates: Sequence[Gate], scores: Mapping[str, float]) -> GateError | None:
    """Give the error for the gates that were not passed; None when all were."""
    missed = [gate for gate in gates if not gate.passed]
    if not missed:
        return None
    msg = f"--fail-under: {'; '.join(map(str, missed))}"
    names = ", ".join(sorted(scores)) or "none"
    unknown = any(gate.value is None for gate in missed)
    fix = f"the scores there are: {names}" if unknown else "what was made is kept; the report shows what is off"
    return GateError(msg, fix=fix)


def conclude(session: Session, result: JobResult | ReportResult, gates: Sequence[Gate]) -> None:
    """Show a result and its gates; the process ends with status 1 when one was not passed."""
    from semblant.cli.failures import error_document, failure_of

    error = failed(gates, result.scores)
    if session.as_json:
        document = {
            **result.as_dict(),
            "gates": [
                {"score": gate.score, "threshold": gate.threshold, "value": gate.value, "passed": gate.passed}
                for gate in gates
            ],
            **session.remarks(getattr(result, "findings", ())),
        }
        if error is not None:
            document["error"] = error_document(failure_of(error, session))
        session.document(document)
        if error is not None:
            raise click.exceptions.Exit(error.exit_code)
        return
    from semblant.cli.show.result import job_lines, report_lines
    from semblant.results import JobResult

    session.say(
        *(job_lines(result, gates, session.warnings) if isinstance(result, JobResult) else report_lines(result, gates))
    )
    if error is not None:
        raise error
