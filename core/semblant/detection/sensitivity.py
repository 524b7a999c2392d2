"""Which columns hold personal data: proposed with a reason, decided by the user.

A proposal rests on the column's name (in several languages), on the form of its values, or on
both. A bare ``name``, ``phone`` or ``address`` counts only where the table is about people, so
that a lookup of products or airlines is never called personal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from semblant.detection.names import (
    ADDRESS_TABLES,
    LATITUDE,
    LONGITUDE,
    PERSON_TABLES,
    singular_words,
    words,
)
from semblant.detection.personal_words import (
    COMPANY_WORDS,
    CREATORS,
    GIVEN_NAMES,
    NOTE_WORDS,
    PERSON_ROLES,
    PERSONAL_WORDS,
    QUALITY_WORDS,
    RECORD_WORDS,
    THING_WORDS,
    WEAK_WORDS,
)
from semblant.detection.shapes import RECOGNISERS
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.detection.model import ColumnDetection
    from semblant.detection.profile import ColumnProfile, TableProfile
    from semblant.schema import Table

_SURE = {
    "email": "e-mail addresses",
    "iban": "IBANs",
    "card": "payment card numbers",
    "ssn": "social security numbers",
    "ip": "IP addresses",
    "mac": "hardware addresses",
}
"""Kinds that point at a person (or a person's device) wherever they stand."""
_NESTED = frozenset({EncodingType.LIST, EncodingType.STRUCT, EncodingType.JSON})
_WORDS_OF_TEXT = 8
_NUMERIC = frozenset(
    {EncodingType.BOOLEAN, EncodingType.DURATION, EncodingType.TIME, EncodingType.LIST, EncodingType.STRUCT}
)


def propose_sensitivity(
    table: Table, profile: TableProfile, detections: Mapping[str, ColumnDetection]
) -> dict[str, ColumnDetection]:
    """Give the detections again, with ``sensitive`` and ``sensitive_reason`` filled in."""
    people = _people_by_name(table.name)
    first = {name: _strong(name, profile.columns[name], found) for name, found in detections.items()}
    named = any(reason.startswith(("personal by its name", "the values are e-mail")) for reason in first.values())
    result = {}
    for name, found in detections.items():
        reason = first[name]
        if not reason and (people or named):
            reason = _weak(table, name, profile.columns[name], found)
        result[name] = attrs.evolve(found, sensitive=bool(reason), sensitive_reason=reason)
    return result


def looks_like_people(table: Table, detections: Mapping[str, ColumnDetection]) -> str | None:
    """Tell why the rows of a table look like people; None when they do not.

    Names, e-mail addresses, phones, birth dates or national numbers make a table personal; so
    does a table name such as ``customers`` with columns of its own beside the key.
    """
    direct = [name for name, found in detections.items() if found.sensitive and _identifies(found.sensitive_reason)]
    if direct:
        listed = ", ".join(f"'{name}'" for name in direct[:4])
        return f"it holds {listed}: {detections[direct[0]].sensitive_reason}"
    if _people_by_name(table.name):
        return f"its name '{table.name}' says that its rows are people or their addresses"
    return None


def _identifies(reason: str) -> bool:
    return reason.startswith(("personal by its name", "name of a person", "the values are", "given names"))


def _people_by_name(name: str) -> bool:
    parts = singular_words(name)
    return bool(parts) and parts[-1] in PERSON_TABLES | ADDRESS_TABLES and not THING_WORDS.intersection(parts)


def _strong(name: str, profile: ColumnProfile, found: ColumnDetection) -> str:
    if profile.present and profile.inside is not None and found.encoding in _NESTED:
        return _inside(name, profile)
    if not profile.present or found.encoding in _NUMERIC:
        return ""
    for kind, called in _SURE.items():
        if profile.kinds.get(kind, 0.0) >= (0.5 if kind == "email" else 0.9) and profile.distinct > 1:
            return f"the values are {called}"
    parts = words(name)
    joined = " ".join(parts)
    if not THING_WORDS.intersection(parts) and parts[-1:] and parts[-1] not in QUALITY_WORDS:
        for meaning in _meanings(parts, PERSONAL_WORDS):
            if _plausible(meaning, profile, found):
                return f"personal by its name: {meaning}"
        role = PERSON_ROLES.intersection(parts)
        if role and _names_somebody(parts, role) and _textual(found):
            return f"name of a person by its name ('{joined}')"
        role = CREATORS.intersection(parts)
        if role and _names_somebody(parts, role) and _textual(found):
            return f"makers of a work by its name ('{joined}')"
    if _textual(found) and not COMPANY_WORDS.intersection(parts) and _given_names(profile) >= 0.3:
        return "given names of people among the values"
    if found.encoding is EncodingType.TEXT:
        return _free_text(parts, profile)
    if RECORD_WORDS.intersection(parts) and _person_number(parts) and profile.distinct > 20:
        return f"number of a person by its name ('{joined}')"
    return ""


def _inside(name: str, profile: ColumnProfile) -> str:
    """Judge the paths of a nested column by their names, and texts by their form."""
    assert profile.inside is not None
    for path in profile.inside.leaves:
        texts = profile.inside.paths[path].texts
        if texts and sum(map(RECOGNISERS["email"], texts)) >= 0.5 * len(texts):
            return f"the values at '{path or name}' are e-mail addresses"
        parts = words(path.rsplit(".", 1)[-1]) or words(name)
        if texts and not THING_WORDS.intersection(parts) and (meanings := _meanings(parts, PERSONAL_WORDS)):
            return f"personal by its name at '{path or name}': {meanings[0]}"
    return ""


def _weak(table: Table, name: str, profile: ColumnProfile, found: ColumnDetection) -> str:
    """Judge words that are personal only among people."""
    parts = words(name) or ("",)
    if not profile.present or COMPANY_WORDS.union(THING_WORDS).intersection(parts) or parts[-1] in QUALITY_WORDS:
        return ""
    if table.primary_key == (name,):
        return "number of a person: primary key of a table of people"
    for meaning in _meanings(parts, WEAK_WORDS):
        if _plausible(meaning, profile, found):
            return f"{meaning}, in a table of people"
    if profile.kinds.get("phone", 0.0) >= 0.8 and _textual(found):
        return "phone numbers, in a table of people"
    if found.encoding in (EncodingType.LATITUDE, EncodingType.LONGITUDE):
        return "place, in a table of people"
    if found.encoding is EncodingType.IDENTIFIER:
        return "identifier, in a table of people"
    return ""


def _meanings(parts: tuple[str, ...], phrases: Mapping[str, str]) -> list[str]:
    """Give what a name's words mean: phrases of up to three words in a row, spaced or run together."""
    found = []
    for size in (3, 2, 1):
        for start in range(len(parts) - size + 1):
            phrase = " ".join(parts[start : start + size])
            if phrase in phrases:
                found.append(phrases[phrase])
    found += [
        _RUN_TOGETHER[part] for part in parts if part in _RUN_TOGETHER and _RUN_TOGETHER[part] in phrases.values()
    ]
    return found


_RUN_TOGETHER = {
    phrase.replace(" ", ""): meaning
    for phrases in (WEAK_WORDS, PERSONAL_WORDS)
    for phrase, meaning in phrases.items()
    if " " in phrase
}


def _plausible(meaning: str, profile: ColumnProfile, found: ColumnDetection) -> bool:
    """Hold the meaning of a name against the values: a flag called ``phone`` is no phone number."""
    if profile.distinct <= 2 and profile.rows > 20:
        return False
    if meaning == "date of birth":
        return found.encoding in (EncodingType.DATE, EncodingType.DATETIME, EncodingType.TIME) or (
            _textual(found) and profile.kinds.get("date", 0.0) >= 0.5
        )
    if meaning in ("latitude", "longitude", "place"):
        return found.encoding in (EncodingType.LATITUDE, EncodingType.LONGITUDE)
    if meaning in ("name of a person", "e-mail address", "postal address"):
        return _textual(found) and bool(profile.strings)
    return found.encoding not in (EncodingType.NUMBER, EncodingType.DATE, EncodingType.DATETIME)


def _textual(found: ColumnDetection) -> bool:
    return found.encoding in (
        EncodingType.CATEGORICAL,
        EncodingType.TEXT,
        EncodingType.PATTERN,
        EncodingType.IDENTIFIER,
        EncodingType.JSON,
    )


def _names_somebody(parts: tuple[str, ...], role: frozenset[str]) -> bool:
    """``host_name``, ``author`` or ``contact`` name somebody; ``author_count`` and ``customer_type`` do not."""
    rest = [part for part in parts if part not in role]
    return all(part in ("name", "full", "names", "by", "the", "of", "nom", "nombre", "nome") for part in rest)


def _person_number(parts: tuple[str, ...]) -> bool:
    return bool(PERSON_TABLES.union(PERSON_ROLES).intersection(parts))


def _given_names(profile: ColumnProfile) -> float:
    """Share of the sampled values whose first word is a well-known given name (and that are short)."""
    if not profile.strings or profile.strings["mean_words"] > 3.5 or len(profile.sample) < 5:
        return 0.0
    heads = [words(value)[:1] for value in profile.sample if isinstance(value, str)]
    return sum(1 for head in heads if head and head[0] in GIVEN_NAMES) / max(len(heads), 1)


def _free_text(parts: tuple[str, ...], profile: ColumnProfile) -> str:
    if THING_WORDS.intersection(parts):
        return ""
    long = profile.strings.get("mean_words", 0.0) >= _WORDS_OF_TEXT
    if NOTE_WORDS.intersection(parts) and (long or profile.strings.get("mean_words", 0.0) >= 3):
        return "free text written by or about people: it may name them"
    texts = [value for value in profile.sample if isinstance(value, str)]
    marked = sum(1 for text in texts if "@" in text or " I " in f" {text} " or " my " in f" {text.lower()} ")
    if long and texts and marked >= 0.2 * len(texts):
        return "free text in the first person: it may tell who wrote it"
    return ""


def location_columns(detections: Mapping[str, ColumnDetection]) -> tuple[str, ...]:
    """Names of the columns that hold coordinates.

    >>> location_columns({})
    ()
    """
    coordinates = (EncodingType.LATITUDE, EncodingType.LONGITUDE)
    return tuple(
        name
        for name, found in detections.items()
        if found.encoding in coordinates or LATITUDE.union(LONGITUDE).intersection(words(name))
    )
