"""A schema to check specs against, and all validators run over a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.findings import ConfigStep, Finding, Severity
from semblant.host import PluginHost
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.settings.structure import structure
from semblant.spec.components import fold
from semblant.spec.model import Spec

if TYPE_CHECKING:
    from collections.abc import Iterable

HOST = PluginHost(third_party=False)
I64, F64, STR, DATE, BOOL = pa.int64(), pa.float64(), pa.string(), pa.date32(), pa.bool_()


def table(
    name: str, columns: dict[str, pa.DataType], key: str = "", *foreign: ForeignKey, rows: int | None = None
) -> Table:
    listed = tuple(Column(name=column, type=kind) for column, kind in columns.items())
    return Table(name=name, columns=listed, primary_key=tuple(key.split()), foreign_keys=foreign, rows=rows)


def key(own: str, references: str, theirs: str = "id") -> ForeignKey:
    return ForeignKey(columns=tuple(own.split()), references=references, referenced_columns=tuple(theirs.split()))


PEOPLE = table(
    "people",
    {
        "id": I64,
        "name": STR,
        "city": STR,
        "age": I64,
        "height": F64,
        "born": DATE,
        "member": BOOL,
        "tags": pa.list_(STR),
        "country": I64,
    },
    "id",
    rows=1000,
)
COUNTRIES = table("countries", {"id": I64, "label": STR}, "id", rows=30)
ALONE = Schema(tables=(PEOPLE,))
LOOKUP = Schema(
    tables=(
        table("people", {c.name: c.type for c in PEOPLE.columns}, "id", key("country", "countries"), rows=1000),
        COUNTRIES,
    )
)
SHOP = Schema(
    tables=(
        table(
            "lines",
            {"order": I64, "line": I64, "product": STR, "amount": F64},
            "order line",
            key("order", "orders"),
            key("product", "products", "code"),
        ),
        table("orders", {"id": I64, "customer": I64, "placed": DATE}, "id", key("customer", "customers")),
        table("customers", {"id": I64, "name": STR, "city": STR}, "id", rows=500),
        table("products", {"code": STR, "price": F64}, "code"),
    )
)


def spec_of(data: dict[str, Any]) -> Spec:
    spec, faults = structure(Spec, fold({"source": {"type": "files", "path": "/data/a.csv"}, **data}))
    assert spec is not None, faults
    return spec


def check(
    data: dict[str, Any], schema: Schema = ALONE, validators: Iterable[str] | None = None, without: Iterable[str] = ()
) -> list[Finding]:
    """Give the findings of the named validators (of all when None), in the order of the steps."""
    spec = spec_of(data)
    chosen = [
        descriptor
        for name, descriptor in HOST.validators.items()
        if (validators is None or name in validators) and name not in without
    ]
    found = []
    for descriptor in sorted(chosen, key=lambda one: (list(ConfigStep).index(one.step), one.name)):
        for finding in descriptor.create().check(spec, schema):
            assert finding.step is descriptor.step
            assert finding.code in descriptor.capabilities["findings"] or finding.path.startswith("tables.")
            assert finding.path
            assert finding.message
            assert finding.fix
            found.append(finding)
    return found


def codes(found: Iterable[Finding], *severities: Severity) -> list[tuple[str, str]]:
    wanted = severities or (Severity.ERROR, Severity.WARNING)
    return [(finding.path, finding.code) for finding in found if finding.severity in wanted]
