"""Dates and times as text: the forms that are known, each a :class:`~semblant_sources.files.kinds.Kind`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import polars as pl
from attrs import frozen

from semblant_sources.files.kinds import Kind
from semblant_sources.files.matching import matches

if TYPE_CHECKING:
    from collections.abc import Callable

_MONTH = r"[A-Za-z]{3,9}"
_CLOCK = r"[0-9]{1,2}:[0-9][0-9](?::[0-9][0-9](?:\.[0-9]{1,9})?)?"
_ZONE = r" ?(?:Z|UTC|[+-][0-9][0-9](?::?[0-9][0-9])?)"
FINE = r":[0-9][0-9]\.[0-9]{7,9}(?:$|[^0-9])"
"""Clock times that microseconds cannot hold."""

_Unit = Literal["us", "ns"]


@frozen
class _Form:
    """A way to write a date: the format of :func:`strptime`, its pattern, and its order where that is in doubt."""

    format: str
    pattern: str
    order: str = ""


def _forms() -> tuple[_Form, ...]:
    forms = [
        _Form(f"%Y{s}%m{s}%d", rf"[0-9]{{4}}{e}[0-9]{{1,2}}{e}[0-9]{{1,2}}")
        for s, e in (("-", "-"), ("/", "/"), (".", r"\."))
    ]
    for s, e in (("/", "/"), ("-", "-"), (".", r"\.")):
        for first, second, order in (("%d", "%m", "dmy"), ("%m", "%d", "mdy")):
            forms.append(_Form(f"{first}{s}{second}{s}%Y", rf"[0-9]{{1,2}}{e}[0-9]{{1,2}}{e}[0-9]{{4}}", order))
            short = r"[0-9]{1,2}" if s == "/" else r"[0-9]{2}"
            forms.append(_Form(f"{first}{s}{second}{s}%y", rf"{short}{e}{short}{e}[0-9]{{2}}", order))
    for s in ("-", " ", "/", ""):
        for year, digits in (("%Y", 4), ("%y", 2)):
            forms.append(_Form(f"%d{s}%B{s}{year}", rf"[0-9]{{1,2}}{s}{_MONTH}{s}[0-9]{{{digits}}}"))
    forms.extend(_Form(f"%B %d{s}%Y", rf"{_MONTH} [0-9]{{1,2}}{s}[0-9]{{4}}") for s in (", ", " "))
    return tuple(forms)


FORMS = _forms()
_WORTH_A_LOOK = r"^(?:[0-9]{1,4}[-/. ]?(?:[0-9]|[A-Za-z])|[A-Za-z]{3,9} [0-9])"


def temporal_kinds(texts: pl.Series) -> list[Kind]:
    """Give the kinds of date and time that at least one of the texts begins like."""
    seen = texts.filter(matches(texts, _WORTH_A_LOOK))
    if not len(seen):
        return []
    return [kind for form in FORMS if matches(seen, f"^{form.pattern}(?:$|[T ])").any() for kind in _kinds_of(form)]


@cache
def _kinds_of(form: _Form) -> tuple[Kind, ...]:
    name = form.format
    kinds = [
        Kind(name, "date", f"^{form.pattern}$", _date(form.format), form.order),
        Kind(
            f"{name} with time",
            "datetime",
            rf"^{form.pattern}(?:[T ]{_CLOCK})?$",
            _datetime(form.format, _TIMES),
            form.order,
        ),
        Kind(
            f"{name} with time (AM/PM)",
            "datetime",
            rf"^{form.pattern} [0-9]{{1,2}}:[0-9][0-9](?::[0-9][0-9])? ?[AaPp][Mm]$",
            _datetime(form.format, _HALF_DAYS),
            form.order,
        ),
    ]
    if form.format == "%Y-%m-%d":
        kinds.append(Kind(f"{name} with time zone", "datetime", rf"^{form.pattern}[T ]{_CLOCK}{_ZONE}$", _zoned))
    return tuple(kinds)


_TIMES = (" %H:%M:%S%.f", " %H:%M")
_HALF_DAYS = (" %I:%M:%S%p", " %I:%M%p")


def _date(form: str) -> Callable[[pl.Series], pl.Series]:
    return lambda texts: texts.str.to_date(form, strict=False)


def _datetime(form: str, clocks: tuple[str, ...]) -> Callable[[pl.Series], pl.Series]:
    def parse(texts: pl.Series) -> pl.Series:
        plain = texts.str.replace(r"^(\S{6,})T([0-9]{1,2}:)", "$1 $2")
        if clocks is _HALF_DAYS:
            plain = plain.str.replace(r" ([AaPp][Mm])$", "$1").str.to_uppercase()  # months are known in any case
        unit: _Unit = "ns" if matches(plain, FINE).any() else "us"  # nanoseconds end in 2262
        column = pl.col("text").str
        tries = [column.to_datetime(form + clock, strict=False, time_unit=unit) for clock in clocks]
        if clocks is _TIMES:
            tries.append(column.to_date(form, strict=False).cast(pl.Datetime(unit)))
        return plain.to_frame("text").select(pl.coalesce(tries)).to_series()

    return parse


def _zoned(texts: pl.Series) -> pl.Series:
    plain = (
        texts.str.replace(r"^(\S{6,})T([0-9]{1,2}:)", "$1 $2")
        .str.replace(r" ?(?:Z|UTC)$", "+00:00")
        .str.replace(r" ?([+-][0-9][0-9])$", "$1:00")
        .str.replace(r" ?([+-][0-9][0-9]):?([0-9][0-9])$", "$1:$2")
        .str.replace(r"^(\S+ [0-9]{1,2}:[0-9][0-9])([+-])", "$1:00$2")
    )
    unit: _Unit = "ns" if matches(plain, FINE).any() else "us"
    return plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", strict=False, time_unit=unit, time_zone="UTC")
