"""Moments written as text: learned as moments and written in the same way, so that every one of them exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pyarrow as pa
from attrs import define, evolve

from semblant_models.tabular.encodings.moment import Moment

if TYPE_CHECKING:
    import numpy as np

    from semblant_models.tabular.encodings.encoding import Draw, Field, Sample

_FORMATS = (
    *(
        f"%Y-%m-%d{between}%H:%M:%S{fraction}{zone}"
        for between in ("T", " ")
        for fraction in ("", "%.3f", "%.6f")
        for zone in ("", "Z", "+00:00")
    ),
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
)
_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d")


@define(eq=False)
class Written:
    """A string column whose values are dates or timestamps in one format.

    >>> import numpy as np
    >>> from semblant_models.tabular.encodings import Draw, Sample
    >>> values = pa.array([f"2024-02-{day:02d}T10:00:00Z" for day in range(1, 30)] * 20, pa.large_string())
    >>> column = Written.fit(Sample(values=values), format_of(values))
    >>> column.format, column.decode(column.encode(values), Draw(rng=np.random.default_rng(0))).equals(values)
    ('%Y-%m-%dT%H:%M:%SZ', True)
    """

    kind: ClassVar[str] = "written"

    format: str
    moment: Moment

    @classmethod
    def fit(cls, sample: Sample, form: str, *, keep: bool = False) -> Written:
        """Learn the moments of texts in the format ``form`` (see :func:`format_of`)."""
        return cls(form, Moment.fit(evolve(sample, values=_read(sample.values, form)), keep=keep))

    @property
    def fields(self) -> tuple[Field, ...]:
        """The tokens of the moment."""
        return self.moment.fields

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens; a text in another format counts as missing."""
        return self.moment.encode(_read(values, self.format))

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Make texts."""
        return _write(self.moment.decode(tokens, draw), self.format)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"kind": self.kind, "format": self.format, "moment": self.moment.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Written:
        """Take back what :meth:`to_dict` gave."""
        return cls(str(state["format"]), Moment.from_dict(state["moment"]))


def format_of(values: pa.Array) -> str | None:
    """Give the one format in which all texts without nulls are written; None where there is none.

    >>> format_of(pa.array(["2024-01-31", "2024-02-01"])), format_of(pa.array(["2024-19-39"]))
    ('%Y-%m-%d', None)
    """
    if not len(values):
        return None
    first = values.slice(0, 20)
    for form in (*_DATES, *_FORMATS):
        if _same(first, form) and _same(values, form):
            return form
    return None


def _same(values: pa.Array, form: str) -> bool:
    return bool(_write(_read(values, form), form).equals(values.cast(pa.large_string())))


def _read(values: pa.Array, form: str) -> pa.Array:
    texts = pl.from_arrow(values.cast(pa.large_string()))
    assert isinstance(texts, pl.Series)
    if form in _DATES:
        return texts.str.to_date(form, strict=False).to_arrow()
    return texts.str.to_datetime(form, strict=False, time_unit="us", time_zone=None).to_arrow()


def _write(moments: pa.Array, form: str) -> pa.Array:
    made = pl.from_arrow(moments)
    assert isinstance(made, pl.Series)
    return made.dt.strftime(form).to_arrow().cast(pa.large_string())
