"""Strings: category, pattern, identifier, JSON or free text?

What decides is how the values are reused (a category must be held by many rows, or it can never
come out without naming somebody), how they are built (few shapes: a pattern) and how long and
wordy they are (text).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.detection.shapes import collapsed
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from semblant.detection.profile import ColumnProfile

Proposal = tuple[EncodingType, str, tuple[str, ...]]

LONGEST_PATTERN = 256
"""Characters of the longest value that a pattern or an identifier can have."""
_FEW = 20
_FEWEST_FOR_IDENTIFIER = 20
_KINDS = {
    "uuid": "UUIDs",
    "email": "e-mail addresses",
    "url": "web addresses",
    "ip": "IP addresses",
    "mac": "hardware addresses",
    "iban": "IBANs",
    "card": "card numbers",
    "ssn": "social security numbers",
    "phone": "phone numbers",
}
"""Kinds with a strict form; in this order."""


def detect_string(profile: ColumnProfile) -> Proposal:
    """Propose an encoding for a string column: (encoding, reason, notes)."""
    notes = _notes(profile)
    if not profile.present:
        return EncodingType.CATEGORICAL, "strings by type", notes
    if profile.kinds.get("json", 0.0) >= 0.95:
        return EncodingType.JSON, f"{profile.kinds['json']:.0%} of the sampled values are JSON objects or arrays", notes
    if profile.distinct <= _FEW and profile.reuse >= 2:
        return EncodingType.CATEGORICAL, profile.counted, notes
    wordy = _wordy(profile)
    if profile.frequent_share >= 0.5 or profile.reuse >= 5:
        if wordy and profile.strings["mean_length"] >= 100 and profile.reuse < 5:
            return EncodingType.TEXT, f"long texts: {_sized(profile)}; {profile.counted}", notes
        return EncodingType.CATEGORICAL, profile.counted, notes
    longest = profile.strings["longest"]
    if longest > LONGEST_PATTERN:
        if wordy:
            return EncodingType.TEXT, f"free text: {_sized(profile)}; {profile.counted}", notes
        return EncodingType.TEXT, f"the longest value has {longest:,} characters: too long for a pattern", notes
    kind = next((name for name in _KINDS if profile.kinds.get(name, 0.0) >= 0.9), None)
    if kind is not None:
        unique = kind == "uuid" and profile.unique
        encoding = EncodingType.IDENTIFIER if unique else EncodingType.PATTERN
        return encoding, f"{profile.kinds[kind]:.0%} of the sampled values are {_KINDS[kind]}", notes
    code = _code_like(profile)
    if code and profile.unique and profile.rows >= _FEWEST_FOR_IDENTIFIER:
        return EncodingType.IDENTIFIER, f"{profile.rows:,} different codes in as many rows", notes
    shapes, share = _shape_share(profile)
    if share >= 0.9 and (code or _has_digits(profile)):
        many = "one shape" if shapes == 1 else f"{shapes} shapes"
        return EncodingType.PATTERN, f"{many} such as '{profile.shapes[0][0]}' cover {share:.0%} of the values", notes
    if wordy:
        return EncodingType.TEXT, f"free text: {_sized(profile)}; {profile.counted}", notes
    if code:
        return EncodingType.PATTERN, f"codes without spaces, seldom reused; {profile.counted}", notes
    if profile.present < 10 * _FEW or profile.reused_share >= 0.25:
        return EncodingType.CATEGORICAL, profile.counted, notes
    return EncodingType.TEXT, f"names, seldom reused: {profile.counted}", notes


def _wordy(profile: ColumnProfile) -> bool:
    return bool(profile.strings["mean_words"] >= 1.7 or profile.strings["mean_length"] >= 60) and not _code_like(
        profile
    )


def _code_like(profile: ColumnProfile) -> bool:
    """Few spaces, and digits (or capitals throughout) in most values."""
    shapes = [shape for shape, count in profile.shapes for _ in range(count)]
    if not shapes or profile.strings["mean_words"] > 1.2 or profile.strings["mean_length"] > 64:
        return False
    marked = sum(1 for shape in shapes if "9" in shape or "a" not in shape)
    return marked >= 0.8 * len(shapes)


def _has_digits(profile: ColumnProfile) -> bool:
    total = sum(count for _, count in profile.shapes)
    return sum(count for shape, count in profile.shapes if "9" in shape) >= 0.8 * total


def _shape_share(profile: ColumnProfile) -> tuple[int, float]:
    """Number of commonest shapes (runs shortened), at most 8, and the share of the sample that they cover."""
    counts: dict[str, int] = {}
    for shape, count in profile.shapes:
        counts[collapsed(shape)] = counts.get(collapsed(shape), 0) + count
    total = len(profile.sample)
    covered = 0
    for number, count in enumerate(sorted(counts.values(), reverse=True)[:8], start=1):
        covered += count
        if covered >= 0.9 * total:
            return number, covered / total
    return min(len(counts), 8), covered / total if total else 0.0


def _notes(profile: ColumnProfile) -> tuple[str, ...]:
    notes = []
    shares = profile.kinds
    if shares.get("number", 0.0) >= 0.99 and profile.distinct > 1:
        padded = any(value.startswith("0") and len(value) > 1 and value.isdigit() for value in profile.sample)
        notes.append("digits with leading zeros: a code" if padded else "numbers written as text")
    elif shares.get("date", 0.0) >= 0.95:
        notes.append("dates written as text")
    elif shares.get("boolean", 0.0) == 1.0 and profile.distinct == 2:
        notes.append("yes or no written as text")
    if profile.strings.get("empty"):
        notes.append(f"{profile.strings['empty']:,} empty strings")
    return tuple(notes)


def _sized(profile: ColumnProfile) -> str:
    return f"{profile.strings['mean_length']:.0f} characters and {profile.strings['mean_words']:.1f} words on average"
