"""Step *model*: settings of the training go together, at the top and per table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from semblant.findings import ConfigStep
from semblant.settings import AUTO
from semblant.settings.path import dotted, join
from semblant.settings.structure import structure, unstructure
from semblant.spec.training import ModelSpec, TextModelSpec, TrainingSettings
from semblant_validators.codes import finding
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema, Table
    from semblant.spec.model import Spec


@frozen
class ModelValidator:
    """Learning rate, batches and text settings have an effect; what tables override is sound."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        view = View(spec, schema)
        found = [*_contradictions(spec.model, "model"), *_contradictions(spec.model.text, "model.text")]
        told = {item.path for item in found}
        for name, wanted in spec.tables.items():
            if wanted.model:
                found += [item for item in _override(view, name, wanted.model) if _at_top(item.path, name) not in told]
        for table in view.synthesized:
            found += _batches(view, table)
        if spec.model.text != TextModelSpec() and not view.may_have_text:
            message = "the text settings have no effect: no column that is synthesized could be text"
            fix = "remove them, or write encoding: text on a column of texts"
            found.append(finding("text-settings-unused", "model.text", message, fix))
        return found


def _batches(view: View, table: Table) -> Iterator[Finding]:
    """Say which batches the table cannot fill; training takes what there is then."""
    override = view.spec.table(table.name).model
    model, faults = structure(ModelSpec, merged(unstructure(view.spec.model), override), "model")
    if model is None or faults or table.rows is None or model.auto_batching:
        return
    rows = max(round(table.rows * (1 - model.validation_fraction)), 1)
    path = join(dotted("tables", table.name), "model") if "batch_size" in override else "model"
    batch = 1 if model.batch_size == AUTO else int(model.batch_size)
    if batch > rows:
        message = f"a batch of {batch:,} rows is larger than the about {rows:,} training rows of '{table.name}'"
        fix = f"write a size up to {rows}; as it is, all of them make one batch"
        yield finding("batch-beyond-table", join(path, "batch_size"), message, fix)
    added = 1 if model.gradient_accumulation == AUTO else int(model.gradient_accumulation)
    if added > 1 and added * min(batch, rows) > rows:
        path = join(dotted("tables", table.name), "model") if "gradient_accumulation" in override else "model"
        most = max(rows // min(batch, rows), 1)
        message = (
            f"{added} batches of {min(batch, rows):,} rows are to be added up, "
            f"but '{table.name}' has about {rows:,} training rows"
        )
        fix = f"write a number up to {most}, or a smaller batch; as it is, {most} will be added up"
        yield finding("accumulation-beyond-table", join(path, "gradient_accumulation"), message, fix)


def _at_top(path: str, table: str) -> str:
    """Give the place at the top of what a table has inherited."""
    return path.removeprefix(dotted("tables", table) + ".")


def _override(view: View, name: str, override: Mapping[str, Any]) -> Iterator[Finding]:
    path = join(dotted("tables", name), "model")
    if view.is_original(name):
        message = f"'{name}' is original data and copied unchanged; it has no model"
        yield finding("original-has-model", path, message, "remove the section, or write treatment: synthesize")
        return
    model, faults = structure(ModelSpec, merged(unstructure(view.spec.model), override), path)
    yield from (evolve(fault, step=ConfigStep.MODEL) for fault in faults)
    if model is not None:
        yield from _contradictions(model, path)
        yield from _contradictions(model.text, join(path, "text"))


def merged(defaults: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, section by section.

    >>> merged({"size": "small", "text": {"size": "small"}}, {"text": {"max_epochs": 3}})
    {'size': 'small', 'text': {'size': 'small', 'max_epochs': 3}}
    """
    made = dict(defaults)
    for key, value in override.items():
        below = made.get(key)
        made[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return made


def _contradictions(wanted: TrainingSettings, path: str) -> Iterator[Finding]:
    if wanted.learning_rate != AUTO and wanted.adaptive_learning_rate:
        message = f"a learning rate of {wanted.learning_rate} is given, but the rate is adaptive"
        fix = f"write {join(path, 'adaptive_learning_rate')}: false, or remove the learning rate"
        yield finding("learning-rate-adaptive", join(path, "learning_rate"), message, fix)
    if not wanted.auto_batching:
        return
    by_hand = f"write {join(path, 'auto_batching')}: false, or remove it"
    if wanted.batch_size != AUTO:
        message = f"a batch size of {wanted.batch_size} is given, but batching is automatic"
        yield finding("batch-size-automatic", join(path, "batch_size"), message, by_hand)
    if wanted.gradient_accumulation != AUTO:
        message = f"{wanted.gradient_accumulation} batches are to be added up, but batching is automatic"
        yield finding("accumulation-automatic", join(path, "gradient_accumulation"), message, by_hand)
