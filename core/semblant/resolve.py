"""From a spec, a schema and what was detected to one plan per table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from semblant.graph import SchemaGraph
from semblant.pipeline.text_columns import is_text
from semblant.plan import TablePlan
from semblant.relations import LinkKind, links_of, not_learned
from semblant.settings import AUTO
from semblant.settings.path import join
from semblant.settings.structure import structure, unstructure
from semblant.spec.training import ModelSpec
from semblant.training import ColumnPlan
from semblant.vocabulary import ColumnTreatment, EncodingType, Role, TableTreatment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from semblant.detection.model import ColumnDetection, Detection
    from semblant.host import PluginHost
    from semblant.schema import Schema, Table
    from semblant.spec.constraints import Constraint
    from semblant.spec.model import Spec
    from semblant.spec.training import PrivacySpec


def treatment_of(spec: Spec, table: str) -> TableTreatment:
    """Give what becomes of a table."""
    return spec.table(table).treatment


def model_for(spec: Spec, table: str) -> ModelSpec:
    """Give the model settings of a table: its own above the defaults of the spec."""
    override = spec.table(table).model
    if not override:
        return spec.model
    merged = _merge(unstructure(spec.model), override)
    found, findings = structure(ModelSpec, merged, join(join("tables", table), "model"))
    if found is None or findings:
        from semblant.errors import ConfigError

        msg = f"the model settings of table '{table}' are wrong"
        raise ConfigError(msg, findings=findings)
    return found


def _merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in override.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merge(merged[name], value) if both else value
    return merged


def resolve(spec: Spec, schema: Schema, detection: Detection, host: PluginHost) -> tuple[TablePlan, ...]:
    """Give a plan per table of ``schema`` (excluded ones are gone already), parents first.

    The spec wins over what was detected, column by column.
    """
    originals = [table.name for table in schema if treatment_of(spec, table.name) is TableTreatment.ORIGINAL]
    order = SchemaGraph(schema, originals).order
    return tuple(_table_plan(spec, schema, name, detection, host, originals) for name in order)


def several_parts(spec: Spec, schema: Schema, originals: Collection[str]) -> bool:
    """Tell whether a job learns more than the rows of one table: then models share a budget."""
    made = [table for table in schema if table.name not in originals]
    texts = any(
        spec.column(table.name, column.name).encoding is EncodingType.TEXT for table in made for column in table.columns
    )
    return len(made) > 1 or texts


def _table_plan(
    spec: Spec, schema: Schema, name: str, detection: Detection, host: PluginHost, originals: list[str]
) -> TablePlan:
    table = schema.table(name)
    found = detection.tables[table.name].columns if table.name in detection.tables else {}
    treatment = treatment_of(spec, table.name)
    model = model_for(spec, table.name)
    copied = treatment is TableTreatment.ORIGINAL
    columns, several = len(table.columns), several_parts(spec, schema, originals)
    backend = (
        ""
        if copied
        else backend_name(host, model.backend, "tabular", privacy=spec.privacy, columns=columns, several=several)
    )
    links = () if copied else links_of(table, originals)
    if all(link.kind is LinkKind.LOOKUP for link in links) and not _conditions(host, backend):
        links = ()
    left_out = not_learned(table, originals) if links else frozenset()
    plans = tuple(
        _column_plan(spec, table, column.name, found.get(column.name), originals)
        for column in table.columns
        if not _engine_made(table, column.name) and column.name not in left_out
    )
    sensitive = {
        name: reason
        for name in table.column_names
        if (reason := _sensitive(spec, table.name, name, found.get(name))) is not None
    }
    return TablePlan(
        table=table,
        treatment=treatment,
        columns=() if copied else plans,
        links=links,
        content=tuple(evolve(plan, treatment=ColumnTreatment.KEEP) for plan in plans) if copied else (),
        model=model,
        rows=table.rows,
        records=table.rows if copied else None if spec.generation.records == AUTO else int(spec.generation.records),
        backend=backend,
        text_backend=backend_name(host, model.text.backend, "text", privacy=spec.privacy)
        if not copied and any(map(is_text, plans))
        else "",
        sensitive=sensitive,
        constraints=() if copied else _constraints(spec, table),
    )


def _constraints(spec: Spec, table: Table) -> tuple[Constraint, ...]:
    """Leave out what holds by itself: rows with a primary key of their own are unique."""
    made = [name for name in table.column_names if _engine_made(table, name)]
    return tuple(c for c in spec.table(table.name).constraints if not (c.unique and set(made) & set(c.columns)))


def _conditions(host: PluginHost, backend: str) -> bool:
    """Tell whether a backend learns rows given those that they look up."""
    known = host.models[backend].capabilities if backend in host.models else {}
    return bool(known.get("context") and known.get("lookups", True))


def _engine_made(table: Table, column: str) -> bool:
    """Tell whether the engine makes the column: a primary key of one column that is no foreign key."""
    return table.primary_key == (column,) and not any(column in key.columns for key in table.foreign_keys)


def _column_plan(
    spec: Spec, table: Table, name: str, found: ColumnDetection | None, originals: list[str]
) -> ColumnPlan:
    column, wanted = table.column(name), spec.column(table.name, name)
    encoding = EncodingType.CATEGORICAL if found is None else found.encoding
    reason = "no data were seen" if found is None else found.reason
    if wanted.encoding != AUTO:
        encoding, reason = EncodingType(wanted.encoding), "set in the spec"
    plan = ColumnPlan(
        name=name,
        type=column.type,
        encoding=encoding,
        reason=reason,
        treatment=wanted.treatment,
        sensitive=_sensitive(spec, table.name, name, found) is not None,
        rebalance=wanted.rebalance,
        options=wanted.options,
    )
    key = next((key for key in table.foreign_keys if name in key.columns), None)
    if key is not None and key.references in originals:
        reason = f"points to '{key.references}', whose rows are copied"
        return evolve(
            plan,
            encoding=EncodingType.CATEGORICAL,
            reason=reason,
            role=Role.FOREIGN_KEY,
            treatment=ColumnTreatment.KEEP,
        )
    return plan


def _sensitive(spec: Spec, table: str, column: str, found: ColumnDetection | None) -> str | None:
    """Give why a column is sensitive; None when it is not."""
    wanted = spec.column(table, column).sensitive
    if wanted == AUTO:
        return found.sensitive_reason if found is not None and found.sensitive else None
    return "set in the spec" if wanted else None


def backend_name(
    host: PluginHost,
    wanted: str,
    learns: str,
    *,
    privacy: PrivacySpec | None = None,
    columns: int = 0,
    several: bool = False,
) -> str:
    """Give the name of the model backend to use; for ``auto`` the available one that is preferred most.

    :param several: it has to share its budget with others.
    """
    if wanted != AUTO:
        return wanted
    every = [model for model in host.models.values() if model.learns == learns]
    if privacy is not None:
        every = [model for model in every if model.capabilities.get("privacy")]
        every = [model for model in every if not several or model.capabilities.get("private_parts")]
    fitting = [model for model in every if not model.missing()]
    if fitting and privacy is not None:
        return max(fitting, key=lambda m: (m.suitability(privacy, columns), m.preference, m.name)).name
    if fitting:
        return max(fitting, key=lambda model: (model.preference, model.name)).name
    if every:
        host.get("model", every[0].name)  # raises with the pip line
    from semblant.errors import UnknownComponentError

    msg = f"no model backend for {learns} columns is installed"
    raise UnknownComponentError(msg, fix="pip install 'semblant[models]'")
