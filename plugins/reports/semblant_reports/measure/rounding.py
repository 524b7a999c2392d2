"""Round numbers: bounds and edges that tell nothing of a single row, and their text."""

from __future__ import annotations

import datetime as dt
import math

DAY = 86_400.0
_SPANS = (
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
)
_DAYS = (1.0, 2.0, 5.0, 7.0, 14.0, 30.0, 61.0, 91.0, 182.0, 365.25)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def round_step(span: float, steps: int, *, whole: bool = False) -> float:
    """Give a step of 1, 2, 2.5 or 5 times a power of ten that cuts ``span`` into at most ``steps`` parts.

    >>> round_step(97, 20)
    5.0
    """
    if not span > 0 or not math.isfinite(span):
        return 1.0
    raw = span / max(1, steps)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 1e-300 else 1e-300
    step = next((power * factor for factor in (1.0, 2.0, 2.5, 5.0) if power * factor >= raw * (1 - 1e-9)), power * 10.0)
    return max(1.0, math.ceil(step)) if whole else step


def round_span(span: float, steps: int, *, days: bool) -> float:
    """Give a step in seconds that people count in: minutes, hours, days, months or years."""
    raw = span / max(1, steps)
    for step in () if days else _SPANS:
        if step >= raw:
            return step
    for count in _DAYS:
        if count * DAY >= raw:
            return count * DAY
    return 365.25 * DAY * round_step(span / (365.25 * DAY), steps, whole=True)


def grain(span: float, *, whole: bool = False) -> float:
    """Give the place to round to so that a span is told to three digits.

    >>> grain(1_484_705)
    10000.0
    """
    if not span > 0 or not math.isfinite(span):
        return 1.0 if whole else 0.01
    place = 10.0 ** (math.floor(math.log10(span)) - 2)
    return max(1.0, place) if whole else place


def number_text(value: float, place: float = 0.0, unit: str = "") -> str:
    """Write a number rounded to ``place``, thousands apart, the unit behind it.

    >>> number_text(77516.0, 100.0)
    '77,500'
    """
    if unit == "clock":
        minutes, seconds = divmod(round(value), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    rounded = round(value / place) * place if place else value
    if rounded == 0:
        text = "0"
    elif abs(rounded) >= 1e15 or abs(rounded) < 1e-6:
        text = f"{rounded:.3g}"
    else:
        digits = max(0, -math.floor(math.log10(place) + 1e-9)) if place else 6
        text = f"{rounded:,.{min(digits, 9)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return text + {"seconds": " s", "bytes": " bytes"}.get(unit, "")


def moment_text(seconds: float, span: float) -> str:
    """Write a moment as finely as the span allows.

    >>> moment_text(0.0, 1000 * DAY)
    '1970-01-01'
    """
    try:
        moment = _EPOCH + dt.timedelta(seconds=seconds)
    except OverflowError:
        return f"{seconds / (365.25 * DAY) + 1970:.0f}"
    if span >= 20 * DAY:
        return f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
    return f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d} {moment.hour:02d}:{moment.minute:02d}"
