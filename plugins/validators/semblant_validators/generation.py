"""Step *generation*: shares, batch sizes, report and holdout have sense and effect."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from semblant.settings import AUTO
from semblant.settings.path import dotted, join
from semblant.settings.suggest import advice
from semblant.spec.model import GenerationSpec
from semblant_validators.codes import finding
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema
    from semblant.spec.model import Spec

_LARGEST_HOLDOUT = 0.5
_ROUNDING = 1e-9


@frozen
class GenerationValidator:
    """What to generate, and the report on it."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        view = View(spec, schema)
        return [*_rebalance(view), *_size(view), *_effect(view), *_report(spec), *_holdout(spec)]


def _rebalance(view: View) -> Iterator[Finding]:
    for name, columns in view.spec.generation.rebalance.items():
        path = dotted("generation", "rebalance", name)
        if name not in view.schema:
            fix = advice(name, view.schema.table_names, "tables")
            yield finding("rebalance-unknown", path, f"the source has no table '{name}'", fix)
            continue
        if not view.is_used(name) or name in view.originals:
            how = "original data and copied unchanged" if view.is_used(name) else "excluded"
            yield finding("rebalance-unknown", path, f"table '{name}' is {how}", "remove its shares")
            continue
        for column, shares in columns.items():
            yield from _column_shares(view, name, column, shares, join(path, column))


def _column_shares(view: View, table: str, column: str, shares: Mapping[str, float], path: str) -> Iterator[Finding]:
    names = view.schema.table(table).column_names
    if column not in names:
        yield finding(
            "rebalance-unknown", path, f"table '{table}' has no column '{column}'", advice(column, names, "columns")
        )
        return
    if not view.is_used(table, column):
        yield finding("rebalance-unknown", path, f"column '{column}' is excluded", "include it, or remove its shares")
        return
    if not view.spec.column(table, column).rebalance:
        message = f"column '{column}' is not prepared for rebalancing"
        fix = f"write {dotted('tables', table, 'columns', column, 'rebalance')}: true (it is trained for it)"
        yield finding("rebalance-not-enabled", path, message, fix)
    if not shares:
        yield finding(
            "shares-empty", path, f"no shares are given for '{column}'", "write value: share, for example yes: 0.5"
        )
        return
    wrong = {value: share for value, share in shares.items() if not 0 <= share <= 1}
    for value, share in wrong.items():
        yield finding(
            "shares-invalid", join(path, value), f"the share of '{value}' is {share:g}", "give a share from 0 to 1"
        )
    if wrong:
        return
    total = math.fsum(shares.values())
    if total > 1 + _ROUNDING:
        message = f"the shares of '{column}' add up to {total:g}"
        yield finding(
            "shares-invalid", path, message, "make them add up to 1, or to less: the rest goes to the other values"
        )
    elif total < 1 - _ROUNDING:
        message = (
            f"the values of '{column}' that have no share divide the remaining {1 - total:.4g} as they do in the data"
        )
        yield finding("shares-rest", path, message, "make the shares add up to 1 to have no others")
    else:
        message = f"the shares of '{column}' add up to 1: no other value, and no missing one, comes out"
        yield finding("shares-rest", path, message, "let them add up to less than 1 to have others too")


def _size(view: View) -> Iterator[Finding]:
    generation = view.spec.generation
    if generation.scale is not None and generation.records != AUTO:
        message = f"{generation.records:,} records and the factor {generation.scale:g} are both given"
        yield finding("scale-and-records", "generation.scale", message, "remove one of the two")
    for name, factor in generation.ratios.items():
        path = dotted("generation", "ratios", name)
        if name not in view.schema:
            fix = advice(name, view.schema.table_names, "tables")
            yield finding("ratio-unknown", path, f"the source has no table '{name}'", fix)
        elif not view.is_used(name) or name in view.originals:
            how = "original data and copied unchanged" if view.is_used(name) else "excluded"
            yield finding("ratio-unknown", path, f"table '{name}' is {how}", "remove its factor")
        elif not 0 < factor < math.inf:
            yield finding("ratio-invalid", path, f"the factor is {factor:g}", "give a number above 0, for example 2")


def _effect(view: View) -> Iterator[Finding]:
    generation = view.spec.generation
    if not generation.enabled:
        if evolve(generation, enabled=True) != GenerationSpec():
            message = "nothing is generated (enabled: false), the other settings of this section have no effect"
            yield finding("generation-unused", "generation", message, "remove them, or write enabled: true")
    elif generation.text_batch_size != AUTO and not view.may_have_text:
        message = "a text batch size is given and no column that is synthesized could be text"
        yield finding(
            "text-batch-unused", "generation.text_batch_size", message, "remove it, or write encoding: text on a column"
        )


def _report(spec: Spec) -> Iterator[Finding]:
    report = spec.report
    if not report.enabled:
        return
    if not report.formats:
        yield finding(
            "report-without-format",
            "report.formats",
            "a report is wanted in no format",
            "name one, for example pdf, or write report.enabled: false",
        )
    for index, name in enumerate(report.formats):
        if name in report.formats[:index]:
            yield finding("report-format-twice", f"report.formats[{index}]", f"'{name}' is named twice", "name it once")
    if not spec.generation.enabled and (report.sections != AUTO or report.holdout != AUTO):
        yield finding(
            "report-without-data",
            "report",
            "nothing is generated, so that there is nothing to report on",
            "write generation.enabled: true, or remove the section",
        )


def _holdout(spec: Spec) -> Iterator[Finding]:
    holdout = spec.report.holdout
    if isinstance(holdout, float):
        if not 0 < holdout <= _LARGEST_HOLDOUT:
            yield finding(
                "holdout-share",
                "report.holdout",
                f"a share of {holdout:g} cannot be kept back",
                f"give a share above 0 and at most {_LARGEST_HOLDOUT:g}, or a file, or auto",
            )
    elif holdout != AUTO and "://" not in holdout and not _exists(holdout):
        yield finding(
            "holdout-missing",
            "report.holdout",
            f"there is no holdout file '{holdout}'",
            "give the path of a file with rows that the generator never sees, or a share, or auto",
        )


def _exists(path: str) -> bool:
    if any(sign in path for sign in "*?["):
        return any(True for _ in Path(path).parent.glob(Path(path).name)) or Path(path).exists()
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
