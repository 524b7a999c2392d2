"""The customers of the demo shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semblant.demo import truth
from semblant.demo.draw import zipf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from semblant.demo.draw import Draw

FIRST_NAMES = (
    "Anna Marco Giulia Luca Sofia Lukas Emma Paul Marie Jonas Lea Felix Chiara Matteo Clara Noah Camille Hugo Inès "
    "Louis Zofia Jan Maja Jakub Elsa Oskar Astrid Nils Aisha Omar Yuki Mei Priya Arjun Elena Dmitri"
).split()
LAST_NAMES = (
    "Rossi Müller Bianchi Schmidt Ferrari Weber Martin Bernard Russo Fischer Dubois Nowak Wagner Esposito Becker "
    "Moreau Kowalski Ricci Hoffmann Laurent Andersson Romano Wiśniewski Gruber Johansson Colombo Koch Lefèvre Huber "
    "Nilsson Conti Bauer Girard Zielińska O'Brien Nguyen Tanaka Patel Haddad Novák"
).split()
COMPANIES = (
    "Lumen Works",
    "Orto & Figli",
    "Nordlicht GmbH",
    "Atelier 9",
    "Blue Harbour Ltd",
    "Studio Vento",
    "Kaffee Kontor",
)
MAIL_HOSTS = ("example.com", "example.org", "example.net")
_MICROSECONDS_PER_DAY = 86_400_000_000


def moments(draw: Draw, first: NDArray[np.int64], last: NDArray[np.int64], lean: float = 1.0) -> pa.Array:
    """Draw a moment per pair of days (since 1970, inclusive) by the shop's weekday and hour pattern.

    ``lean`` above 1 favours late days. Gives timestamps in whole seconds, unit microseconds.
    """
    count = len(first)
    span = (last - first + 1).astype(np.float64)
    days = first + np.floor(span * draw.uniform(count) ** (1.0 / lean)).astype(np.int64)
    weights = np.asarray(truth.WEEKDAYS)
    start = days - (days + 3) % 7
    weekday = draw.pick(weights, count)
    moved = start + weekday
    days = np.where((moved >= first) & (moved <= last), moved, days)
    seconds = draw.pick(truth.HOURS, count) * 3600 + np.floor(draw.uniform(count) * 3600).astype(np.int64)
    return pa.array(days * _MICROSECONDS_PER_DAY + seconds * 1_000_000, pa.int64()).cast(pa.timestamp("us"))


def days_since_1970(moment: object) -> np.int64:
    """Give a date as a number of days."""
    return np.datetime64(moment, "D").astype(np.int64)  # type: ignore[call-overload, no-any-return]


def customers(draw: Draw, count: int) -> tuple[pa.Table, NDArray[np.int64]]:
    """Make the table, without ``lifetime_value``, and each customer's segment number, shape (count,)."""
    names = list(truth.SEGMENTS)
    segment = draw.pick(list(truth.SEGMENTS.values()), count)
    newsletter = draw.chance(np.array([truth.NEWSLETTER[name] for name in names])[segment], count)
    signup = moments(
        draw,
        np.full(count, days_since_1970(truth.FIRST_DAY)),
        np.full(count, days_since_1970(truth.LAST_SIGNUP)),
        lean=1.6,
    )
    age = np.clip(np.array([truth.MEAN_AGE[name] for name in names])[segment] + 11.0 * draw.normal(count), 18.0, 90.0)
    birth = days_since_1970(truth.LAST_DAY) - np.floor(age * 365.2425).astype(np.int64)
    first = pa.array(FIRST_NAMES).take(pa.array(draw.pick(zipf(len(FIRST_NAMES), 0.6), count)))
    last = pa.array(LAST_NAMES).take(pa.array(draw.pick(zipf(len(LAST_NAMES), 0.6), count)))
    city = draw.pick(zipf(len(truth.CITIES)), count)
    company = pa.array(COMPANIES).take(pa.array(draw.pick(np.ones(len(COMPANIES)), count)))
    table = pa.table(
        {
            "id": _coded("CUST-", np.arange(1, count + 1), 5),
            "first_name": first,
            "last_name": last,
            "email": _mail(draw, first, last, birth, count),
            "phone": _phone(draw, newsletter, count),
            "birth_date": pa.array(birth.astype("datetime64[D]")),
            "city": pa.array(list(truth.CITIES)).take(pa.array(city)),
            "postal_code": _postal_code(draw, city, count),
            "country": pa.array(list(truth.COUNTRIES.values())).take(pa.array(city)),
            "segment": pa.array(names).take(pa.array(segment)),
            "company": pc.if_else(pa.array(segment == names.index("business")), company, pa.scalar(None, pa.string())),
            "newsletter": pa.array(newsletter),
            "signup": signup,
            "income": _income(draw, age, count),
        }
    )
    return table, segment


def _coded(prefix: str, numbers: NDArray[np.int64], digits: int) -> pa.Array:
    """Give codes such as ``CUST-00001``."""
    padded = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(prefix, padded, "")


def _mail(draw: Draw, first: pa.Array, last: pa.Array, birth: NDArray[np.int64], count: int) -> pa.Array:
    """Give addresses made of name and year of birth, at hosts that nobody owns."""
    year = pc.utf8_lpad(pa.array((1970.0 + birth / 365.2425).astype(np.int64) % 100).cast(pa.string()), 2, "0")
    host = pa.array(MAIL_HOSTS).take(pa.array(draw.pick((5.0, 2.0, 1.0), count)))
    local = pc.utf8_lower(pc.binary_join_element_wise(first, last, "."))
    plain = pc.replace_substring_regex(pc.utf8_normalize(local, "NFKD"), r"[^a-z.]", "")
    return pc.binary_join_element_wise(pc.binary_join_element_wise(plain, year, ""), host, "@")


def _phone(draw: Draw, newsletter: NDArray[np.bool_], count: int) -> pa.Array:
    """Give numbers of a range kept for fiction; who gets no newsletter leaves it out more often."""
    area = pa.array(("20 7946", "161 496", "131 496")).take(pa.array(draw.pick((3.0, 2.0, 1.0), count)))
    digits = pc.utf8_lpad(pa.array(np.floor(draw.uniform(count) * 1000).astype(np.int64)).cast(pa.string()), 4, "0")
    missing = draw.chance(np.where(newsletter, truth.PHONE_MISSING[True], truth.PHONE_MISSING[False]), count)
    number = pc.binary_join_element_wise("+44", area, digits, " ")
    return pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), number)


def _postal_code(draw: Draw, city: NDArray[np.int64], count: int) -> pa.Array:
    """Give five digits of which the city decides the first two."""
    prefix = pa.array(list(truth.CITIES.values())).take(pa.array(city))
    rest = np.floor(draw.uniform(count) ** 2 * 200).astype(np.int64)
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(pa.array(rest).cast(pa.string()), 3, "0"), "")


def _income(draw: Draw, age: NDArray[np.float64], count: int) -> pa.Array:
    """Give yearly incomes that grow with age, heaped at multiples of 5,000, missing by age."""
    exact = np.exp(10.0 + truth.INCOME_BY_AGE * (age - 40.0) + 0.35 * draw.normal(count))
    step = np.where(draw.chance(truth.INCOME_HEAPS, count), 5000.0, 100.0)
    income = np.maximum(np.round(exact / step), 1.0) * step
    bounds, shares = zip(*truth.INCOME_MISSING, strict=True)
    missing = draw.chance(np.array(shares)[np.searchsorted(np.array(bounds), age, side="right")], count)
    return pa.array(income.astype(np.int64), mask=missing)
