"""Which checks a conformance class has."""

from __future__ import annotations

import itertools
from typing import Any


def checks(cls: type) -> list[str]:
    """List the checks of a class, parametrised ones once per case, as pytest numbers them.

    >>> class Mine:
    ...     def test_it_works(self): ...
    >>> checks(Mine)
    ['test_it_works']
    """
    found = []
    for name in sorted(dir(cls)):
        if name.startswith("test_"):
            cases = list(itertools.product(*(_cases(mark) for mark in _parametrised(getattr(cls, name)))))
            found += [f"{name}[{'-'.join(case)}]" if case else name for case in cases]
    return found


def _parametrised(check: Any) -> list[Any]:
    return [mark for mark in getattr(check, "pytestmark", []) if mark.name == "parametrize"]


def _cases(mark: Any) -> list[str]:
    return [str(number) for number, _ in enumerate(mark.args[1])]
