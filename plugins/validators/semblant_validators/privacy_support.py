"""Step *model*, differential privacy: what a private run cannot do is refused with a reason, never weakened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from attrs import fields_dict, frozen

from semblant.settings import AUTO
from semblant.settings.path import dotted, join
from semblant.spec.training import ModelSpec
from semblant.vocabulary import ColumnTreatment, EncodingType
from semblant_validators.codes import finding
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Column, Schema, Table
    from semblant.spec.model import Spec
    from semblant.spec.training import PrivacySpec, PublicColumn

_UNUSED: Final = {
    "max_epochs": "the number of steps is fixed before the first: 'privacy.steps' sets it",
    "max_minutes": "a clock would make the number of steps, and so epsilon, depend on the data",
    "stopped_at_step": "the number of steps is fixed before the first: 'privacy.steps' sets it",
    "validation_fraction": "all rows train, none validates",
    "steps_between_validations": "nothing is validated: a loss would have to be paid for",
    "early_stop_delta": "nothing stops early: a loss would have to be paid for",
    "flexible_generation": "any-order training is not private yet",
}


@frozen
class PrivacySupportValidator:
    """Columns, settings and declared facts are such as a private run can keep its promise with."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings; none when the spec asks for no privacy."""
        if spec.privacy is None:
            return []
        view = View(spec, schema)
        found = [*_unused(spec.model), *_total(spec.privacy), *_alone(view), *_declared(view, spec.privacy)]
        for table in view.synthesized:
            found += _overridden(table.name, spec.table(table.name).model)
            if spec.table(table.name).constraints:
                message = (
                    f"constraints of '{table.name}' are kept by looking at its rows, which would have to be paid for"
                )
                path = dotted("tables", table.name, "constraints")
                found.append(finding("privacy-constraints", path, message, "remove them"))
            for column in table.columns:
                if column.name not in table.primary_key:
                    found += _column(view, table, column)
        return found


def _column(view: View, table: Table, column: Column) -> Iterator[Finding]:
    wanted = view.spec.column(table.name, column.name)
    path = dotted("tables", table.name, "columns", column.name)
    name = f"column '{column.name}' of '{table.name}'"
    exclude = "exclude it (include: false)"
    if not learnable(column.type):
        message = f"{name} holds {column.type}, which cannot be learned privately"
        yield finding("privacy-column", path, message, exclude)
    elif wanted.encoding not in {AUTO, EncodingType.TEXT}:
        message = f"{name} has an encoding set by hand; a private run goes by the type ({column.type})"
        yield finding("privacy-encoding", join(path, "encoding"), message, "write encoding: auto, or text")
    if wanted.treatment is ColumnTreatment.KEEP:
        message = f"{name} is to be kept: then any real value may come out, which no epsilon allows"
        fix = "write treatment: synthesize; values that everybody knows stand under 'privacy.public'"
        yield finding("privacy-column", join(path, "treatment"), message, fix)
    for option in wanted.options:
        message = f"{name} has the option '{option}', which private preprocessing does not know"
        yield finding("privacy-column", join(join(path, "options"), option), message, "remove it")


def learnable(kind: pa.DataType) -> bool:
    """Tell whether private preprocessing knows a type: everything but what is nested or binary.

    >>> learnable(pa.int64()), learnable(pa.list_(pa.int64())), learnable(pa.binary())
    (True, False, False)
    """
    binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return not (pa.types.is_nested(kind) or binary or isinstance(kind, pa.BaseExtensionType))


def _unused(model: ModelSpec) -> Iterator[Finding]:
    for name, reason in _UNUSED.items():
        if getattr(model, name) != fields_dict(ModelSpec)[name].default:
            yield _no_place(join("model", name), reason)


def _overridden(table: str, override: Mapping[str, Any]) -> Iterator[Finding]:
    for name, value in override.items():
        if name in _UNUSED and value != fields_dict(ModelSpec)[name].default:
            yield _no_place(join(join(dotted("tables", table), "model"), name), _UNUSED[name])


def _no_place(path: str, reason: str) -> Finding:
    return finding("privacy-setting-unused", path, f"with privacy {reason}", "remove the setting")


def _alone(view: View) -> Iterator[Finding]:
    names = [table.name for table in view.synthesized]
    if len(names) == 1 and view.spec.privacy is not None and view.spec.privacy.rows_per_subject is not None:
        message = f"rows per subject are limited, but '{names[0]}' is alone: each of its rows is a subject"
        yield finding("privacy-setting-unused", "privacy.rows_per_subject", message, "remove the setting")


def _total(privacy: PrivacySpec) -> Iterator[Finding]:
    if privacy.epsilon is None and privacy.total_epsilon is not None:
        message = "all jobs may spend a total, but this job does not say its epsilon beforehand"
        yield finding("privacy-total", "privacy.total_epsilon", message, "write privacy.epsilon, or remove the total")
    if privacy.epsilon is not None and privacy.total_epsilon is not None and privacy.epsilon > privacy.total_epsilon:
        message = f"epsilon {privacy.epsilon:g} is more than the {privacy.total_epsilon:g} that all jobs may spend"
        yield finding("privacy-total", "privacy.total_epsilon", message, "lower epsilon, or raise the total")


def _declared(view: View, privacy: PrivacySpec) -> Iterator[Finding]:
    for name, columns in privacy.public.items():
        at = dotted("privacy", "public", name)
        if not view.is_used(name) or name in view.originals:
            message = f"facts are declared of '{name}', which is no table that is synthesized"
            yield finding("privacy-public", at, message, "name a table that is synthesized")
            continue
        table = view.used.table(name)
        for column, facts in columns.items():
            path = join(at, column)
            if column not in table.column_names:
                message = f"facts are declared of '{column}', which is no column of '{name}'"
                yield finding("privacy-public", path, message, f"name one of: {', '.join(table.column_names)}")
            else:
                yield from _facts(table.column(column), facts, path)


def _facts(column: Column, facts: PublicColumn, path: str) -> Iterator[Finding]:
    kind = column.type
    if (facts.low is None) != (facts.high is None):
        message = f"the range of '{column.name}' has one end only"
        yield finding("privacy-public", path, message, "write both low and high")
        return
    for name, values in (("values", facts.values), ("low", [facts.low]), ("high", [facts.high])):
        try:
            array = pa.array(list(values or []), kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as exc:
            message = f"{name} of '{column.name}' is no {kind}: {exc}"
            yield finding("privacy-public", join(path, name), message, f"write values of type {kind}")
            return
        if name == "values" and facts.values is not None and (not len(array) or len(array.unique()) < len(array)):
            message = f"the values of '{column.name}' are none, or one stands there twice"
            yield finding("privacy-public", join(path, name), message, "list every value once")
    if facts.low is not None:
        number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        if not number:
            message = f"a range is declared of '{column.name}', which holds {kind}"
            yield finding("privacy-public", path, message, "ranges are for numbers; list the values, or remove it")
        elif facts.low >= facts.high:
            message = f"the range of '{column.name}' runs from {facts.low} to {facts.high}"
            yield finding("privacy-public", path, message, "write the lower end as low")
