"""Step *treatment*: what is to become of a column is possible and stands where it has an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.relations import not_learned
from semblant.settings import AUTO
from semblant.settings.path import dotted, join
from semblant.vocabulary import ColumnTreatment, EncodingType
from semblant_validators.codes import finding
from semblant_validators.options import check_options
from semblant_validators.types import FITTING, fits, fitting, may_rebalance
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Column, Schema, Table
    from semblant.spec.model import ColumnSpec, Spec

_REBALANCED = (
    EncodingType.CATEGORICAL,
    EncodingType.BOOLEAN,
    EncodingType.NUMBER,
    EncodingType.INTEGER,
    EncodingType.DATE,
    EncodingType.DATETIME,
)


@frozen
class TreatmentValidator:
    """Encodings fit types, rebalancing has categories, sensitive columns that come out are told."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        view = View(spec, schema)
        found: list[Finding] = []
        for table, column, wanted, path in view.named_columns():
            if not view.is_used(table.name, column.name):
                if wanted.rebalance:
                    what = "column" if view.is_used(table.name) else f"table '{table.name}' with column"
                    message = f"{what} '{column.name}' is excluded and cannot be rebalanced"
                    found.append(
                        finding(
                            "rebalance-excluded", join(path, "rebalance"), message, "include it, or remove rebalance"
                        )
                    )
            elif table.name in view.originals:
                found += _copied(table, column, wanted, path)
            elif role := _key_of(view, table.name, column.name):
                found += _in_key(column, wanted, path, role)
            else:
                found += _encoding(column, wanted, path)
                found += _rebalance(column, wanted, path)
                found += _kept(table, column, wanted, path)
                found += check_options(view, table, column, wanted, path)
        return found


def _copied(table: Table, column: Column, wanted: ColumnSpec, path: str) -> Iterator[Finding]:
    misplaced = {
        "encoding": wanted.encoding != AUTO,
        "treatment": wanted.treatment is not ColumnTreatment.SYNTHESIZE,
        "rebalance": wanted.rebalance,
        "options": bool(wanted.options),
    }
    for key, given in misplaced.items():
        if given:
            message = (
                f"'{table.name}' is original data and copied unchanged; '{key}' has no place on column '{column.name}'"
            )
            fix = f"remove it, or write {dotted('tables', table.name, 'treatment')}: synthesize"
            yield finding("original-has-settings", join(path, key), message, fix)
    if wanted.sensitive is True:
        message = (
            f"every value of the sensitive column '{column.name}' comes out, because '{table.name}' is copied unchanged"
        )
        fix = f"exclude the column, or write {dotted('tables', table.name, 'treatment')}: synthesize"
        yield finding("sensitive-copied", join(path, "sensitive"), message, fix)


def _key_of(view: View, table: str, column: str) -> str | None:
    """Say of which key a column is part, where that decides what becomes of it."""
    used = view.used.table(table)
    if used.primary_key == (column,):
        return "the primary key"
    if column not in not_learned(used, view.originals):
        return None
    key = next((key for key in used.foreign_keys if column in key.columns), None)
    return f"the foreign key to '{key.references}'" if key is not None else None


def _in_key(column: Column, wanted: ColumnSpec, path: str, role: str) -> Iterator[Finding]:
    misplaced = {
        "encoding": wanted.encoding not in (AUTO, EncodingType.IDENTIFIER),
        "treatment": wanted.treatment is not ColumnTreatment.SYNTHESIZE,
        "rebalance": wanted.rebalance,
        "options": bool(wanted.options),
    }
    for key, given in misplaced.items():
        if given:
            message = f"column '{column.name}' is {role}, '{key}' has no place there"
            yield finding("key-has-settings", join(path, key), message, "remove it, or unset the key")


def _encoding(column: Column, wanted: ColumnSpec, path: str) -> Iterator[Finding]:
    if wanted.encoding != AUTO and not fits(EncodingType(wanted.encoding), column.type):
        needs = FITTING[EncodingType(wanted.encoding)][1]
        message = f"column '{column.name}' is of type {column.type}; encoding '{wanted.encoding}' is for {needs}"
        possible = ", ".join(fitting(column.type)) or "none; exclude the column"
        yield finding("encoding-impossible", join(path, "encoding"), message, f"write auto, or one of: {possible}")


def _rebalance(column: Column, wanted: ColumnSpec, path: str) -> Iterator[Finding]:
    if not wanted.rebalance:
        return
    here = join(path, "rebalance")
    if wanted.encoding != AUTO:
        if wanted.encoding not in _REBALANCED:
            message = f"column '{column.name}' has the encoding '{wanted.encoding}', whose values have no shares"
            yield finding("rebalance-impossible", here, message, "write encoding: categorical, or remove rebalance")
    elif not may_rebalance(column.type):
        message = f"column '{column.name}' is of type {column.type}, whose values have no shares"
        yield finding(
            "rebalance-impossible", here, message, "write encoding: categorical beside it, or remove rebalance"
        )


def _kept(table: Table, column: Column, wanted: ColumnSpec, path: str) -> Iterator[Finding]:
    if wanted.treatment is ColumnTreatment.KEEP and wanted.sensitive is True:
        message = (
            f"sensitive and not synthesized: any real value of '{table.name}.{column.name}' may come out as it is, "
            "rare ones and extremes, held by a single person, included"
        )
        fix = "write treatment: synthesize, or exclude the column; leave it so if you may publish the values"
        yield finding("sensitive-kept", join(path, "treatment"), message, fix)
