"""Measure all sections of a report and write it in the wanted formats."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from semblant.errors import Cancelled, ConfigError, MissingDependencyError
from semblant.report.document import ReportDocument, SectionResult
from semblant.settings import AUTO
from semblant.settings.structure import structure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from semblant.components import Component, SectionType
    from semblant.host import PluginHost
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run


_LACKING = {
    "holdout": "there is no holdout",
    "history": "nothing is known of a training",
    "model": "there is no model",
    "spec": "there is no spec",
    "privacy": "the generator was not trained with differential privacy",
    "relations": "no table has a foreign key to another",
    "constraints": "no constraints are declared",
}
NOT_COVERED = "this report was measured on the training rows, epsilon does not cover it: do not publish it"


def measure(
    host: PluginHost,
    inputs: ReportInputs,
    run: Run,
    *,
    sections: Sequence[str] | str = AUTO,
    facts: Mapping[str, str] | None = None,
    version: str = "",
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> ReportDocument:
    """Run every section that can be made; a section that fails is left out with its reason, the others stay.

    :param settings: of the sections that have any, by name.
    """
    chosen = _chosen(host, sections)
    results: list[SectionResult] = []
    # sections share measurements: with the summary last each one's time is its own, and the time left can be told
    for number, section in enumerate(reversed(chosen)):
        results.insert(0, _section(section, inputs, run, settings or {}))
        run.progress(number + 1, len(chosen), "sections")
    told = dict(facts or {})
    if inputs.privacy is not None and inputs.privacy.private:
        told["privacy"] = NOT_COVERED
    return ReportDocument(
        title=inputs.title,
        subtitle="quality report of synthetic data",
        version=version,
        facts=told,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        sections=results,
    )


def render(
    host: PluginHost,
    report: ReportDocument,
    formats: Sequence[str],
    folder: Path,
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Path]:
    """Write ``report.<suffix>`` per format into ``folder``; gives the paths.

    :param settings: of the formats that have any, by name.
    """
    paths = {}
    for name in formats:
        renderer = host.get("renderer", name)
        path = folder / f"report.{renderer.suffix.lstrip('.')}"
        _made(renderer, settings or {}).render(report, path)
        paths[name] = path
    return paths


def scores(report: ReportDocument) -> dict[str, float]:
    """Collect the headline figures that sections offer under ``scores``."""
    found: dict[str, float] = {}
    for section in report.sections:
        for name, value in dict(section.figures.get("scores", {})).items():
            if isinstance(value, int | float):
                found[str(name)] = float(value)
    return found


def _chosen(host: PluginHost, names: Sequence[str] | str) -> list[SectionType]:
    if names == AUTO:
        return sorted(host.sections.values(), key=lambda section: (section.order, section.name))
    return [host.get("section", name) for name in names]


def _made(component: Component, settings: Mapping[str, Mapping[str, Any]]) -> Any:
    """Make a section or renderer with its own settings."""
    own, findings = structure(component.settings, settings.get(component.name, {}), f"report.settings.{component.name}")
    if findings:
        msg = f"the settings of '{component.name}' are wrong"
        raise ConfigError(msg, findings=findings)
    return component.create(own)


def _section(
    section: SectionType, inputs: ReportInputs, run: Run, settings: Mapping[str, Mapping[str, Any]]
) -> SectionResult:
    title = section.title or section.name
    reason = _lacking(section, inputs)
    if not reason:
        try:
            maker = _made(section, settings)
            figures = maker.measure(inputs, run)
            return SectionResult(name=section.name, title=title, figures=figures, blocks=maker.render(figures))
        except (Cancelled, KeyboardInterrupt, ConfigError):
            raise
        except MissingDependencyError as exc:
            reason = str(exc)
        except Exception as exc:  # noqa: BLE001 - a section, perhaps a stranger's, must not cost the others
            reason = f"it failed with {type(exc).__name__}: {exc}"
            run.notice(f"the report section '{section.name}' was left out: {reason}", warning=True)
    return SectionResult(name=section.name, title=title, left_out=reason)


def _lacking(section: SectionType, inputs: ReportInputs) -> str:
    """Give what a section needs and the inputs do not have."""
    have = {
        "holdout": inputs.holdout is not None,
        "history": bool(inputs.history),
        "model": bool(inputs.models),
        "spec": inputs.spec is not None,
        "privacy": inputs.privacy is not None and inputs.privacy.private,
        "relations": any(table.foreign_keys for table in inputs.original.schema),
        "constraints": any(
            table.get("constraints") for table in dict((inputs.spec or {}).get("tables") or {}).values()
        ),
    }
    lacking = [need for need in section.needs if not have.get(need, False)]
    if "holdout" in lacking and inputs.holdout_reason:
        return f"there is no holdout: {inputs.holdout_reason}"
    return "; ".join(_LACKING.get(need, f"it needs '{need}', which this report does not have") for need in lacking)
