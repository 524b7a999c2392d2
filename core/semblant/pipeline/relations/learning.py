"""From organized tables to what a backend learns a related table from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import field, frozen

from semblant.relations import Link, LinkKind
from semblant.schema import ForeignKey  # noqa: TC001 - cattrs reads the annotation
from semblant.training import NO_ROW, NOWHERE, Context, Related

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.pipeline.relations.frames import Member, Relations

BATCH_ROWS = 65_536


@frozen(kw_only=True)
class LinkFacts:
    """What a generator knows of a link: how often it leads nowhere."""

    key: ForeignKey
    kind: LinkKind
    nulls: float = 0.0
    """Share of rows without a reference."""
    nowhere: float = 0.0
    """Share of rows whose reference points to no row."""
    lost: int = 0
    """Different keys among the latter."""
    distinct: bool = field(default=False)
    """Whether rows of one parent never refer to the same row twice."""
    within: str = ""
    """Of a matched key: the ancestor whose rows references stay below; empty where there is none."""
    within_share: float = 0.0
    """Share of references that do."""

    @property
    def link(self) -> Link:
        """The link itself."""
        return Link(self.key, self.kind)


@frozen(kw_only=True)
class Total:
    """A column of a table that is the sum of a column of the rows below it."""

    column: str
    lines: str
    """The table below."""
    part: str
    link: str
    """Name of the link from there."""


def facts_of(member: Member, relations: Relations, primary_key: tuple[str, ...]) -> tuple[LinkFacts, ...]:
    """Measure the links of a table."""
    found = []
    for link in member.links:
        numbers = relations.numbers(member.name, link)
        rows = max(len(numbers), 1)
        nowhere = int((numbers == NOWHERE).sum())
        found.append(
            LinkFacts(
                key=link.key,
                kind=link.kind,
                nulls=float((numbers == NO_ROW).sum() / rows),
                nowhere=nowhere / rows,
                lost=min(nowhere, _lost(member, link, numbers)),
                distinct=_distinct(member, link, primary_key),
            )
        )
    return tuple(found)


def _lost(member: Member, link: Link, numbers: np.ndarray) -> int:
    """Count the different keys that point nowhere."""
    import polars as pl
    import pyarrow.parquet as pq

    if not (numbers == NOWHERE).any():
        return 0
    keys = pq.read_table(member.path, columns=list(link.key.columns)).filter(pa.array(numbers == NOWHERE))
    frame = pl.from_arrow(keys)
    assert isinstance(frame, pl.DataFrame)
    return int(frame.n_unique())


def _distinct(member: Member, link: Link, primary_key: tuple[str, ...]) -> bool:
    parent = member.parent
    if link.kind is not LinkKind.LOOKUP or parent is None:
        return False
    return len(primary_key) > 1 and set(primary_key) == {*parent.key.columns, *link.key.columns}


def context_of(member: Member, relations: Relations, facts: tuple[LinkFacts, ...]) -> Context:
    """Give what the rows of a table are conditioned on."""
    parent = None
    lookups = []
    for known in facts:
        link = known.link
        if link.kind is LinkKind.PARENT:
            parent = _parent(member, link, relations)
        elif link.kind is LinkKind.LOOKUP:
            lookups.append(_lookup(link, relations, relations.numbers(member.name, link), distinct=known.distinct))
    return Context(parent=parent, lookups=tuple(lookups))


def _lookup(link: Link, relations: Relations, numbers: np.ndarray, *, distinct: bool) -> Related:
    plans, content = relations.content(link)
    return Related(
        key=link.name,
        plans=plans,
        rows=content.num_rows,
        open=lambda: batches(content),
        of=lambda: numbers,
        distinct=distinct,
    )


def _parent(member: Member, link: Link, relations: Relations) -> Related:
    """Give the parent's frame; rows without a parent get one of their own, all null, at the end."""
    plans, frame = relations.frame(link.key.references)
    numbers = relations.numbers(member.name, link)
    lost = np.flatnonzero(numbers < 0)
    real = frame.num_rows
    who = relations.subjects(link.key.references)
    if len(lost):
        numbers = numbers.copy()
        numbers[lost] = real + np.arange(len(lost))
        frame = with_orphans(frame, len(lost))
        who = np.concatenate([who, relations.subjects(member.name)[lost]])
    return Related(
        key=link.name,
        plans=plans,
        rows=real + len(lost),
        open=lambda: batches(frame),
        of=lambda: numbers,
        subjects=lambda: who,
        top=relations.members[link.key.references].parent is None,
        orphans=len(lost),
    )


def with_orphans(frame: pa.Table, count: int) -> pa.Table:
    """Add rows that are all null."""
    nulls = pa.table([pa.nulls(count, kind) for kind in frame.schema.types], schema=frame.schema)
    return pa.concat_tables([frame, nulls]) if count else frame


def batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Stream a table of at least one column."""
    return iter(table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS))
