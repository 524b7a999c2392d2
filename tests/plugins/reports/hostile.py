"""A table of every Arrow type, with names that break what is careless."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pyarrow as pa

NAMES = (
    "a_very_long_column_name_" + "that_goes_on_and_on_" * 8,
    "اسم العميل الكامل",
    "שם הלקוח (2024)",
    "顧客の名前と住所",
    "emoji 😀🎉 column",
    "ยอดขาย हिन्दी",
    "line\nbreak\ttab\x00nul",
    "",
    "<script>alert('1')</script> & \"quotes\" \\ {x} ${y}",
)


def hostile(rows: int, seed: int) -> pa.Table:
    """Make ``rows`` rows; the same seed gives the same table."""
    rng = np.random.default_rng(seed)

    def pick(values: list[Any]) -> list[Any]:
        return [values[place] for place in rng.integers(0, len(values), rows)]

    def whole(low: int, high: int) -> list[int]:
        return [int(value) for value in rng.integers(low, high, rows)]

    named = (
        rng.normal(size=rows),
        pick(["القاهرة", "دمشق"]),
        whole(0, 1000),
        pick(["東京", "大阪"]),
        pick(["👍", "👎", "🤷‍♀️"]),
        pick(["क्षेत्र", "दिल्ली"]),
        pick([True, False]),
        whole(0, 5),
        pick(["</svg>", '"a"', "${datum.x}", "\\n", "\x07"]),
    )
    columns: dict[str, Any] = dict(zip(NAMES, named, strict=True))
    columns |= {
        "all null": pa.nulls(rows),
        "constant": ["x"] * rows,
        "date": [dt.date(2020, 1, 1) + dt.timedelta(days=days) for days in whole(0, 2000)],
        "zoned": pa.array(whole(0, 10**15), pa.timestamp("us", "Europe/Berlin")),
        "nanoseconds": pa.array(whole(0, 10**17), pa.timestamp("ns")),
        "clock": pa.array(whole(0, 86_400_000), pa.time32("ms")),
        "duration": pa.array(whole(0, 10**10), pa.duration("us")),
        "decimal": pa.array([decimal.Decimal(cents) / 100 for cents in whole(0, 10**6)], pa.decimal128(20, 2)),
        "wide decimal": pa.array([decimal.Decimal(cents) for cents in whole(0, 10**6)], pa.decimal256(60, 0)),
        "half": pa.array(rng.random(rows).astype(np.float16)),
        "huge": whole(2**62, 2**63 - 1),
        "unsigned": pa.array([2 * value for value in whole(0, 2**62)], pa.uint64()),
        "not finite": pa.array(
            np.where(rng.random(rows) < 0.2, np.nan, np.where(rng.random(rows) < 0.1, np.inf, 1e300))
        ),
        "list": pa.array([list(range(length)) for length in whole(0, 6)], pa.list_(pa.int64())),
        "struct": pa.array(
            [{"x": value, "y": {"z": "q" if value % 2 else None}} for value in whole(0, 6)],
            pa.struct([("x", pa.int64()), ("y", pa.struct([("z", pa.string())]))]),
        ),
        "map": pa.array([[("k", value)] for value in whole(0, 6)], pa.map_(pa.string(), pa.int64())),
        "binary": pa.array([b"x" * length for length in whole(0, 60)], pa.binary()),
        "fixed": pa.array([b"abcd"] * rows, pa.binary(4)),
        "dictionary": pa.array(pick(["u", "v", "w"]), pa.string()).dictionary_encode(),
        "text": pa.array(
            [" ".join(["lorem"] * length) + f" {length * 7919 + place}" for place, length in enumerate(whole(0, 30))],
            pa.string(),
        ),
        "code": pa.array([f"ID-{number:09d}" for number in whole(0, 10**9)], pa.string()),
        "large string": pa.array(pick(["AA", "BB"]), pa.large_string()),
        "view": pa.array(pick(["AA", "BB"]), pa.string_view()),
        "interval": pa.array([(1, days, 3) for days in whole(0, 5)], pa.month_day_nano_interval()),
        "often empty": pa.array(pick(["", "", "a", None]), pa.string()),
    }
    return pa.table(columns)
