"""Capability flags of the conformance classes: True, or the reason why a component cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Capability = bool | str
"""True; or the reason why not, in words, with which the checks are skipped (False gives none)."""

FLAGS = "__semblant_flags__"

_Check = TypeVar("_Check", bound="Callable[..., Any]")


def needs(*flags: str) -> Callable[[_Check], _Check]:
    """Mark a check that is skipped when one of these flags of its class is not True.

    >>> @needs("appends")
    ... def check(self): ...
    >>> getattr(check, FLAGS)
    ('appends',)
    """

    def mark(check: _Check) -> _Check:
        setattr(check, FLAGS, (*getattr(check, FLAGS, ()), *flags))
        return check

    return mark


def lacking(owner: object, flag: str) -> str | None:
    """Give the reason why ``owner`` lacks the capability; None when it has it.

    >>> class Mine:
    ...     appends = "the store only grows by whole files"
    >>> lacking(Mine(), "appends")
    'appends: the store only grows by whole files'
    """
    value: Capability = getattr(owner, flag)
    if value is True:
        return None
    return f"{flag}: {value or 'the component does not offer it'}"


def skip_unless(owner: object, flag: str) -> None:
    """Skip the running check, with the reason, when ``owner`` lacks the capability."""
    reason = lacking(owner, flag)
    if reason is not None:
        pytest.skip(reason)
