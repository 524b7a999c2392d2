"""Fields of settings classes: default, help and bounds in one place.

The metadata written here feeds the structure hook, the JSON Schema, the reference and the CLI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

Auto = Literal["auto"]
AUTO: Final = "auto"
"""A value that is to be found out."""

METADATA: Final = "semblant"


def setting(
    default: Any = attrs.NOTHING,
    *,
    help: str,  # noqa: A002 - the word people look for
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: tuple[str, ...] | None = None,
    unit: str = "",
    factory: Callable[[], Any] | None = None,
    feature: tuple[int, ...] = (),
    converter: Callable[[Any], Any] | None = None,
) -> Any:
    """Make an attrs field with a help text and bounds.

    :param default: the value when nothing is given; without one the setting is required.
    :param help: one line for the reference, the schema and ``--help``.
    :param ge: least value; ``gt`` excludes it. ``auto`` and None are exempt where the annotation allows them.
    :param le: greatest value; ``lt`` excludes it.
    :param choices: the texts that are allowed.
    :param unit: what a number is in, such as ``seconds``.
    :param factory: makes a default that must be a new one each time (``dict``).
    :param converter: turns what is given into what is kept.
    :param feature: the rows of ``spec/features.toml`` that it serves.

    >>> @attrs.frozen(kw_only=True)
    ... class Mine:
    ...     rows: int = setting(10, help="how many", ge=1)
    >>> Mine().rows
    10
    """
    metadata = {
        METADATA: {
            "help": help,
            "ge": ge,
            "gt": gt,
            "le": le,
            "lt": lt,
            "choices": choices,
            "unit": unit,
            "feature": feature,
        }
    }
    if factory is not None:
        return attrs.field(factory=factory, metadata=metadata, converter=converter)
    return attrs.field(default=default, metadata=metadata, converter=converter)


def bounds(attribute: attrs.Attribute[Any]) -> dict[str, Any]:
    """Give what :func:`setting` noted for an attrs attribute; empty for an ordinary field."""
    found: dict[str, Any] = attribute.metadata.get(METADATA, {})
    return found
