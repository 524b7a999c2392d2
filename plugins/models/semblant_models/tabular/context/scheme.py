"""How a related table becomes tokens: the parts that its networks learn, and what each of them sees.

A row is made in two stages. First its *keys*: steps of rising columns and references to lookups.
Then, given the values and contents that these stand for, its *features*. Both stages see the
parent's row and the rows before.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field

from semblant.errors import ArtefactError
from semblant_models.tabular.context.extent import Extent
from semblant_models.tabular.context.history import Followed
from semblant_models.tabular.context.lift import Lift
from semblant_models.tabular.context.reference import Reference
from semblant_models.tabular.context.rising import Rising
from semblant_models.tabular.context.shape import Seen
from semblant_models.tabular.encodings import encoding_from_dict
from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text
from semblant_models.tabular.layout import Layout
from semblant_models.tabular.table import TableEncoding

if TYPE_CHECKING:
    import pyarrow as pa

    from semblant_models.tabular.encodings import Encoding


@define(eq=False)
class Lookup:
    """A foreign key to a table that stays as it is."""

    key: str
    reference: Reference
    content: TableEncoding
    distinct: bool = False

    @property
    def cardinality(self) -> tuple[int, ...]:
        """Codes of the reference's own tokens, then of each content token, one more for no row at all."""
        own = (field.cardinality for field in self.reference.fields)
        return (*own, *(int(c) + 1 for c in self.content.layout.cardinality))

    @property
    def ordered(self) -> tuple[bool, ...]:
        """Which of these tokens are numbers."""
        layout = self.content.layout
        return (*(False for _ in self.reference.fields), *(bool(o) for o in layout.ordered & (layout.field == 0)))

    def seen(self, numbers: np.ndarray, content: np.ndarray) -> np.ndarray:
        """Give the tokens of the rows referred to, int16; ``content`` are those of all rows of the lookup."""
        own = self.reference.encode(numbers).astype(np.int16)
        nothing = self.content.layout.cardinality.astype(np.int16)
        if not len(content):
            return np.concatenate([own, np.tile(nothing, (len(numbers), 1))], axis=1)
        shown = np.where((numbers < 0)[:, None], nothing, content[np.maximum(numbers, 0)])
        return np.concatenate([own, shown.astype(np.int16)], axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "key": self.key,
            "reference": self.reference.to_dict(),
            "content": self.content.to_dict(),
            "distinct": self.distinct,
        }


@define(eq=False)
class Scheme:
    """Everything fitted about a related table but its networks."""

    names: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    features: TableEncoding
    rising: tuple[Rising, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    parent: TableEncoding | None = None
    counts: Encoding | None = None
    """Number of rows per parent."""
    lift: Lift = field(factory=Lift)
    """What such a number is multiplied with when it comes back."""
    extent: Extent | None = None
    """Where sequences begin and end; None without a rising column."""
    anchors: tuple[str, ...] = field(default=())
    """Dates of the parent that first values may count from."""

    @cached_property
    def keys(self) -> Layout:
        """The tokens of the first stage: parts of rising columns, then references."""
        parts: list[Any] = [part for rising in self.rising for part in rising.parts]
        parts += [entry.reference for entry in self.lookups]
        return Layout.of(parts)

    @property
    def counted(self) -> Layout:
        """The tokens that are drawn per parent: where its sequence begins and ends, then how many rows it has."""
        assert self.counts is not None
        return Layout.of([self.counts]) if self.extent is None else self.extent.layout(self.counts)

    def key_places(self, number: int) -> np.ndarray:
        """Give the places of the tokens of the ``number``-th part or reference, in field order."""
        at = np.flatnonzero(self.keys.column == number)
        return np.asarray(at[np.argsort(self.keys.field[at])])

    @property
    def reference_number(self) -> int:
        """Number of the first reference among parts and references."""
        return sum(len(r.parts) for r in self.rising)

    @cached_property
    def known(self) -> tuple[int, ...]:
        """Cardinalities of what the second stage sees of the first: rising values, steps, contents."""
        out: list[int] = []
        for rising in self.rising:
            out += [f.cardinality for f in rising.absolute.fields]
            out += [f.cardinality for f in rising.parts[2].fields[:1]]
        return (*out, *(c for entry in self.lookups for c in entry.cardinality))

    @property
    def _known_ordered(self) -> tuple[bool, ...]:
        """Which of :attr:`known` are numbers."""
        out: list[bool] = []
        for rising in self.rising:
            out += [place == 0 for place, _ in enumerate(rising.absolute.fields)]
            out += [True for _ in rising.parts[2].fields[:1]]
        return (*out, *(there for entry in self.lookups for there in entry.ordered))

    @cached_property
    def followed(self) -> Followed:
        """What the next row sees of a row: its features, then what :attr:`known` lists."""
        layout = self.features.layout
        ordered = (*(layout.ordered & (layout.field == 0)), *self._known_ordered)
        return Followed(
            cardinality=(*(int(c) for c in layout.cardinality), *self.known),
            ordered=tuple(bool(o) for o in ordered),
            timed=self.extent is not None,
            usual=max(self.extent.near, 1) if self.extent is not None else 0,
        )

    @property
    def parent_tokens(self) -> tuple[int, ...]:
        """Cardinalities of the parent's tokens."""
        return () if self.parent is None else tuple(int(c) for c in self.parent.layout.cardinality)

    @property
    def _above(self) -> tuple[bool, ...]:
        """Which of the parent's tokens are numbers."""
        if self.parent is None:
            return ()
        return tuple(bool(o) for o in self.parent.layout.ordered & (self.parent.layout.field == 0))

    @property
    def seen_by_counts(self) -> Seen:
        """What is seen of a parent when its number of rows is drawn."""
        return Seen(cardinality=self.parent_tokens, ordered=self._above, direct=True)

    @property
    def seen_by_keys(self) -> Seen:
        """What the first stage sees: parent and history."""
        if self.parent is None:
            return Seen(cardinality=())
        past = self.followed
        tokens = (*self.parent_tokens, *past.tokens)
        ordered = (*self._above, *past.ordered_places, *past.ordered)
        return Seen(cardinality=tokens, dense=past.dense, ordered=ordered, direct=True)

    @property
    def seen_by_features(self) -> Seen:
        """What the second stage sees; what is no number by a summary alone: seen as it is, it is learned by heart."""
        before = self.seen_by_keys
        tokens, ordered = (*self.known, *before.cardinality), (*self._known_ordered, *before.ordered)
        return Seen(cardinality=tokens, dense=before.dense, ordered=ordered)

    def known_codes(self, values: list[np.ndarray], steps: list[np.ndarray], contents: list[np.ndarray]) -> np.ndarray:
        """Put together what :attr:`known` lists, int16: absolute tokens and step tokens per rising column, contents."""
        parts: list[np.ndarray] = []
        for value, step in zip(values, steps, strict=True):
            parts += [value, step[:, :1]]
        parts += contents
        rows = len(parts[0]) if parts else 0
        return np.concatenate(parts, axis=1).astype(np.int16) if parts else np.zeros((rows, 0), np.int16)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "names": list(self.names),
            "types": [type_to_text(kind) for kind in self.types],
            "features": self.features.to_dict(),
            "rising": [rising.to_dict() for rising in self.rising],
            "lookups": [entry.to_dict() for entry in self.lookups],
            "parent": None if self.parent is None else self.parent.to_dict(),
            "counts": None if self.counts is None else self.counts.to_dict(),
            "lift": self.lift.to_dict(),
            "extent": None if self.extent is None else self.extent.to_dict(),
            "anchors": list(self.anchors),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Scheme:
        """Take back what :meth:`to_dict` gave; damage raises :class:`ArtefactError`."""
        try:
            names = tuple(map(str, state["names"]))
            types = tuple(type_from_text(kind) for kind in state["types"])
            return cls(
                names=names,
                types=types,
                features=TableEncoding.from_dict(state["features"]),
                rising=tuple(Rising.from_dict(entry, types[names.index(entry["column"])]) for entry in state["rising"]),
                lookups=tuple(
                    Lookup(
                        key=str(entry["key"]),
                        reference=Reference.from_dict(entry["reference"]),
                        content=TableEncoding.from_dict(entry["content"]),
                        distinct=bool(entry["distinct"]),
                    )
                    for entry in state["lookups"]
                ),
                parent=None if state["parent"] is None else TableEncoding.from_dict(state["parent"]),
                counts=None if state["counts"] is None else encoding_from_dict(state["counts"]),
                lift=Lift(**state.get("lift", {})),
                extent=Extent.from_dict(state["extent"]) if state.get("extent") else None,
                anchors=tuple(map(str, state["anchors"])),
            )
        except (KeyError, TypeError, ValueError, IndexError) as exc:
            msg = "the description of a related table's model is damaged"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc
