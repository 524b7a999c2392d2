"""Personal columns: proposed with a reason, and never for things."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pyarrow as pa
import pytest

from semblant.detection.sensitivity import looks_like_people
from tests.core.detection.sources import columns_of, table_of
from tests.core.detection.test_columns import phone, sentence, word

CHANCE = random.Random(21)
GIVEN = ["Anna", "Peter", "Laura", "Juan", "Marie", "Thomas", "Sofia", "Paul", "Elena", "Mark"]
MAILS = [f"{word(CHANCE)}@{word(CHANCE)}.net" for _ in range(200)]
PHONES = [phone(CHANCE) for _ in range(200)]
WORDS = [word(CHANCE).title() for _ in range(200)]
BIRTHS = [dt.date(1950, 1, 1) + dt.timedelta(days=97 * place) for place in range(200)]


def reason(name: str, values: list[Any], table: str = "rows", **others: list[Any]) -> str:
    found = columns_of(pa.table({name: values, **others}), name=table)[name]
    assert found.sensitive == bool(found.sensitive_reason)
    return found.sensitive_reason


@pytest.mark.feature(12)
@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("contact", MAILS, "e-mail addresses"),
        ("FirstName", WORDS, "name of a person"),
        ("nachname", WORDS, "name of a person"),
        ("Apellidos", WORDS, "name of a person"),
        ("prénom", WORDS, "name of a person"),
        ("host_name", WORDS, "name of a person"),
        ("AUTHOR", WORDS, "name of a person"),
        ("director", WORDS, "makers of a work"),
        ("date_of_birth", BIRTHS, "date of birth"),
        ("Geburtsdatum", BIRTHS, "date of birth"),
        ("codice_fiscale", [f"RSSMRA{number:02}A01H501{number % 10}" for number in range(200)], "official number"),
        ("patient_nbr", [number * 37 for number in range(200)], "number of a person"),
        ("pay", ["GB82WEST12345698765432", "DE89370400440532013000"] * 100, "IBANs"),
        ("x", ["4539578763621486", "5500005555555559"] * 100, "payment card numbers"),
        ("source", [f"10.0.{number}.7" for number in range(200)], "IP addresses"),
        ("name", [f"{GIVEN[n % 10]} {WORDS[n]}" for n in range(200)], "given names"),
        ("notes", [sentence(CHANCE, 15) for _ in range(200)], "free text"),
        ("entry", [f"I told my {sentence(CHANCE, 12)}" for _ in range(200)], "first person"),
    ],
)
def test_personal_columns_are_proposed_with_a_reason(name: str, values: list[Any], said: str) -> None:
    assert said in reason(name, values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("name", WORDS),
        ("product_name", WORDS),
        ("CompanyName", WORDS),
        ("airline", WORDS),
        ("email", ["yes", "no"] * 100),
        ("phone", [True, False] * 100),
        ("hostname", WORDS),
        ("author_count", list(range(200))),
        ("customer_type", ["new", "old"] * 100),
        ("birth_rate", [number / 10 for number in range(200)]),
        ("price", list(range(200))),
        ("first_name_length", list(range(200))),
        ("description", [sentence(CHANCE, 15) for _ in range(200)]),
        ("version", [f"1.{number}.0" for number in range(200)]),
    ],
)
def test_columns_about_things_are_not_proposed(name: str, values: list[Any]) -> None:
    assert reason(name, values, table="products") == ""


def test_weak_names_count_only_among_people() -> None:
    assert reason("phone", PHONES, table="shippers") == ""
    assert "phone" in reason("phone", PHONES, table="customers")
    assert "phone" in reason("phone", PHONES, table="rows", email=MAILS)
    assert reason("city", WORDS, table="customers") == ""


@pytest.mark.parametrize("name", ["name", "code", "address", "phone", "email_sent", "description", "postal_code"])
def test_a_lookup_of_products_holds_nothing_personal(name: str) -> None:
    assert reason(name, WORDS, table="product_categories") == ""


def test_a_table_looks_like_people_by_its_columns_or_its_name() -> None:
    def told(data: pa.Table, name: str) -> str | None:
        return looks_like_people(table_of(data, name), columns_of(data, name))

    assert (
        told(pa.table({"id": range(200), "mail": MAILS}), "rows") == "it holds 'mail': the values are e-mail addresses"
    )
    assert "its name 'Patients'" in (told(pa.table({"id": range(200), "ward": WORDS}), "Patients") or "")
    assert told(pa.table({"id": range(200), "name": WORDS, "phone": PHONES}), "shippers") is None
    assert told(pa.table({"id": range(200), "composer": WORDS}), "tracks") is None
    assert told(pa.table({"id": range(200), "label": WORDS}), "customer_types") is None
    assert "addresses" in (told(pa.table({"address_id": range(200), "street": WORDS}), "addresses") or "")
