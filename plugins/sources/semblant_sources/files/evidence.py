"""What the cells of one text column say about its type, gathered batch by batch in constant memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
from attrs import define, field

from semblant_sources.files.calendar import FINE, temporal_kinds
from semblant_sources.files.kinds import INTEGER, NUMBERS, POINT, SIGNS, TRUTH, amounts, is_sentinel
from semblant_sources.files.matching import among, distinct, matches, stripped

if TYPE_CHECKING:
    from semblant_sources.files.kinds import Kind

MAX_TOKENS = 30
_MAX_ROWS = 20
_LOOKED_AT = 2000
_EXACT_IN_FLOAT = 2**53


@define
class Failures:
    """The cells that are not of a kind: how often each text, and the first rows."""

    tokens: dict[str, int] = field(factory=dict)
    rows: list[tuple[int, str]] = field(factory=list)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return sum(self.tokens.values())


@define
class Evidence:
    """Counts of one column over the rows seen so far; a kind is dropped once too many cells are of another."""

    rows: int = 0
    missing: int = 0
    kinds: dict[Kind, Failures] = field(factory=dict)
    sentinels: dict[str, int] = field(factory=dict)
    started: bool = False
    beyond_int64: bool = False
    beyond_float: bool = False
    bare_exponent: bool = False
    pointed: bool = False
    whole: bool = True
    """Whether all decimals are whole numbers written with an exponent (1e+05)."""
    fraction: set[str] = field(factory=set)
    """Names of the number kinds under which some cell has decimals."""
    fine: bool = False
    wordless: list[int] | None = field(factory=list)
    """Rows whose cell has digits and no letter; None once they are too many for a column of words."""
    leading_zero: bool = False
    codes: bool = False
    """Whether the first cells are nothing but digits."""

    @property
    def valued(self) -> int:
        """Cells that hold something other than a word for *missing*."""
        return self.rows - self.missing - sum(self.sentinels.values())

    def observe(self, cells: pl.Series, first_row: int) -> None:
        """Take the next cells; ``first_row`` counts the rows of data from 0."""
        self.rows += len(cells)
        missing = cells.null_count()
        self.missing += missing
        if missing == len(cells):
            return
        if self.started and not self.kinds:
            self._look_for_words(cells, first_row)
            return
        raw = distinct(cells.drop_nulls())
        texts = stripped(raw)
        absent = is_sentinel(texts)
        if absent.any():
            self._count(cells, raw.filter(absent), self.sentinels)
            texts, raw = texts.filter(~absent), raw.filter(~absent)
        if not len(texts):
            return
        if not self.started:
            self._start(texts)
        self._weigh(cells, raw, texts, first_row)
        self._look_for_words(cells, first_row)

    def _start(self, texts: pl.Series) -> None:
        """Keep the kinds that at least one of the first texts is of."""
        self.started = True
        head = texts.head(_LOOKED_AT)
        self.codes = bool(matches(head, r"^[0-9]+$").all())
        self.leading_zero = bool(matches(head, r"^[+-]?0[0-9]+$").any())
        kinds = [INTEGER, *NUMBERS, TRUTH]
        if not INTEGER.conforms(head).all():
            kinds.extend(temporal_kinds(head))
            kinds.extend(kind for sign in SIGNS if matches(head, re.escape(sign)).any() for kind in amounts(sign))
        self.kinds = {kind: Failures() for kind in kinds if kind.conforms(head).any()}

    def _weigh(self, cells: pl.Series, raw: pl.Series, texts: pl.Series, first_row: int) -> None:
        whole = INTEGER.conforms(texts)
        self._note_integers(texts.filter(whole))
        others, raw_others = texts.filter(~whole), raw.filter(~whole)
        numeric = [kind for kind in self.kinds if kind.family in ("integer", "number")]
        rest = [kind for kind in self.kinds if kind not in numeric]
        self._note_numbers(others, numeric)
        for kind in numeric:
            bad = raw_others if kind is INTEGER else raw_others.filter(~kind.conforms(others))
            self._fail(kind, cells, bad, first_row)
        for kind in rest:
            self._fail(kind, cells, raw.filter(~kind.conforms(texts)), first_row)

    def _note_integers(self, texts: pl.Series) -> None:
        if not len(texts):
            return
        values = texts.cast(pl.Int64, strict=False)
        self.beyond_int64 = self.beyond_int64 or values.null_count() > 0
        self.beyond_float = self.beyond_float or bool((values.abs() > _EXACT_IN_FLOAT).any()) or self.beyond_int64

    def _note_numbers(self, texts: pl.Series, kinds: list[Kind]) -> None:
        if not len(texts) or not kinds:
            return
        self.leading_zero = self.leading_zero or bool(matches(texts, r"^[+-]?0[0-9]+$").any())
        self.bare_exponent = self.bare_exponent or bool(matches(texts, r"^[0-9]+[eE][0-9]+$").any())
        self.pointed = self.pointed or bool(matches(texts, r"^[+-]?[0-9]*[.,][0-9]|[0-9][eE][+-]").any())
        if self.whole:
            values = POINT.parse(texts).filter(matches(texts, r"^[+-]?[0-9](?:\.[0-9]+)?[eE]\+[0-9]+$"))
            self.whole = len(values) == len(texts) and bool(
                ((values == values.round()) & (values.abs() < _EXACT_IN_FLOAT)).all()
            )
        if matches(texts, r"[.eEfF]").any():
            self.fraction.add("point")
        if matches(texts, r"[,eEfF]").any():
            self.fraction.add("comma")

    def _fail(self, kind: Kind, cells: pl.Series, bad: pl.Series, first_row: int) -> None:
        if not len(bad):
            return
        failures = self.kinds[kind]
        bad = bad.unique() if bad.head(_LOOKED_AT).n_unique() <= MAX_TOKENS * 2 else bad
        if len(bad) + len(failures.tokens) > MAX_TOKENS * 2 or not self._count(cells, bad, failures.tokens):
            del self.kinds[kind]
            return
        if len(failures.rows) < _MAX_ROWS:
            found = among(cells, frozenset(bad.to_list())).arg_true().head(_MAX_ROWS - len(failures.rows))
            failures.rows.extend((first_row + row, cells[row]) for row in found)

    @staticmethod
    def _count(cells: pl.Series, wanted: pl.Series, into: dict[str, int]) -> bool:
        """Add up how often each text occurs; tell whether the texts are still few."""
        found = cells.filter(among(cells, frozenset(wanted.to_list()))).value_counts()
        for text, count in found.iter_rows():
            key = text.strip()
            into[key] = into.get(key, 0) + count
        return len(into) <= MAX_TOKENS

    def _look_for_words(self, cells: pl.Series, first_row: int) -> None:
        if any(kind.family in ("date", "datetime") for kind in self.kinds) and not self.fine:
            self.fine = bool(matches(cells, FINE).any())
        if self.wordless is None:
            return
        found = (~matches(cells, r"\p{L}") & matches(cells, r"[0-9]")).arg_true()
        if len(found) + len(self.wordless) > 5:
            self.wordless = None
        else:
            self.wordless.extend(first_row + row for row in found)
