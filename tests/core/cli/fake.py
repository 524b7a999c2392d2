"""An engine that does no work, so that a test can say what happens in a job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semblant.detection.model import ColumnDetection, Detection, TableDetection
from semblant.errors import Cancelled
from semblant.events import Event, EventKind, Step
from semblant.home import Home
from semblant.host import PluginHost
from semblant.plan import Plan, TablePlan
from semblant.results import JobResult, ReportResult, SyntheticDataset, TrainedGenerator
from semblant.run import Token
from semblant.schema import Column, Schema, Table
from semblant.spec.load import load_spec
from semblant.spec.model import Selected, Spec
from semblant.training import ColumnPlan
from semblant.vocabulary import ColumnTreatment, EncodingType, TableTreatment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from semblant.findings import Finding

TABLE = Table(
    name="customers",
    columns=(
        Column(name="id", type=pa.int64()),
        Column(name="email", type=pa.string()),
        Column(name="age", type=pa.int64()),
    ),
    primary_key=("id",),
    primary_key_reason="unique and counting up",
    rows=3,
)


class FakeEngine:
    """Answers every question at once and remembers what it was asked."""

    def __init__(
        self,
        *,
        home: Path | None = None,
        on_event: Callable[[Event], None] = lambda event: None,
        events: Sequence[Event] = (),
        fault: BaseException | None = None,
        findings: Sequence[Finding] = (),
        scores: dict[str, float] | None = None,
        during: Callable[[FakeEngine], None] = lambda engine: None,
    ) -> None:
        self.home = Home(home)
        self.host = PluginHost()
        self.emit = on_event
        self.events = events
        self.fault = fault
        self.findings = list(findings)
        self.scores = {"accuracy": 0.98} if scores is None else scores
        self.during = during
        self.cancelled = Token()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def cancel(self) -> None:
        self.cancelled.set()

    def check_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled("job 'calm-otter-1' was cancelled", fix="run it again")

    def load(self, spec: Any, overrides: Sequence[str] = ()) -> Spec:
        return load_spec(spec, self.host, overrides)

    def spec_for(self, location: str) -> Spec:
        return Spec(source=Selected(type="files", settings={"path": location}))

    def impute(self, generator: Any, rows: pa.Table, **how: Any) -> pa.Table:
        self._ask("impute", generator=generator, rows=rows, **how)
        return pa.table({name: rows[name].fill_null(rows[name].drop_null()[0]) for name in rows.column_names})

    def log_prob(self, generator: Any, rows: pa.Table, **how: Any) -> Any:
        self._ask("log_prob", generator=generator, rows=rows, **how)
        return -1.5 * np.arange(1.0, rows.num_rows + 1)

    def preview(self, spec: Spec, rows: int) -> dict[str, pa.Table]:
        self._ask("preview", spec=spec, rows=rows)
        return {"customers": pa.table({"id": [1, 2, 3][:rows], "e\x1b[31mmail": ["a@b.c", None, "顧客"][:rows]})}

    def check(self, spec: Spec) -> list[Finding]:
        self._ask("check", spec=spec)
        return self.findings

    def detect(self, spec: Spec) -> Detection:
        self._ask("detect", spec=spec)
        columns = {
            "id": ColumnDetection(encoding=EncodingType.IDENTIFIER, reason="every value is different"),
            "email": ColumnDetection(
                encoding=EncodingType.PATTERN,
                reason="3 of 3 look alike",
                sensitive=True,
                sensitive_reason="looks like e-mail addresses",
            ),
            "age": ColumnDetection(encoding=EncodingType.INTEGER, reason="whole numbers", notes=("3 are null",)),
        }
        detected = TableDetection(columns=columns, root=True, rows_read=3)
        return Detection(schema=Schema(tables=(TABLE,)), tables={"customers": detected}, findings=tuple(self.findings))

    def plan(self, spec: Spec) -> Plan:
        self._ask("plan", spec=spec)
        columns = (
            ColumnPlan(
                name="email",
                type=pa.string(),
                encoding=EncodingType.PATTERN,
                reason="look alike",
                treatment=ColumnTreatment.KEEP,
            ),
            ColumnPlan(name="age", type=pa.int64(), encoding=EncodingType.INTEGER, reason="whole numbers"),
        )
        table = TablePlan(
            table=TABLE,
            treatment=TableTreatment.SYNTHESIZE,
            columns=columns,
            model=spec.model,
            backend="autoregressive",
            rows=3,
            records=10,
            sensitive={"email": "looks like e-mail addresses"},
        )
        return Plan(
            spec=spec,
            schema=Schema(tables=(TABLE,)),
            tables=(table,),
            findings=self.findings,
            destination="application storage",
            excluded={"customers": ("note",)},
        )

    def run(
        self, spec: Spec, *, out: Path | None = None, file_format: str = "parquet", resume: str | None = None
    ) -> JobResult:
        self._work("run", spec=spec, out=out, file_format=file_format, resume=resume)
        folder = out or Path("storage")
        return JobResult(
            name="calm-otter-1",
            generator_path=folder / "generator.semblant",
            location=str(folder),
            tables={"customers": folder / f"customers.{file_format}"},
            rows={"customers": 10},
            report_paths={"pdf": folder / "report.pdf"} if spec.report.enabled else {},
            scores=self.scores,
            timings={"total": 75.0, "AI training": 60.0},
            findings=self.findings,
        )

    def train(self, spec: Spec, *, output: Path | None = None, resume: str | None = None) -> TrainedGenerator:
        self._work("train", spec=spec, output=output, resume=resume)
        return TrainedGenerator(
            name="calm-otter-1", path=output or Path("g.semblant"), tables=("customers",), findings=self.findings
        )

    def generate(self, generator: Path | str, **options: Any) -> SyntheticDataset:
        self._work("generate", generator=generator, **options)
        return SyntheticDataset(
            name="calm-otter-1", location="out", tables={"customers": Path("out/c.parquet")}, rows={"customers": 5}
        )

    def report(self, original: str, synthetic: str, **options: Any) -> ReportResult:
        self._work("report", original=original, synthetic=synthetic, **options)
        return ReportResult(paths={"pdf": Path("out/report.pdf")}, scores=self.scores)

    def _ask(self, question: str, **arguments: Any) -> None:
        self.asked.append((question, arguments))
        if self.fault is not None:
            raise self.fault

    def _work(self, question: str, **arguments: Any) -> None:
        self.emit(Event(kind=EventKind.JOB_STARTED, job="calm-otter-1", message=str(self.home.root)))
        for event in self.events:
            self.emit(event)
        self.during(self)
        self._ask(question, **arguments)


def step_events(step: Step = Step.TRAIN, table: str = "customers", updates: int = 3) -> list[Event]:
    """Give the events of one step, begin and end included."""
    progress = [
        Event(
            kind=EventKind.STEP_PROGRESS,
            step=step,
            table=table,
            done=n,
            total=updates,
            unit="epochs",
            seconds_left=float(updates - n),
        )
        for n in range(1, updates + 1)
    ]
    return [
        Event(kind=EventKind.STEP_STARTED, step=step, table=table),
        *progress,
        Event(kind=EventKind.STEP_FINISHED, step=step, table=table, seconds=12.0),
    ]
