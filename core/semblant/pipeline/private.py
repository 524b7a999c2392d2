"""What a private run does in place of looking at the data: it goes by types and by what the spec declares.

Names and types of columns and declared keys are facts of the schema, taken for public. Everything else that an ordinary
run finds in the rows (encodings, forms of keys, personal columns, numbers of rows, splits) is withheld, or released by
the backend through the account.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve

from semblant.detection.model import ColumnDetection, Detection, TableDetection
from semblant.pipeline.keys import IntegerKey, SequentialKey, UuidKey
from semblant.pipeline.text_columns import is_text
from semblant.privacy import Part
from semblant.schema import Schema
from semblant.spec.training import ModelSpec, PrivacySpec
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from semblant.host import PluginHost
    from semblant.pipeline.keys import KeyForm
    from semblant.plan import Plan, TablePlan
    from semblant.run import Run

_ENTROPY = "entropy"
_REASON = "by its type: a private run does not look at values to choose"


def declared(schema: Schema) -> Detection:
    """Give what is proposed for a source without reading a row of it.

    >>> from semblant.schema import Column, Table
    >>> table = Table(name="people", columns=(Column(name="age", type=pa.int64()),), rows=12)
    >>> found = declared(Schema(tables=(table,)))
    >>> str(found.tables["people"].columns["age"].encoding), found.schema.table("people").rows
    ('integer', None)
    """
    tables = tuple(evolve(table, rows=None, notes=()) for table in schema)
    found = {
        table.name: TableDetection(
            columns={c.name: ColumnDetection(encoding=by_type(c.type), reason=_REASON) for c in table.columns},
            complete=False,
        )
        for table in tables
    }
    return Detection(schema=Schema(tables=tables), tables=found)


def by_type(kind: pa.DataType) -> EncodingType:
    """Give the encoding of a column of which only the type is known.

    >>> str(by_type(pa.string())), str(by_type(pa.decimal128(9, 2)))
    ('categorical', 'number')
    """
    if pa.types.is_dictionary(kind):
        return EncodingType.CATEGORICAL
    tests = (
        (pa.types.is_boolean, EncodingType.BOOLEAN),
        (pa.types.is_integer, EncodingType.INTEGER),
        (pa.types.is_floating, EncodingType.NUMBER),
        (pa.types.is_decimal, EncodingType.NUMBER),
        (pa.types.is_date, EncodingType.DATE),
        (pa.types.is_timestamp, EncodingType.DATETIME),
        (pa.types.is_time, EncodingType.TIME),
        (pa.types.is_duration, EncodingType.DURATION),
        (pa.types.is_struct, EncodingType.STRUCT),
        (pa.types.is_list, EncodingType.LIST),
        (pa.types.is_large_list, EncodingType.LIST),
        (pa.types.is_binary, EncodingType.BINARY),
        (pa.types.is_large_binary, EncodingType.BINARY),
        (pa.types.is_fixed_size_binary, EncodingType.BINARY),
    )
    return next((encoding for test, encoding in tests if test(kind)), EncodingType.CATEGORICAL)


def parts_of(plan: Plan) -> list[Part]:
    """Give what a job learns, in order: the rows of each table, then its texts."""
    parts = []
    for table in plan.tables:
        if not table.copied:
            parts.append(Part(table=table.name, columns=max(len(table.columns), 1)))
            if table.text_backend:
                parts.append(Part(table=table.name, columns=sum(map(is_text, table.columns)), text=True))
    return parts


def composing(host: PluginHost) -> Callable[[Sequence[Any], float], float | None]:
    """Give what composes the charges of several private jobs; nothing can where no private backend is installed."""
    able = [model for model in host.models.values() if model.account and not model.missing()]
    if not able:
        return lambda *_: None
    return able[0].open_account(PrivacySpec(epsilon=1.0), ModelSpec()).together


def private_key(plan: TablePlan, run: Run) -> KeyForm | None:
    """Give a form for the key that the engine makes, by its type alone."""
    made = engine_made_key(plan)
    if made is None:
        return None
    run.privacy.withhold(f"the form of the keys '{plan.name}.{made}': keys are counted from 1, or drawn as UUIDs")
    kind = plan.table.column(made).type
    if pa.types.is_integer(kind):
        return SequentialKey(1)
    return UuidKey() if not pa.types.is_floating(kind) else IntegerKey(9)


def engine_made_key(plan: TablePlan) -> str | None:
    """Give the column that the engine makes, or None."""
    learned = {column.name for column in plan.columns}
    referring = {name for key in plan.table.foreign_keys for name in key.columns}
    left = [name for name in plan.table.primary_key if name not in learned]
    return left[0] if len(left) == 1 and left[0] not in referring else None


def secret_seed(workspace: Path) -> int:
    """Give the 63 bits that a private job draws its ordinary random choices from: the same when it is resumed.

    They decide which rows are kept back for the report, and stay in the job's own folder.
    """
    path = workspace / _ENTROPY
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(str(secrets.randbits(63)), encoding="utf-8")
    return int(path.read_text(encoding="utf-8"))
