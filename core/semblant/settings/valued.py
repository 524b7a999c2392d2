"""Equality, hash and text of settings and descriptors, written once for all of them.

attrs writes and compiles these three for every class anew. There are fifty classes that every start of the program
makes, and a fifth of its time went there.
"""

from __future__ import annotations

from typing import Any

import attrs


class Valued:
    """Base of attrs classes that are made with ``eq=False, repr=False``: equal when all fields of one class are.

    >>> @attrs.frozen(eq=False, repr=False)
    ... class Place(Valued):
    ...     path: str
    ...     note: str = attrs.field(default="", eq=False, repr=False)
    >>> Place("a", "x") == Place("a", "y"), Place("a") == "a", len({Place("a"), Place("a")})
    (True, False, 1)
    >>> Place("a")
    Place(path='a')
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Compare the fields; another class is never equal."""
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._compared() == other._compared()

    def __hash__(self) -> int:
        """Hash the fields that are compared."""
        return hash((self.__class__, *self._compared()))

    def __repr__(self) -> str:
        """Write the class with its fields, secrets as they show themselves."""
        shown = ", ".join(f"{a.name}={_text(a, getattr(self, a.name))}" for a in _fields(self) if a.repr)
        return f"{type(self).__qualname__.rpartition('>.')[2]}({shown})"

    def _compared(self) -> tuple[Any, ...]:
        return tuple(getattr(self, a.name) for a in _fields(self) if a.eq)


def _fields(made: Any) -> tuple[attrs.Attribute[Any], ...]:
    found: tuple[attrs.Attribute[Any], ...] = attrs.fields(type(made))
    return found


def _text(attribute: attrs.Attribute[Any], value: Any) -> str:
    return repr(value) if attribute.repr is True else str(attribute.repr(value))  # type: ignore[operator]
