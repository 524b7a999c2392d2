"""Categories: values held by enough subjects, in one token or, for many of them, group and member."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text, values_from_json, values_to_json
from semblant_models.tabular.encodings.codes import Codes
from semblant_models.tabular.encodings.encoding import Draw, Field, Sample
from semblant_models.tabular.encodings.forms import salt_of
from semblant_models.tabular.encodings.letters import Letters
from semblant_models.tabular.encodings.subjects import holders

ONE_TOKEN = 256
OPEN_SHARE, OPEN_VALUES = 0.05, 50
"""Share of rows with rare values, and number of these, from which a list of strings is open: new ones belong to it."""
MOST_MEMBERS = 1024
"""Values of a group at most, where there are so many that smaller groups would be more than a token holds."""
MOST_VALUES = (ONE_TOKEN - 2) * MOST_MEMBERS
"""Values kept at most, the most frequent ones."""


@define(eq=False)
class Categorical:
    """A column of values without order, of any Arrow type that can be compared.

    Codes of the first token: null when there are nulls, RARE when rare values occur, then values
    (or groups of values that are neighbours in sorting order, so that codes with a common
    beginning stay together). RARE is learned and never drawn while there is a value to draw; in an
    open list of strings (names, streets, postal codes), where many rows hold rare values, it is drawn and a new
    string is made up for it (a kept value where none can be).

    >>> column = Categorical.fit(Sample(values=pa.array(["a"] * 12 + ["b"] * 11 + ["secret"])))
    >>> column.values.to_pylist()
    ['a', 'b']
    """

    kind: ClassVar[str] = "categorical"

    values: pa.Array
    """Kept values in the order of their codes."""
    shares: np.ndarray
    """Share of each kept value among all kept ones, shape (values,)."""
    null: bool
    rare: bool
    group_of: np.ndarray | None = None
    """Group of each value, ascending, where one token is not enough."""
    maker: Codes | Letters | None = None
    """Makes values up in the manner of the rare ones."""

    @classmethod
    def fit(cls, sample: Sample, *, keep: bool = False) -> Categorical:
        """Learn from a sample; with ``keep`` every value is kept, whoever holds it."""
        array = sample.values
        least = 1 if keep else sample.min_subjects
        real = array.drop_null()
        encoded = real.dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        subjects = None
        if sample.subjects is not None:
            subjects = sample.subjects[array.is_valid().to_numpy(zero_copy_only=False)]
        values = encoded.dictionary
        held = holders(codes, subjects, len(values))
        rows = np.bincount(codes, minlength=len(values))
        everybodys = len(values) == 1 and array.null_count == 0
        kept = np.arange(len(values)) if everybodys else np.flatnonzero(held >= least)
        kept = kept[np.argsort(-rows[kept], kind="stable")][:MOST_VALUES]
        if len(kept) > ONE_TOKEN - 2:
            kept = kept[pc.sort_indices(values.take(pa.array(kept))).to_numpy(zero_copy_only=False)]
        group = None
        if len(kept) > ONE_TOKEN - 2:
            group = _groups(rows[kept])
        total = max(int(rows[kept].sum()), 1)
        few = np.ones(len(values), bool)
        few[kept] = False
        maker = _maker(sample, real, few[codes], subjects) if len(kept) and not keep else None
        return cls(
            values=values.take(pa.array(kept, pa.int64())),
            shares=rows[kept] / total,
            null=array.null_count > 0,
            rare=len(kept) < len(values),
            group_of=group,
            maker=maker,
        )

    @property
    def fields(self) -> tuple[Field, ...]:
        """One token, or two: group and member."""
        extra = int(self.null) + int(self.rare)
        blocked = (int(self.null),) if self.rare and len(self.values) and self.maker is None else ()
        if self.group_of is None:
            size = len(self.values) + extra
            return (Field(cardinality=size, blocked=blocked),) if size > 1 else ()
        members = int(np.bincount(self.group_of).max())
        return (
            Field(cardinality=int(self.group_of[-1]) + 1 + extra, blocked=blocked),
            Field(cardinality=members, phase=1, parent=0),
        )

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens; a value that was not kept is RARE, or the most frequent one where RARE is unknown."""
        width, extra = len(self.fields), int(self.null) + int(self.rare)
        tokens = np.zeros((len(values), width), np.int32)
        if not width:
            return tokens
        place = np.zeros(len(values), np.int64)
        known = np.zeros(len(values), bool)
        if len(self.values):
            found = pc.index_in(values, value_set=self.values)
            known = found.is_valid().to_numpy(zero_copy_only=False)
            place = pc.fill_null(found, 0).to_numpy(zero_copy_only=False).astype(np.int64)
        usual = int(np.argmax(self.shares)) if len(self.values) else 0
        place = np.where(known, place, usual)
        if self.group_of is None:
            tokens[:, 0] = place + extra
        else:
            starts = np.searchsorted(self.group_of, np.arange(self.group_of[-1] + 1))
            tokens[:, 0] = self.group_of[place] + extra
            tokens[:, 1] = place - starts[self.group_of[place]]
        missing = values.is_null().to_numpy(zero_copy_only=False)
        for rows, code, there in ((~known & ~missing, int(self.null), self.rare), (missing, 0, self.null)):
            if there:
                tokens[rows, 0] = code
                tokens[rows, 1:] = 0
        return tokens

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Make values; RARE becomes a kept value by frequency, or null where none is kept."""
        rows, extra = len(tokens), int(self.null) + int(self.rare)
        if tokens.shape[1] == 0:
            if len(self.values):
                return self.values.take(pa.array(np.zeros(rows, np.int64)))
            return pa.nulls(rows, self.values.type)
        first = tokens[:, 0].astype(np.int64)
        if self.group_of is None:
            place = first - extra
        else:
            group = np.maximum(first - extra, 0)
            starts = np.searchsorted(self.group_of, np.arange(self.group_of[-1] + 2))
            place = np.minimum(starts[group] + tokens[:, 1], starts[group + 1] - 1)
        absent = np.zeros(rows, bool)
        if self.null:
            absent |= first == 0
        rare = (first == int(self.null)) if self.rare else absent
        if self.rare:
            if len(self.values):
                place[rare] = np.searchsorted(
                    np.cumsum(self.shares)[:-1], draw.rng.random(int(rare.sum())), side="right"
                )
            else:
                absent |= rare
        if not len(self.values):
            return pa.nulls(rows, self.values.type)
        made = self.values.take(pa.array(np.clip(place, 0, len(self.values) - 1), pa.int64(), mask=absent))
        if self.maker is None or not rare.any():
            return made
        new = self.maker.draw(int(rare.sum()), draw.rng)
        rare[rare] = new.is_valid().to_numpy(zero_copy_only=False)
        return pc.replace_with_mask(made, pa.array(rare), new.drop_null())

    def code_of(self, value: Any) -> tuple[int, ...] | None:
        """Give the tokens of one value, None where it is not kept."""
        if value is None:
            return (0,) * len(self.fields) if self.null else None
        try:
            array = pa.array([value]).cast(self.values.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            return None
        if not len(self.values) or pc.index_in(array, value_set=self.values)[0].as_py() is None:
            return None
        return tuple(int(t) for t in self.encode(array)[0])

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "kind": self.kind,
            "type": type_to_text(self.values.type),
            "values": values_to_json(self.values),
            "shares": self.shares.tolist(),
            "null": self.null,
            "rare": self.rare,
            "groups": None if self.group_of is None else self.group_of.tolist(),
            "letters": self.maker.to_dict() if isinstance(self.maker, Letters) else None,
            "codes": self.maker.to_dict() if isinstance(self.maker, Codes) else None,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Categorical:
        """Take back what :meth:`to_dict` gave."""
        groups = state["groups"]
        maker: Codes | Letters | None = Letters.from_dict(state["letters"]) if state.get("letters") else None
        if state.get("codes"):
            maker = Codes.from_dict(state["codes"])
        return cls(
            values=values_from_json(state["values"], type_from_text(state["type"])),
            shares=np.array(state["shares"], np.float64),
            null=bool(state["null"]),
            rare=bool(state["rare"]),
            group_of=None if groups is None else np.array(groups, np.int64),
            maker=maker,
        )


def _maker(sample: Sample, real: pa.Array, rare: np.ndarray, subjects: np.ndarray | None) -> Codes | Letters | None:
    """Learn to make values up where the list is open: strings, and rare ones in many rows."""
    if not pa.types.is_large_string(sample.values.type) or rare.mean() < OPEN_SHARE:
        return None
    strings = real.filter(pa.array(rare))
    if pc.count_distinct(strings).as_py() < OPEN_VALUES:
        return None
    who, least, salt = None if subjects is None else subjects[rare], sample.min_subjects, salt_of(sample.column)
    codes = Codes.fit(strings, who, least=least, salt=salt)
    return codes or Letters.fit(strings, who, least=least, guarded=real, salt=salt)


def _groups(rows: np.ndarray) -> np.ndarray:
    """Cut values into groups of about equal mass and at most ONE_TOKEN members, or MOST_MEMBERS for very many."""
    most = ONE_TOKEN if len(rows) <= (ONE_TOKEN - 2) * ONE_TOKEN else MOST_MEMBERS
    wanted = int(np.clip(np.ceil(np.sqrt(len(rows))), 2, ONE_TOKEN - 2))
    middle = np.cumsum(np.sqrt(rows)) - np.sqrt(rows) / 2
    group = np.minimum((middle * wanted / np.sqrt(rows).sum()).astype(np.int64), wanted - 1)
    group = np.unique(group, return_inverse=True)[1]
    while np.bincount(group).max() > most:
        counts = np.bincount(group)
        place = np.arange(len(group)) - np.searchsorted(group, group)
        group = np.unique(group * 2 + (place >= counts[group] / 2), return_inverse=True)[1]
    return group
