"""Columns that belong together: a moment near another one of its row, and the two halves of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from semblant.detection.names import LATITUDE, LONGITUDE, words
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NEAR = 0.05
"""Spread of the differences, at most, as a share of the spread of the moments themselves."""
_FEWEST = 50
_BESIDE_NOTHING = 0.005
_DAY = 86_400_000_000
_PAST_DAYS = 1.5
"""Days of usual difference from which on it is counted in days, with the time of day on its own."""


@frozen
class Gap:
    """That a moment is learned as the time since another column's."""

    anchor: str
    daily: bool
    reason: str


def microseconds(values: pa.Array | pa.ChunkedArray, *, local: bool = False) -> np.ndarray:
    """Give microseconds since 1970, int64, 0 for null; with ``local`` on the clock of the column's zone.

    >>> microseconds(pa.array([1], pa.date32())).tolist()
    [86400000000]
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    kind = values.type
    if local and _aware(kind):
        values = pc.local_timestamp(values)
    raw = values.view(pa.int32() if kind.bit_width == 32 else pa.int64()).cast(pa.int64())
    whole = pc.fill_null(raw, 0).to_numpy(zero_copy_only=False)
    unit = "d" if pa.types.is_date32(kind) else "ms" if pa.types.is_date64(kind) else kind.unit
    if unit == "ns":
        return np.asarray(whole // 1000)
    times = {"d": _DAY, "s": 10**6, "ms": 10**3, "us": 1}[unit]
    most = (2**63 - 1) // times
    return np.asarray(np.clip(whole, -most, most) * times)


def find_gap(name: str, columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> Gap | None:
    """Find the column before ``name`` to which its moments are nearest; None where none is near.

    :param columns: date and timestamp columns of the same rows, in table order.

    >>> begin = np.arange(100) * 86_400_000_000 * 7
    >>> rows = {"begin": pa.array(begin).cast(pa.timestamp("us")),
    ...         "end": pa.array(begin + np.arange(100) % 9 * 60_000_000).cast(pa.timestamp("us"))}
    >>> find_gap("end", rows).anchor
    'begin'
    """
    best: tuple[float, Gap] | None = None
    for anchor in columns:
        if anchor == name:
            break
        found = _gap(columns[name], columns[anchor], anchor)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    return None if best is None else best[1]


def gap_to(anchor: str, later: pa.Array | pa.ChunkedArray, earlier: pa.Array | pa.ChunkedArray) -> Gap:
    """Describe the gap between two columns that the user puts together."""
    both = _both(later, earlier)
    difference = (microseconds(later) - microseconds(earlier))[both]
    return Gap(anchor, _is_daily(later.type, earlier.type, difference), "set in the spec")


def _both(later: pa.Array | pa.ChunkedArray, earlier: pa.Array | pa.ChunkedArray) -> np.ndarray:
    both = pc.and_(pc.is_valid(later), pc.is_valid(earlier))
    return np.asarray(both.to_numpy(zero_copy_only=False) if isinstance(both, pa.Array) else both.to_numpy())


def _gap(
    later: pa.Array | pa.ChunkedArray, earlier: pa.Array | pa.ChunkedArray, anchor: str
) -> tuple[float, Gap] | None:
    if _aware(later.type) != _aware(earlier.type):
        return None
    both = _both(later, earlier)
    alone = len(later) - later.null_count - int(both.sum())
    if both.sum() < _FEWEST or alone > _BESIDE_NOTHING * both.sum():
        return None
    if getattr(later.type, "unit", "") == "ns" and _finer(later):
        return None
    begin = microseconds(earlier)[both]
    difference = microseconds(later)[both] - begin
    spread, own = (float(np.subtract(*np.quantile(part, (0.95, 0.05)))) for part in (difference, begin))
    if own <= 0 or spread > _NEAR * own:
        return None
    middle = float(np.median(difference))
    order = f"{np.mean(difference >= 0):.1%} at or after it"
    reason = f"learned as the time since '{anchor}': usually {_words(middle)}, {order}"
    return spread, Gap(anchor, _is_daily(later.type, earlier.type, difference), reason)


def _finer(values: pa.Array | pa.ChunkedArray) -> bool:
    """Tell whether there are parts of a microsecond."""
    return bool(pc.any(pc.not_equal(values.cast(pa.timestamp("us", values.type.tz), safe=False), values)).as_py())


def _aware(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.tz)


def _is_daily(later: pa.DataType, earlier: pa.DataType, difference: np.ndarray) -> bool:
    dates = pa.types.is_date(later) or pa.types.is_date(earlier)
    return bool(dates or (len(difference) and np.quantile(np.abs(difference), 0.75) > _PAST_DAYS * _DAY))


def _words(span: float) -> str:
    """Say how long a span of microseconds is.

    >>> _words(90e6), _words(-3 * 86400e6)
    ('1.5 minutes', '-3 days')
    """
    for unit, size in (("days", _DAY), ("hours", 3_600_000_000), ("minutes", 60_000_000)):
        if abs(span) >= size:
            return f"{span / size:.3g} {unit}"
    return f"{span / 1e6:.3g} seconds"


def find_places(encodings: Mapping[str, EncodingType]) -> list[tuple[str, str]]:
    """Pair latitudes with longitudes: those whose names differ in that word alone, else the only ones.

    >>> find_places({"from_lat": EncodingType.LATITUDE, "from_lon": EncodingType.LONGITUDE})
    [('from_lat', 'from_lon')]
    """
    latitudes = [name for name, encoding in encodings.items() if encoding is EncodingType.LATITUDE]
    longitudes = [name for name, encoding in encodings.items() if encoding is EncodingType.LONGITUDE]
    pairs = [
        (latitude, longitude)
        for latitude in latitudes
        for longitude in longitudes
        if _rest(latitude) == _rest(longitude)
    ]
    if not pairs and len(latitudes) == len(longitudes) == 1:
        return [(latitudes[0], longitudes[0])]
    seen: set[str] = set()
    unique: list[tuple[str, str]] = []
    for pair in pairs:
        if not seen.intersection(pair):
            unique.append(pair)
            seen.update(pair)
    return unique


def _rest(name: str) -> Sequence[str]:
    return [word for word in words(name) if word not in LATITUDE and word not in LONGITUDE]
