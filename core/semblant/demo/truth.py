"""What is true of the demo shop by construction: tests and documentation compare against it.

All shares are probabilities with which the generator draws; a table of n rows differs from them by
sampling error only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

FIRST_DAY: Final = datetime(2021, 1, 1)
"""Sign-ups begin."""
LAST_SIGNUP: Final = datetime(2024, 12, 31)
LAST_DAY: Final = datetime(2025, 6, 30)
"""Orders end."""

SEGMENTS: Final = {"new": 0.30, "regular": 0.45, "premium": 0.15, "business": 0.10}
"""Share of customers per segment."""
NEWSLETTER: Final = {"new": 0.25, "regular": 0.45, "premium": 0.80, "business": 0.15}
"""P(newsletter | segment)."""
MEAN_AGE: Final = {"new": 31.0, "regular": 42.0, "premium": 51.0, "business": 45.0}
"""Mean age in years per segment, before cutting at 18 and 90; the standard deviation is 11."""
MEAN_ORDERS: Final = {"new": 0.7, "regular": 2.5, "premium": 6.0, "business": 4.0}
"""Mean of the Poisson number of orders; exp(-mean) of a segment's customers never ordered."""
CITIES: Final = {
    "Milano": "20",
    "Roma": "00",
    "Torino": "10",
    "Trieste": "34",
    "Berlin": "10",
    "München": "80",
    "Köln": "50",
    "Lyon": "69",
    "Paris": "75",
    "Wien": "11",
    "Kraków": "30",
    "Göteborg": "41",
}
"""City and the first two digits of its postal codes: the city decides them. Shares fall as 1/rank."""
COUNTRIES: Final = {
    "Milano": "IT",
    "Roma": "IT",
    "Torino": "IT",
    "Trieste": "IT",
    "Berlin": "DE",
    "München": "DE",
    "Köln": "DE",
    "Lyon": "FR",
    "Paris": "FR",
    "Wien": "AT",
    "Kraków": "PL",
    "Göteborg": "SE",
}
"""Country of each city: a functional dependency."""
INCOME_MISSING: Final = ((25, 0.50), (60, 0.10), (200, 0.30))
"""P(income is null | age below the bound), first bound that fits."""
INCOME_BY_AGE: Final = 0.012
"""Gain of log income per year of age; log income has standard deviation 0.35 around that line."""
INCOME_HEAPS: Final = 0.40
"""Share of incomes given in steps of 5,000; the others are in steps of 100."""
PHONE_MISSING: Final = {True: 0.10, False: 0.55}
"""P(phone is null | newsletter)."""
HOURS: Final = (
    0.3,
    0.2,
    0.1,
    0.1,
    0.1,
    0.3,
    1.0,
    2.0,
    3.0,
    4.0,
    4.5,
    4.5,
    5.0,
    4.0,
    3.5,
    3.5,
    4.0,
    5.0,
    6.0,
    8.0,
    9.0,
    7.0,
    3.0,
    1.0,
)
"""Weight of each hour of the day, for sign-ups and orders."""
WEEKDAYS: Final = (1.0, 0.9, 0.9, 1.0, 1.2, 1.8, 1.6)
"""Weight of each weekday, Monday first, for sign-ups and orders."""

CATEGORIES: Final = {"books": 14.0, "kitchen": 35.0, "toys": 22.0, "garden": 60.0, "audio": 120.0, "clothing": 45.0}
"""Median list price per category; log prices have standard deviation 0.45."""
PREFERENCES: Final = {
    "new": (4.0, 1.0, 3.0, 0.5, 3.0, 4.0),
    "regular": (3.0, 3.0, 2.0, 2.0, 1.5, 3.0),
    "premium": (1.5, 3.0, 1.0, 3.0, 4.0, 2.5),
    "business": (2.0, 5.0, 0.2, 1.0, 2.0, 0.5),
}
"""Weight of each category, in the order of ``CATEGORIES``, per segment."""
PAYMENTS: Final = {
    "new": (0.60, 0.35, 0.04, 0.01),
    "regular": (0.55, 0.30, 0.12, 0.03),
    "premium": (0.70, 0.15, 0.10, 0.05),
    "business": (0.15, 0.02, 0.23, 0.60),
}
"""P(card, wallet, transfer, invoice | segment)."""
STATUSES: Final = {"delivered": 0.86, "returned": 0.08, "cancelled": 0.06}
"""Share of orders per status; only delivered and returned orders have ``delivery_days``."""
DISCOUNTED: Final = {True: 0.35, False: 0.08}
"""P(discount above 0 | newsletter); discounts are 5, 10, 15 or 20 per cent."""
DISCOUNTS: Final = {5: 0.30, 10: 0.50, 15: 0.05, 20: 0.15}
MEAN_LINES: Final = 0.9
"""An order has one line, and Poisson many more with this mean."""
REVIEWED: Final = 0.30
"""P(an order line of a delivered or returned order is reviewed)."""
RATINGS: Final = {
    "delivered": (0.04, 0.06, 0.15, 0.35, 0.40),
    "returned": (0.45, 0.30, 0.15, 0.07, 0.03),
}
"""P(rating 1 to 5 | status of the order)."""
TEXT_MISSING: Final = 0.12
"""P(review text is null)."""
TEXT_EMPTY: Final = 0.02
"""P(review text is the empty string)."""
PLANTED: Final = {
    "books": "chapter",
    "kitchen": "pan",
    "toys": "children",
    "garden": "soil",
    "audio": "bass",
    "clothing": "fabric",
}
"""A word that stands in every review text of a category and in no other category's."""
GOOD_WORD: Final = "recommend"
"""Stands in the texts of ratings 4 and 5 with P = 0.7 and never below."""
BAD_WORD: Final = "disappointed"
"""Stands in the texts of ratings 1 and 2 with P = 0.7 and never above."""
SIGNAL: Final = 0.7
