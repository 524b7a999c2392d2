"""What the engine gives back: paths, scores, times; shown well in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from semblant.findings import Finding


class _Shown(ABC):
    """Shows itself as a table in a notebook."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""

    def _repr_html_(self) -> str:
        from semblant.notebook import html_summary

        return html_summary(type(self).__name__, self.as_dict())


@frozen(kw_only=True)
class TrainedGenerator(_Shown):
    """A generator on disk."""

    name: str
    path: Path
    """The ``.semblant`` file."""
    tables: tuple[str, ...]
    history: Mapping[str, Sequence[Mapping[str, float]]] = field(factory=dict, repr=False)
    settings_used: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    timings: Mapping[str, float] = field(factory=dict)
    findings: Sequence[Finding] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return {
            "name": self.name,
            "generator": str(self.path),
            "tables": list(self.tables),
            "settings_used": {k: dict(v) for k, v in self.settings_used.items()},
            "timings": dict(self.timings),
        }


@frozen(kw_only=True)
class SyntheticDataset(_Shown):
    """Synthetic tables, complete on disk."""

    name: str
    location: str
    """Where the destination put them, in words."""
    tables: Mapping[str, Path]
    """Per table a Parquet file in the job's own folder or the destination's."""
    rows: Mapping[str, int]
    timings: Mapping[str, float] = field(factory=dict)

    def table(self, name: str | None = None) -> pa.Table:
        """Read one table as Arrow; the only one when there is no name."""
        import pyarrow.parquet as pq

        chosen = name or next(iter(self.tables))
        return pq.read_table(self.tables[chosen])

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return {
            "name": self.name,
            "location": self.location,
            "rows": dict(self.rows),
            "tables": {name: str(path) for name, path in self.tables.items()},
            "timings": dict(self.timings),
        }


@frozen(kw_only=True)
class ReportResult(_Shown):
    """A quality report on disk."""

    paths: Mapping[str, Path]
    """Per format."""
    scores: Mapping[str, float]
    """Headline figures by name, as in the JSON report."""

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return {"report": {name: str(path) for name, path in self.paths.items()}, "scores": dict(self.scores)}


@frozen(kw_only=True)
class JobResult(_Shown):
    """Everything that a job left behind."""

    name: str
    generator_path: Path | None
    location: str
    tables: Mapping[str, Path]
    rows: Mapping[str, int]
    report_paths: Mapping[str, Path] = field(factory=dict)
    report_fault: str = ""
    """Why there is no report although one was wanted; data and model are not touched by it."""
    scores: Mapping[str, float] = field(factory=dict)
    timings: Mapping[str, float] = field(factory=dict)
    settings_used: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    copied: tuple[str, ...] = ()
    """Original tables: copied unchanged."""
    findings: Sequence[Finding] = ()
    workspace: Path | None = None

    def table(self, name: str | None = None) -> pa.Table:
        """Read one synthetic table as Arrow; the only one when there is no name."""
        import pyarrow.parquet as pq

        chosen = name or next(iter(self.tables))
        return pq.read_table(self.tables[chosen])

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        found: dict[str, Any] = {
            "name": self.name,
            "location": self.location,
            "rows": dict(self.rows),
            "copied": list(self.copied),
            "tables": {name: str(path) for name, path in self.tables.items()},
            "report": {name: str(path) for name, path in self.report_paths.items()},
            "scores": dict(self.scores),
            "timings": dict(self.timings),
            "settings_used": {k: dict(v) for k, v in self.settings_used.items()},
        }
        if self.generator_path:
            found["generator"] = str(self.generator_path)
        if self.report_fault:
            found["report_fault"] = self.report_fault
        return found
