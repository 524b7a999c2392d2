"""Step *generation*: shares, batch sizes, report and holdout have sense and effect."""

from __future__ import annotations

import math
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from semblant.relations import main_root, parent_link
from semblant.settings import AUTO
from semblant.settings.path import dotted, join
from semblant.settings.suggest import advice
from semblant.spec.model import GenerationSpec
from semblant.spec.shares import ShareError, columns_of, read_shares
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
        found = [*_rebalance(view), *_sampling(view), *_size(view), *_effect(view)]
        return [*found, *_report(spec), *_targets(view), *_holdout(spec)]


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
        for key, shares in columns.items():
            yield from _shares(view, name, key, shares, join(path, key))


def _shares(view: View, table: str, key: str, shares: Mapping[str, float], path: str) -> Iterator[Finding]:
    names = view.schema.table(table).column_names
    columns = columns_of(key, names)
    if unknown := [column for column in columns if column not in names]:
        message = f"table '{table}' has no column '{unknown[0]}'"
        yield finding("rebalance-unknown", path, message, advice(unknown[0], names, "columns"))
        return
    if excluded := [column for column in columns if not view.is_used(table, column)]:
        message = f"column '{excluded[0]}' is excluded"
        yield finding("rebalance-unknown", path, message, "include it, or remove its shares")
        return
    for column in columns:
        if not view.spec.column(table, column).rebalance:
            message = f"column '{column}' is not prepared for rebalancing"
            fix = f"write {dotted('tables', table, 'columns', column, 'rebalance')}: true (it is trained for it)"
            yield finding("rebalance-not-enabled", path, message, fix)
    if not shares:
        message, fix = f"no shares are given for '{key}'", "write value: share, for example yes: 0.5"
        yield finding("shares-empty", path, message, fix)
        return
    try:
        wanted = read_shares(columns, shares, {c: view.schema.table(table).column(c).type for c in columns})
    except ShareError as exc:
        where = join(path, exc.key) if exc.key in shares else path
        fix = "give values as they stand in the data, ranges that do not overlap, and shares that add up to 1 at most"
        yield finding("shares-invalid", where, str(exc), fix)
        return
    several = len(view.spec.generation.rebalance[table]) > 1 or not wanted.simple
    if several and parent_link(view.used.table(table), view.originals) is not None:
        message = f"the rows of '{table}' belong to rows of another table; only values of one column can have shares"
        yield finding("shares-of-child", path, message, "leave one column with plain values, or rebalance the root")
        return
    yield _rest(key, math.fsum(shares.values()), path)


def _rest(key: str, total: float, path: str) -> Finding:
    if total < 1 - _ROUNDING:
        message = (
            f"the values of '{key}' that have no share divide the remaining {1 - total:.4g} as they do in the data"
        )
        return finding("shares-rest", path, message, "make the shares add up to 1 to have no others")
    message = f"the shares of '{key}' add up to 1: no other value, and no missing one, comes out"
    return finding("shares-rest", path, message, "let them add up to less than 1 to have others too")


def _sampling(view: View) -> Iterator[Finding]:
    generation = view.spec.generation
    if generation.records != AUTO and generation.scale != 1.0:
        message = f"{generation.records} records are wanted, and {generation.scale:g} times the rows of the data"
        yield finding("scale-and-records", "generation.scale", message, "remove one of them")
    for name, columns in generation.columns.items():
        path = dotted("generation", "columns", name)
        if not view.is_used(name) or name in view.originals:
            message = f"no table '{name}' is synthesized"
            fix = advice(name, [table.name for table in view.synthesized], "tables")
            yield finding("sampling-unknown", path, message, fix)
            continue
        for column in columns:
            if not view.is_used(name, column):
                fix = advice(column, view.used.table(name).column_names, "columns")
                message = f"table '{name}' has no column '{column}', or it is excluded"
                yield finding("sampling-unknown", join(path, column), message, fix)


def _size(view: View) -> Iterator[Finding]:
    generation = view.spec.generation
    root = main_root(view.used, view.originals)
    for name, rows in generation.rows.items():
        path = dotted("generation", "rows", name)
        if not _is_made(view, name):
            yield _not_made(view, name, path, "rows-unknown", "remove its number of rows")
        elif rows < 1:
            yield finding("rows-invalid", path, f"{rows} rows are wanted", "give a number above 0")
        elif name == root:
            message = f"'{name}' is the root table, whose number of rows is 'generation.records'"
            yield finding("rows-invalid", path, message, f"write generation.records: {rows}")
        elif name in generation.ratios:
            message = f"a number of rows and a factor are given for table '{name}'"
            yield finding("rows-invalid", path, message, "remove one of them")
    for name, factor in generation.ratios.items():
        path = dotted("generation", "ratios", name)
        if not _is_made(view, name):
            yield _not_made(view, name, path, "ratio-unknown", "remove its factor")
        elif not 0 < factor < math.inf:
            yield finding("ratio-invalid", path, f"the factor is {factor:g}", "give a number above 0, for example 2")


def _is_made(view: View, table: str) -> bool:
    return view.is_used(table) and table not in view.originals


def _not_made(view: View, table: str, path: str, code: str, fix: str) -> Finding:
    """Say why no rows of a table are made."""
    if table not in view.schema:
        fix = advice(table, view.schema.table_names, "tables")
        return finding(code, path, f"the source has no table '{table}'", fix)
    how = "original data and copied unchanged" if view.is_used(table) else "excluded"
    return finding(code, path, f"table '{table}' is {how}", fix)


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


def _targets(view: View) -> Iterator[Finding]:
    """Find targets that no table which is learned has as data: keys are made anew, lookups copied."""
    if not view.spec.report.enabled or view.spec.report.targets == AUTO:
        return
    known: set[str] = set()
    for table in view.used:
        keys = {*table.primary_key, *(column for key in table.foreign_keys for column in key.columns)}
        if table.name not in view.originals:
            known |= {name for column in set(table.column_names) - keys for name in (column, f"{table.name}.{column}")}
    for index, target in enumerate(view.spec.report.targets):
        if target not in known:
            near = get_close_matches(target, sorted(known), 1)
            yield finding(
                "report-target",
                f"report.targets[{index}]",
                f"no table that is learned has data in a column '{target}'",
                f"did you mean '{near[0]}'?" if near else "name it as column or table.column, or write auto",
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
