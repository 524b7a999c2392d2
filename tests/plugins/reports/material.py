"""Inputs for report tests: tables in memory, and a stand-in for synthetic data that anybody can make again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import semblant_reports
from semblant.report.build import _lacking
from semblant.report.document import ReportDocument, SectionResult
from semblant.report.inputs import Database, ReportInputs, TableData
from semblant.run import Run
from semblant.schema import Column, ForeignKey, Schema, Table

Keys = dict[str, tuple[tuple[str, ...], tuple[ForeignKey, ...]]]


def database(tables: dict[str, pa.Table], keys: Keys | None = None) -> Database:
    """Put tables behind the contract of a report; samples are drawn with a fixed seed."""
    described, data = [], {}
    for name, table in tables.items():
        primary, foreign = (keys or {}).get(name, ((), ()))
        columns = tuple(Column(name=part.name, type=part.type) for part in table.schema)
        described.append(Table(name=name, columns=columns, primary_key=primary, foreign_keys=foreign))
        data[name] = TableData(name=name, rows=table.num_rows, load=_loader(table))
    return Database(schema=Schema(tables=tuple(described)), tables=data)


def _loader(table: pa.Table) -> Any:
    def load(columns: tuple[str, ...] | None, rows: int | None) -> pa.Table:
        part = table if columns is None else table.select(list(columns))
        if rows is None or rows >= table.num_rows:
            return part
        return part.take(np.sort(np.random.default_rng(0).permutation(table.num_rows)[:rows]))

    return load


def inputs(original: pa.Table, synthetic: pa.Table, holdout: pa.Table | None = None, **more: Any) -> ReportInputs:
    """Give the inputs of a report about one table."""
    return ReportInputs(
        title="people",
        original=database({"people": original}),
        synthetic=database({"people": synthetic}),
        holdout=None if holdout is None else database({"people": holdout}),
        **more,
    )


def run() -> Run:
    return Run(job="test", seed=0, workspace=Path())


def figures(name: str, given: ReportInputs) -> dict[str, Any]:
    """Measure one section; figures are JSON and stay what they are through it."""
    section = next(item for item in semblant_reports.semblant_report_sections() if item.name == name)
    found = section.create().measure(given, run())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return dict(found)


def document(given: ReportInputs, without: tuple[str, ...] = ()) -> ReportDocument:
    """Measure and render all sections, each from its figures as they come out of JSON."""
    results = []
    for item in semblant_reports.semblant_report_sections():
        lacking = _lacking(item, given)
        if item.name in without or item.missing() or lacking:
            results.append(SectionResult(name=item.name, title=item.title, left_out=lacking or "not asked for"))
            continue
        section = item.create()
        found = json.loads(json.dumps(section.measure(given, run()), allow_nan=False))
        results.append(SectionResult(name=item.name, title=item.title, figures=found, blocks=section.render(found)))
    return ReportDocument(
        title=given.title,
        subtitle="quality report",
        created="2026-01-02T03:04:05+00:00",
        version="0.0",
        sections=results,
    )


def people(rows: int, seed: int = 0) -> pa.Table:
    """Make people whose income hangs on age and job."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    job = rng.choice(["nurse", "smith", "clerk", "pilot"], rows, p=[0.4, 0.3, 0.2, 0.1])
    income = np.round(age * 500 + (job == "pilot") * 30_000 + rng.normal(0, 4_000, rows), 2)
    return pa.table(
        {
            "age": age,
            "job": pa.array(job.tolist()),
            "income": pa.array(income, mask=rng.random(rows) < 0.1),
            "member": pa.array((rng.random(rows) < 0.3).tolist()),
        }
    )


def disturbed(holdout: pa.Table, training: pa.Table) -> pa.Table:
    """Disturb real rows in a way that needs no random numbers: a stand-in for synthetic data.

    Every tenth value of each column comes from the row a thousand places on, every fiftieth row
    from the training data.
    """
    rows = np.arange(holdout.num_rows)
    columns = []
    for place, name in enumerate(holdout.column_names):
        moved = np.where(rows % 10 == place % 10, (rows + 1000) % holdout.num_rows, rows)
        both = pa.chunked_array(
            [*holdout.column(name).chunks, *training.column(name).cast(holdout.schema.field(name).type).chunks]
        )
        columns.append(both.take(np.where(rows % 50 == 7, holdout.num_rows + rows % training.num_rows, moved)))
    return pa.table(dict(zip(holdout.column_names, columns, strict=True)))
