"""Matched keys: learned from both sides as they are, filled in when both are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define

from semblant.pipeline.relations.making import References
from semblant.pipeline.relations.numbers import numbers_of
from semblant.pipeline.text_columns import DATA
from semblant.relations import Link, LinkKind
from semblant.training import Groups, MatchRequest, MatchTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.artefact.generator import GeneratorTable
    from semblant.pipeline.relations.frames import Relations
    from semblant.pipeline.relations.learning import LinkFacts
    from semblant.protocols import Matcher
    from semblant.run import Run
    from semblant.training import Split

MATCHED = (LinkKind.MATCH, LinkKind.SELF)
_WITHIN = 0.95
"""Share of references that must stay below the same ancestor for this to be a rule."""
_LEAST_ANCESTORS = 2
_EXCHANGES = 60


def match_task(relations: Relations, table: str, facts: LinkFacts, split: Split, min_subjects: int) -> MatchTask:
    """Give what is to be learned about a matched key."""
    link = facts.link
    child_plans, child = relations.frame(table)
    target_plans, target = relations.frame(link.key.references)
    return MatchTask(
        table=table,
        key=link.name,
        child_plans=child_plans,
        child=child,
        target_plans=target_plans,
        target=target,
        numbers=relations.numbers(table, link),
        split=split,
        child_subjects=relations.subjects(table),
        target_subjects=relations.subjects(link.key.references),
        min_subjects=min_subjects,
        itself=link.kind is LinkKind.SELF,
    )


def lines_up(relations: Relations, table: str) -> dict[str, np.ndarray]:
    """Give the row of each ancestor that each row of a table stands below, nearest first."""
    found: dict[str, np.ndarray] = {}
    numbers, name = np.arange(relations.rows(table)), table
    while (link := relations.members[name].parent) is not None:
        above = relations.numbers(name, link)
        numbers = np.where(numbers >= 0, above[np.maximum(numbers, 0)], -1) if len(above) else numbers
        name = link.key.references
        found[name] = numbers
    return found


def shared_ancestor(relations: Relations, table: str, link: Link) -> tuple[str, float]:
    """Find the nearest table below one row of which nearly all references stay; "" where there is none."""
    numbers = relations.numbers(table, link)
    there = numbers >= 0
    own = lines_up(relations, table)
    theirs = {link.key.references: np.arange(relations.rows(link.key.references))}
    theirs |= lines_up(relations, link.key.references)
    for name, above in own.items():
        if name not in theirs or not there.any() or relations.rows(name) < _LEAST_ANCESTORS:
            continue
        mine, its = above[there], theirs[name][numbers[there]]
        share = float(((mine == its) & (mine >= 0)).mean())
        if share >= _WITHIN:
            return name, share
    return "", 0.0


def groups_of(relations: Relations, table: str, facts: LinkFacts) -> Groups | None:
    """Give the rows that belong together on both sides of a matched key."""
    if not facts.within:
        return None
    target = facts.key.references
    theirs = {target: np.arange(relations.rows(target)), **lines_up(relations, target)}
    return Groups(child=lines_up(relations, table)[facts.within], target=theirs[facts.within], share=facts.within_share)


def without_pairs_twice(rest: np.ndarray, numbers: np.ndarray, targets: int, rng: np.random.Generator) -> np.ndarray:
    """Change references until no pair of ``rest`` and target comes twice: first by exchange, which keeps numbers.

    >>> rng = np.random.default_rng(0)
    >>> sorted(without_pairs_twice(np.array([1, 1, 2, 2]), np.array([0, 0, 1, 1]), 2, rng)[:2].tolist())
    [0, 1]
    """
    numbers = numbers.copy()
    for attempt in range(_EXCHANGES):
        order = np.lexsort((rng.random(len(numbers)), numbers, rest))
        same = (rest[order][1:] == rest[order][:-1]) & (numbers[order][1:] == numbers[order][:-1])
        twice = order[1:][same & (numbers[order][1:] >= 0)]
        if not len(twice):
            break
        if attempt < _EXCHANGES // 2:
            other = rng.permutation(len(numbers))[: len(twice)]
            twice = twice[: len(other)]
            apart = ~np.isin(other, twice) & (numbers[other] >= 0)
            one, two = twice[apart], other[apart]
            numbers[one], numbers[two] = numbers[two].copy(), numbers[one].copy()
        else:
            numbers[twice] = rng.integers(0, max(targets, 1), len(twice))
    return numbers


@define(kw_only=True)
class Matching:
    """Fills in the matched keys of a table."""

    entry: GeneratorTable
    relations: Relations
    matcher: Callable[[LinkFacts], Matcher]
    given: pa.Table | None = None
    """Rows of the table that were given, in order."""

    def fill(self, run: Run) -> None:
        """Write the table again, into ``run.workspace``, with its matched keys."""
        name = self.entry.table.name
        table = self.relations.members[name].path
        schema = self.entry.schema()
        links = [facts for facts in self.entry.links if facts.kind in MATCHED]
        found = {facts.link.name: self._numbers(facts, run) for facts in links}
        references = References(
            entry=self.entry,
            relations=self.relations,
            rng=np.random.default_rng([run.random_seed("matched", name) % 2**32]),
        )
        done = 0
        with (
            pq.ParquetFile(table) as file,
            pq.ParquetWriter(run.workspace / DATA, schema, compression="zstd", compression_level=1) as writer,
        ):
            for batch in file.iter_batches():
                rows = pa.Table.from_batches([batch])
                for facts in links:
                    numbers = found[facts.link.name][done : done + rows.num_rows]
                    rows = references.matched(rows, facts, numbers)
                writer.write_table(rows.select(schema.names).cast(schema))
                done += rows.num_rows
                run.progress(done, file.metadata.num_rows)

    def _rest_of_key(self, facts: LinkFacts) -> np.ndarray:
        """Give a number per row that is the same for rows with the same other columns of the primary key."""
        rest = [name for name in self.entry.table.primary_key if name not in facts.key.columns]
        path = self.relations.members[self.entry.table.name].path
        frame = pl.from_arrow(pq.read_table(path, columns=rest)) if rest else None
        if not isinstance(frame, pl.DataFrame):
            return np.zeros(self.relations.rows(self.entry.table.name), np.uint64)
        return frame.hash_rows(seed=0).to_numpy()

    def _with_given(self, facts: LinkFacts, drawn: np.ndarray) -> np.ndarray:
        """Keep the references that were given; within a table all are, nulls included, so that no ring is made."""
        given = self.given
        if given is None or not set(facts.key.columns) <= set(given.column_names):
            return drawn
        target = self.relations.members[facts.key.references].path
        keys = pq.read_table(target, columns=list(facts.key.referenced_columns))
        told = numbers_of(given.select(list(facts.key.columns)), keys)
        return told if facts.kind is LinkKind.SELF else np.where(told >= 0, told, drawn)

    def _numbers(self, facts: LinkFacts, run: Run) -> np.ndarray:
        name = self.entry.table.name
        child, target = self.relations.frame(name)[1], self.relations.frame(facts.key.references)[1]
        request = MatchRequest(
            child=child,
            target=target,
            seed=run.random_seed("match", name, facts.link.name),
            groups=groups_of(self.relations, name, facts),
        )
        numbers = self._with_given(facts, self.matcher(facts).assign(request, run))
        if set(facts.key.columns) & set(self.entry.table.primary_key):
            rng = np.random.default_rng([run.random_seed("unique", name) % 2**32])
            numbers = without_pairs_twice(self._rest_of_key(facts), numbers, len(target), rng)
        self.relations.set_numbers(name, facts.link, numbers)
        return numbers
