"""New codes in the manner of rare ones: postal codes, article numbers, plates, which all stand in a few forms.

Letters drawn one behind the other lose count of them; a form gives how many there are, and which stand where.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from attrs import define

from semblant_models.tabular.encodings.form import LOWER, characters
from semblant_models.tabular.encodings.forms import Forms
from semblant_models.tabular.encodings.subjects import holders

_MOST_WORDS, _LEAST_FORMED = 0.1, 0.9
"""Share of strings with small letters up to which a list is one of codes, and of those in forms that enough hold."""

_LOOKED_AT = 20_000


@define(eq=False)
class Codes:
    """Makes codes up.

    >>> towns = pa.array([f"{i:05d}" for i in range(1000, 9000, 7)], pa.large_string())
    >>> codes = Codes.fit(towns, None, least=10, salt=1)
    >>> [len(code) for code in codes.draw(3, np.random.default_rng(0)).to_pylist()]
    [5, 5, 5]
    """

    forms: Forms

    @classmethod
    def fit(cls, values: pa.Array, subjects: np.ndarray | None, *, least: int, salt: int) -> Codes | None:
        """Learn from strings without nulls, shape (n,); None where they are words, or have no forms in common.

        Those that fewer than ``least`` subjects hold never come out, however few others there are.
        """
        looked, whose = values, subjects
        if len(values) > _LOOKED_AT:
            pick = np.linspace(0, len(values) - 1, _LOOKED_AT).astype(np.int64)
            looked, whose = values.take(pa.array(pick)), None if subjects is None else subjects[pick]
        kinds = characters(looked)[1]
        if not len(kinds) or (kinds == LOWER).any(axis=1).mean() > _MOST_WORDS:
            return None
        _, members = np.unique(kinds, axis=0, return_inverse=True)
        held = holders(members.reshape(-1), whose, int(members.max()) + 1)
        if (held >= least)[members].mean() < _LEAST_FORMED:
            return None
        return cls(Forms.fit(values, subjects, least, salt))

    def draw(self, rows: int, rng: np.random.Generator) -> pa.Array:
        """Make ``rows`` codes; null where none came up in many tries."""
        form = self.forms.drawn(rows, rng)
        made = self.forms.draw(form, np.full(rows, -1), rng)
        refused = np.zeros(rows, bool)
        refused[self.forms.recognised(made, form)] = True
        return pa.array(made, pa.large_string(), mask=refused)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"forms": self.forms.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Codes:
        """Take back what :meth:`to_dict` gave."""
        return cls(Forms.from_dict(state["forms"]))
