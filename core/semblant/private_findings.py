"""Findings of a private job that hang on the installed models: which of them keep a budget, and share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.findings import ConfigStep, Finding, Severity
from semblant.resolve import several_parts
from semblant.settings import AUTO
from semblant.settings.path import join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.host import PluginHost
    from semblant.plan import TablePlan
    from semblant.schema import Schema
    from semblant.spec.model import Spec


def private_findings(spec: Spec, schema: Schema, tables: Sequence[TablePlan], host: PluginHost) -> list[Finding]:
    """Give all of them; none when the spec asks for no privacy."""
    return [*_not_private(spec, tables, host), *_not_shared(spec, schema, tables, host)]


def _not_private(spec: Spec, tables: Sequence[TablePlan], host: PluginHost) -> list[Finding]:
    """Find the tables of a private job whose backend keeps no budget."""
    if spec.privacy is None:
        return []
    able = sorted(name for name, model in host.models.items() if model.capabilities.get("privacy"))
    steps = ("noise_multiplier", "steps", "max_gradient_norm", "max_physical_batch_size")
    given = [name for name in steps if getattr(spec.privacy, name) not in {None, AUTO}]
    return [
        Finding(
            severity=Severity.ERROR,
            path=join("privacy", name),
            code="privacy-no-steps",
            message=f"{name} is given, but the model '{table.backend}' does not train in steps",
            fix="remove it, or leave model.backend to auto",
            step=ConfigStep.MODEL,
        )
        for table in tables
        for name in given
        if table.backend in able and not host.models[table.backend].capabilities.get("private_steps")
    ] + [
        Finding(
            severity=Severity.ERROR,
            path=path,
            code="privacy-backend",
            message=f"the model '{backend}' of table '{table.name}' keeps no privacy budget",
            fix=f"write {path}: auto, or one of: {', '.join(able) or 'none is installed'}",
            step=ConfigStep.MODEL,
        )
        for table in tables
        for path, backend in (("model.backend", table.backend), ("model.text.backend", table.text_backend))
        if backend and backend not in able
    ]


def _not_shared(spec: Spec, schema: Schema, tables: Sequence[TablePlan], host: PluginHost) -> list[Finding]:
    """Find the models of a private job that would need the whole budget although others need some of it."""
    originals = [table.name for table in tables if table.copied]
    if spec.privacy is None or not several_parts(spec, schema, originals):
        return []
    able = sorted(name for name, model in host.models.items() if model.capabilities.get("private_parts"))
    return [
        Finding(
            severity=Severity.ERROR,
            path="model.backend",
            code="privacy-backend",
            message=f"the model '{table.backend}' of table '{table.name}' cannot share a privacy budget with others",
            fix=f"write model.backend: auto, or one of: {', '.join(able) or 'none is installed'}",
            step=ConfigStep.MODEL,
        )
        for table in tables
        if table.backend in host.models
        and host.models[table.backend].capabilities.get("privacy")
        and table.backend not in able
    ]
