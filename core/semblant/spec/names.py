"""Names of generators: readable ones made here, and what a user's own may look like."""

from __future__ import annotations

import random
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_LENGTH: Final = 80
NAME_RULE: Final = (
    f"use 1 to {MAX_LENGTH} letters, digits, spaces, '-', '_' or '.'; "
    "begin with a letter or digit, end with neither ' ' nor '.'"
)
_ADJECTIVES: Final = (
    "amber",
    "autumn",
    "azure",
    "bold",
    "brave",
    "breezy",
    "bright",
    "brisk",
    "calm",
    "candid",
    "clever",
    "copper",
    "coral",
    "cosmic",
    "crimson",
    "crisp",
    "dapper",
    "dawn",
    "deep",
    "eager",
    "early",
    "fabled",
    "fair",
    "fleet",
    "gentle",
    "gilded",
    "golden",
    "grand",
    "hazel",
    "honest",
    "humble",
    "indigo",
    "ivory",
    "jade",
    "jolly",
    "keen",
    "kind",
    "lively",
    "lucid",
    "lunar",
    "mellow",
    "merry",
    "misty",
    "modest",
    "nimble",
    "noble",
    "olive",
    "patient",
    "pearl",
    "placid",
    "polar",
    "proud",
    "quiet",
    "rapid",
    "royal",
    "ruby",
    "rustic",
    "scarlet",
    "serene",
    "silver",
    "sincere",
    "solar",
    "spry",
    "steady",
    "sunny",
    "swift",
    "tidy",
    "tranquil",
    "violet",
    "vivid",
    "warm",
    "witty",
)
_ANIMALS: Final = (
    "badger",
    "beaver",
    "bison",
    "bittern",
    "condor",
    "crane",
    "curlew",
    "dolphin",
    "eagle",
    "egret",
    "falcon",
    "ferret",
    "finch",
    "gannet",
    "gazelle",
    "gecko",
    "gibbon",
    "heron",
    "hoopoe",
    "ibex",
    "ibis",
    "jackdaw",
    "jaguar",
    "kestrel",
    "kingfisher",
    "koala",
    "lapwing",
    "lark",
    "lemur",
    "leopard",
    "linnet",
    "lynx",
    "magpie",
    "marmot",
    "marten",
    "merlin",
    "mongoose",
    "narwhal",
    "newt",
    "nightjar",
    "ocelot",
    "oriole",
    "osprey",
    "otter",
    "panda",
    "pelican",
    "penguin",
    "petrel",
    "plover",
    "puffin",
    "puma",
    "quail",
    "rabbit",
    "raven",
    "robin",
    "salmon",
    "seal",
    "serval",
    "sparrow",
    "starling",
    "stork",
    "swallow",
    "tapir",
    "tern",
    "thrush",
    "toucan",
    "turtle",
    "viper",
    "walrus",
    "weasel",
    "wombat",
    "wren",
)
_RESERVED: Final = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def readable_name(taken: Collection[str] = (), chance: random.Random | None = None) -> str:
    """Make a name like ``amber-otter-7f3`` that is not among ``taken``.

    :param chance: where it is drawn from; the operating system when None, so that two processes differ.

    >>> readable_name(chance=random.Random(1))
    'dawn-eagle-829'
    """
    chance = chance or random.SystemRandom()
    digits = 3
    while True:
        name = f"{chance.choice(_ADJECTIVES)}-{chance.choice(_ANIMALS)}-{chance.randrange(16**digits):0{digits}x}"
        if name not in taken:
            return name
        digits = min(digits + 1, 12)  # 21 million names may run out in a test, never in a home


def name_problem(name: str) -> str | None:
    """Say what is wrong with a user's name; None when it can be used, also as a file name.

    >>> name_problem("Orders 2024 (north)")
    "has the sign '('"
    >>> name_problem("orders 2024") is None
    True
    """
    if not name.strip():
        return "is empty"
    if len(name) > MAX_LENGTH:
        return f"has {len(name)} characters"
    for sign in name:
        if not (sign.isalnum() or sign in " -_." or unicodedata.category(sign) in ("Mn", "Mc")):
            return f"has the sign '{sign}'" if sign.isprintable() else f"has the invisible character U+{ord(sign):04X}"
    if not name[0].isalnum():
        return f"begins with '{name[0]}'"
    if name[-1] in " .":
        return f"ends with '{name[-1]}'"
    if name.partition(".")[0].strip().lower() in _RESERVED:
        return "is reserved by Windows for a device"
    return None
