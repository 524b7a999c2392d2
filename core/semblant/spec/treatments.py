"""The reference of treatments: what can be done with each table, and with a column of each type."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from semblant.fitting import fitting, may_rebalance

_TABLES: Final = (
    ("`synthesize`", "any table", "rows are learned and made anew; columns are treated as below"),
    (
        "`original`",
        "a lookup table that a foreign key points to",
        "every row and value comes out unchanged; no column has an encoding, treatment, option or rebalancing",
    ),
)
_TYPES: Final[tuple[tuple[str, pa.DataType], ...]] = (
    ("text", pa.string()),
    ("boolean", pa.bool_()),
    ("whole number", pa.int64()),
    ("floating-point number", pa.float64()),
    ("decimal number", pa.decimal128(10, 2)),
    ("date", pa.date32()),
    ("date and time, with or without a zone", pa.timestamp("us")),
    ("time of day", pa.time64("us")),
    ("duration", pa.duration("us")),
    ("list, map", pa.list_(pa.int64())),
    ("struct", pa.struct([("a", pa.int64())])),
    ("bytes", pa.binary()),
)
_NOT_LEARNED: Final = frozenset({"binary"})
_COLUMNS: Final = (
    (
        "`synthesize`",
        "any column that is no key",
        "learned and made anew; values and extremes of few subjects never come out",
    ),
    (
        "`keep`",
        "any column that is no key",
        "learned, but every real value may come out, those of a single subject included",
    ),
    (
        "`rebalance: true`",
        "categorical and boolean columns",
        "learned first, so that its shares can be set when rows are generated",
    ),
    (
        "`encoding: text`",
        "texts",
        "written by a text model; the table's model learns whether there is a text, and its length",
    ),
    ("`include: false`", "any column", "never read, trained on, reported or written"),
)


def treatments_reference() -> list[str]:
    """Write the treatments per table and column, and what goes with which type.

    >>> any("`original`" in line for line in treatments_reference())
    True
    """
    lines = ["", "## Treatments of tables", "", "`tables.TABLE.treatment`; a misplaced one is a finding.", ""]
    lines += ["| treatment | for | what comes out |", "|---|---|---|"]
    lines += [f"| {name} | {where} | {what} |" for name, where, what in _TABLES]
    lines += [
        "",
        "## Treatments of columns",
        "",
        "The values of a key are made from the key: it has none of these.",
        "",
    ]
    lines += ["| setting | for | what comes out |", "|---|---|---|"]
    lines += [f"| {name} | {where} | {what} |" for name, where, what in _COLUMNS]
    lines += ["", "## Treatments by type", "", "What a column of a type can have; another encoding is a finding.", ""]
    lines += ["| type | encodings | treatments | rebalance, when auto |", "|---|---|---|---|"]
    for words, kind in _TYPES:
        named = [name for name in fitting(kind) if name not in _NOT_LEARNED]
        learned = "`synthesize`, `keep`" if words != "bytes" else "`include: false`, unless the encoding is set"
        able = "possible" if may_rebalance(kind) else "no"
        lines.append(f"| {words} | {', '.join(f'`{name}`' for name in named)} | {learned} | {able} |")
    return lines
