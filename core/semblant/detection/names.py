"""What column and table names say: words, and the vocabularies that detection looks them up in."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=65_536)
def words(name: str) -> tuple[str, ...]:
    """Take a name apart: camel case, separators, accents.

    >>> words("CustomerID"), words("birth_date"), words("Prénom du client")
    (('customer', 'id'), ('birth', 'date'), ('prenom', 'du', 'client'))
    """
    spaced = _CAMEL.sub(" ", name)
    plain = unicodedata.normalize("NFKD", spaced.replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    return tuple(word for word in _SPLIT.split(ascii_only) if word)


def folded(name: str) -> str:
    """Give a name without case and separators: ``customer_id`` and ``CustomerId`` agree.

    >>> folded("customer_id") == folded("CustomerID")
    True
    """
    return "".join(words(name)) or name.casefold()


def singular(word: str) -> str:
    """Take the plural ending off an English word, roughly.

    >>> [singular(word) for word in ("categories", "addresses", "orders", "status", "boxes")]
    ['category', 'address', 'order', 'status', 'box']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=65_536)
def singular_words(name: str) -> tuple[str, ...]:
    """Words of a name, each in the singular."""
    return tuple(singular(word) for word in words(name))


def vocabulary(text: str) -> frozenset[str]:
    """Give the words of a text as a set.

    >>> sorted(vocabulary("id key"))
    ['id', 'key']
    """
    return frozenset(text.split())


IDENTIFYING = vocabulary(
    """
    id ids key pk uid uuid guid oid rowid no nr nbr num number code identifier ident ref reference sku isbn ean
    index idx serial kennung nummer numero codigo codice cle clave
    """
)
"""Words that mark a column as a name for something."""

STRONG_IDENTIFYING = vocabulary(
    """
    id ids pk uid uuid guid oid rowid identifier nbr key
    """
)

LATITUDE = vocabulary(
    """
    lat latitude latitud latitudine breite breitengrad
    """
)
LONGITUDE = vocabulary(
    """
    lon lng long longitude longitud longitudine laenge lange langengrad laengengrad
    """
)

MEASURES = vocabulary(
    """
    price amount total cost quantity qty count size length width height weight area distance duration age score
    rate ratio percent share balance salary wage income revenue sales tax fee discount bytes milliseconds
    seconds minutes hours speed temperature temp value sum avg mean min max population latitude longitude lat
    lon year month day hour minute week quarter preis menge betrag prix cantidad precio
    """
)
"""Words that mark a column as a quantity, which names nothing."""

PERSON_TABLES = vocabulary(
    """
    customer client patient person people user member employee staff student teacher guest passenger player
    subscriber visitor citizen resident applicant candidate donor volunteer worker driver owner tenant contact
    participant subject insured beneficiary borrower cardholder household individual author nurse doctor
    physician kunde kunden mitarbeiter patienten personne personnes salarie employe cliente clientes empleado
    paciente persona personas cliente dipendente utente utilisateur usuario
    """
)
"""Words for tables whose rows are people."""

ADDRESS_TABLES = vocabulary("address adresse anschrift direccion indirizzo endereco")
"""Words for tables that hold where people live."""

SUBJECT_TABLES = vocabulary(
    """
    customer client patient person people user member student guest passenger player subscriber participant
    subject insured citizen household cardholder applicant kunde patienten cliente paciente persona account
    """
)
"""People (or their accounts) for whose sake a database is kept: the likeliest roots."""
