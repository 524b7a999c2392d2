"""A plan: read, train, generate, write."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.text import Text

from semblant.cli.show.assessment import assessment_lines
from semblant.cli.show.findings import counted, findings_table
from semblant.cli.show.text import count, heading, listed, pairs
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.plan import Plan, TablePlan


def plan_lines(plan: Plan) -> Iterator[Any]:
    """Show the plan in the order of the work, then its findings and the effective spec."""
    yield heading("Read")
    yield pairs(_read(plan))
    yield Text("")
    yield heading("Train")
    yield pairs((table.name, _training(table)) for table in plan.synthesized)
    yield from _sensitive(plan)
    yield Text("")
    yield heading("Generate")
    yield pairs(_generated(plan))
    yield Text("")
    yield heading("Write")
    yield pairs(_written(plan))
    if plan.findings and not plan.errors:
        yield Text("")
        yield heading(counted(plan.findings))
        yield findings_table(plan.findings)
    if plan.assessment is not None:
        yield Text("")
        yield from assessment_lines(plan.assessment)
    from semblant.spec.write import spec_text

    yield Text("")
    yield heading("Effective spec")
    yield Text(visible(spec_text(plan.spec).rstrip(), keep_lines=True))


def _read(plan: Plan) -> Iterator[tuple[str, object]]:
    yield "source", _source(plan)
    for table in plan.tables:
        yield table.name, f"{count(table.rows, 'row')}, {count(len(table.table.columns), 'column')}{_keys(table)}"
    for name, columns in plan.excluded.items():
        yield name, f"not read: {listed(columns)}" if columns else "not read"


def _source(plan: Plan) -> str:
    source = plan.spec.source
    place = source.settings.get("path") or source.settings.get("url") or ""
    return f"{source.type} {place}".strip()


def _keys(table: TablePlan) -> str:
    parts = []
    if table.table.primary_key:
        parts.append(f"key {listed(table.table.primary_key)}")
    parts += [f"{listed(key.columns)} → {visible(key.references)}" for key in table.table.foreign_keys]
    return f"; {', '.join(parts)}" if parts else ""


def _training(table: TablePlan) -> str:
    kinds = Counter(str(column.encoding) for column in table.columns)
    encodings = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    backends = " and ".join(name for name in (table.backend, table.text_backend) if name)
    return f"model {backends}, size {table.model.size}, goal {table.model.goal}; columns: {encodings or 'none'}"


def _sensitive(plan: Plan) -> Iterator[Any]:
    """Name sensitive columns in words: those whose values are made anew, and those that may come out."""
    for table in plan.tables:
        place = f" in {visible(table.name)}" if len(plan.tables) > 1 else ""
        if table.sensitive_and_synthesized:
            yield Text(f"Sensitive and synthesized{place}: {listed(table.sensitive_and_synthesized)}")
        if table.sensitive_and_not_synthesized:
            yield Text(
                f"Sensitive and NOT synthesized{place}: {listed(table.sensitive_and_not_synthesized)}; "
                "real values of these columns will come out",
                style="yellow",
            )


def _generated(plan: Plan) -> Iterator[tuple[str, object]]:
    if not plan.spec.generation.enabled:
        yield "nothing", "generation is switched off; the generator is kept"
        return
    for table in plan.tables:
        if table.copied:
            yield table.name, "original data: copied unchanged"
        else:
            records = _records(plan, table)
            yield table.name, "as many rows as are read" if records is None else count(records, "row")


def _records(plan: Plan, table: TablePlan) -> int | None:
    """Give the rows to generate, where that is known: the only table is the root."""
    if table.records is not None or len(plan.synthesized) > 1:
        return table.records
    wanted = plan.spec.generation.records
    return table.rows if isinstance(wanted, str) else wanted


def _written(plan: Plan) -> Iterator[tuple[str, object]]:
    if plan.spec.generation.enabled:
        yield "data", plan.destination
    yield "generator", f"under the name {plan.spec.name}" if plan.spec.name else "under a name of its own"
    report = plan.spec.report
    if report.enabled and plan.spec.generation.enabled:
        yield "report", ", ".join(report.formats)
