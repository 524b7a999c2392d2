"""One job from spec to data: organize, analyze, transform, train, package, generate, deliver, report."""

from __future__ import annotations

import contextlib
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, evolve, field

from semblant.artefact.generator import GeneratorFile, GeneratorTable, write_description
from semblant.artefact.pack import pack
from semblant.errors import DataError, SemblantError
from semblant.events import Step
from semblant.pipeline.decisions import environment, settings_used, with_decisions
from semblant.pipeline.learn import Belonging, Learned, analyze, learn, make_backend, validation_split
from semblant.pipeline.organize import HOLDOUT, TRAIN, organize, rows_of
from semblant.pipeline.patience import patiently
from semblant.pipeline.private import engine_made_key, parts_of
from semblant.pipeline.relations.above import Above, above
from semblant.pipeline.relations.frames import Member, Relations
from semblant.pipeline.relations.learning import LinkFacts, context_of, facts_of
from semblant.pipeline.relations.matching import MATCHED, match_task, shared_ancestor
from semblant.pipeline.relations.numbers import numbers_of
from semblant.pipeline.relations.repeating import Shown, shown_rows
from semblant.pipeline.relations.totals import totals_of
from semblant.pipeline.sharing import sharing
from semblant.pipeline.steps import Steps, fingerprint
from semblant.pipeline.together import together
from semblant.relations import LinkKind
from semblant.settings import AUTO
from semblant.settings.structure import unstructure
from semblant.spec.write import spec_text
from semblant.training import Split
from semblant.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from semblant.host import PluginHost
    from semblant.pipeline.keys import KeyForm
    from semblant.plan import Plan, TablePlan
    from semblant.protocols import Model, Source
    from semblant.run import Run
    from semblant.schema import Table


@define(kw_only=True)
class TrainingJob:
    """The first half of a job: from the source to a generator file."""

    plan: Plan
    name: str
    host: PluginHost
    run: Run
    steps: Steps
    learned: dict[str, Learned] = field(factory=dict)
    originals: dict[str, Path] = field(factory=dict)
    """Per original table the organized rows."""
    organized: dict[str, Path] = field(factory=dict)
    marks: dict[str, str] = field(factory=dict)
    matchers: dict[tuple[str, str], Path] = field(factory=dict)
    """Per table and link the folder of a learned match."""
    relations: Relations = field(factory=lambda: Relations({}))
    """The organized tables and their references."""

    @property
    def mark(self) -> str:
        """Fingerprint of the generator: rows, and every setting of tables and models.

        A job that is resumed with another spec must not take over what the former one made.
        """
        tables = [(plan.name, unstructure(self.plan.spec.table(plan.name))) for plan in self.plan.tables]
        return fingerprint(sorted(self.marks.items()), tables)

    def train(self, source: Source) -> None:
        """Read every table once, then learn those that are synthesized."""
        self.run.privacy.expect(parts_of(self.plan))
        patiently(self.run, lambda: self.read(source), "reading all tables")
        self.originals |= {plan.name: self.organized[plan.name] / TRAIN for plan in self.plan.tables if plan.copied}
        analyzed = {plan.name: self._analyze(plan) for plan in self.plan.synthesized}
        # a model is learned from real rows alone: none waits for another
        shared = sharing(self.plan, self.host, self.run)
        pieces = [shared.piece(name, partial(self._learn, *analyzed[name])) for name in shared.ordered(list(analyzed))]
        together(pieces, self.run, most=shared.most, memory_bytes=shared.memory_bytes)
        self.learned = {name: self.learned[name] for name in analyzed if name in self.learned}
        matches = [
            shared.piece(name, partial(self._learn_match, found, facts))
            for name, found in self.learned.items()
            for facts in found.links
            if facts.kind in MATCHED and rows_of(self.organized[name] / TRAIN)
        ]
        together(matches, self.run, most=shared.most, memory_bytes=shared.memory_bytes)

    def read(self, source: Source) -> None:
        """Organize all tables out of one state of the source; when that is lost on the way, none is kept."""
        try:
            for plan in self.plan.tables:
                self._organize(source, plan)
                self.relations.members[plan.name] = self._member(plan)
        except SemblantError as exc:
            if exc.passing:
                source.close()
                self._forget(Step.ORGANIZE)
            raise

    def package(self, target: Path) -> GeneratorFile:
        """Write the generator file; gives its description, unpacked in the workspace."""
        mark = fingerprint("package", self.name, self.mark, spec_text(self.effective_spec()), str(target))
        folder = self.steps.perform(Step.PACKAGE, None, mark, lambda run: self._write(run.workspace))
        description = evolve(self._describe(folder), root=folder)
        pack(folder, target, made_by=VERSION)
        return description

    def models(self) -> dict[str, tuple[Model | None, Model | None]]:
        """Give the trained models by table: tabular and text."""
        return {name: (found.model, found.text_model) for name, found in self.learned.items()}

    def holdout_path(self, table: str) -> Path | None:
        """Give the rows of a table that a share kept back from training; None when there are none."""
        path = self.organized[table] / HOLDOUT
        return path if path.is_file() and rows_of(path) else None

    def forget_originals(self) -> None:
        """Remove the organized and encoded real rows: after a finished job only its results stay."""
        for step in (Step.ORGANIZE, Step.ANALYZE, Step.TRANSFORM):
            self._forget(step)

    def _forget(self, step: Step) -> None:
        prefix = str(step).replace(" ", "-")
        for folder in self.run.workspace.glob(f"{prefix}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _organize(self, source: Source, plan: TablePlan) -> None:
        spec = self.plan.spec
        share = spec.report.holdout if isinstance(spec.report.holdout, float) and not plan.copied else 0.0
        holdout = Split(seed=self.run.random_seed("holdout", plan.name), fraction=share) if share else None
        columns = [(column.name, str(column.type)) for column in plan.table.columns]
        mark = fingerprint(
            "organize", spec.source.type, dict(spec.source.settings), plan.name, columns, share, self.run.seed
        )

        def work(run: Run) -> None:
            expected = source.count(plan.name)
            organize(source, plan.table, run, expected=expected, holdout=holdout, aside=self._aside(plan, share))
            if rows_of(run.workspace / TRAIN) == 0 and not plan.copied and len(self.plan.tables) == 1:
                msg = f"table '{plan.name}' has no rows to learn from"
                raise DataError(msg, fix="check the source, or exclude the table")
            if run.privacy.private and not plan.copied and plan.parent is None:
                run.privacy.begin(rows_of(run.workspace / TRAIN))

        self.organized[plan.name] = self.steps.perform(Step.ORGANIZE, plan.name, mark, work)
        self.marks[plan.name] = fingerprint(mark, unstructure(plan.model), list(plan.table.primary_key))

    def _aside(self, plan: TablePlan, share: float) -> Callable[[pa.Table], np.ndarray] | None:
        """Tell which rows are kept back: those whose parent was; None for a table without a parent."""
        parent = plan.parent
        if parent is None or not share:
            return None
        kept = pq.read_table(self.organized[parent.references] / HOLDOUT, columns=list(parent.referenced_columns))
        return lambda rows: numbers_of(rows.select(list(parent.columns)), kept) >= 0

    def _analyze(self, plan: TablePlan) -> tuple[TablePlan, KeyForm | None]:
        """Give the plan of a table as its rows show it; what others are conditioned on is then known."""
        final, key = analyze(self.plan.spec, plan, self.organized[plan.name] / TRAIN, self.steps, self.marks[plan.name])
        self.relations.members[plan.name] = self._member(final)
        return final, None if engine_made_key(final) is None else key

    def _learn(self, plan: TablePlan, key: KeyForm | None, run: Run) -> None:
        """Learn a table whose plan is final; others may be learned at the same time."""
        path, mark = self.organized[plan.name] / TRAIN, self.marks[plan.name]
        steps = self.steps.on(run)
        split = validation_split(plan, run, self._root(plan.name))
        some = run.privacy.private or rows_of(path) > 0
        belonging = self._belonging(plan) if plan.links and some else None
        known = {} if plan.links else self._known(plan)
        if belonging is not None or known:  # what a row refers to is learned from too
            links = [(link.name, str(link.kind)) for link in plan.links]
            mark = fingerprint(mark, self.mark, links)
        shown = Shown(plan=plan, path=path, mark=mark)
        if belonging is not None:
            shown = shown_rows(plan, path, self.relations, steps, mark)
        found = learn(shown.plan, key, shown.path, split, self.host, steps, shown.mark, known, belonging)
        found = evolve(found, plan=plan, train_path=path, echoes=shown.echoes)
        self.learned[plan.name] = found
        run.learned(plan.name, settings_used(found, run.privacy))

    def _belonging(self, plan: TablePlan) -> Belonging:
        """Give whom the rows of a table belong to, and what they are conditioned on."""
        relations = self.relations
        member = relations.members[plan.name]
        if self.run.privacy.private:
            return self._secretly(plan, member)
        facts = tuple(self._placed(plan, found) for found in facts_of(member, relations, plan.table.primary_key))
        context = context_of(member, relations, facts)
        return Belonging(
            subjects=relations.subjects(plan.name),
            context=context,
            links=facts,
            above=above(member, relations) if plan.text_backend else Above(tables={}),
            numbers={link.name: relations.numbers(plan.name, link) for link in member.links},
        )

    def _secretly(self, plan: TablePlan, member: Member) -> Belonging:
        """Give the same for a private run, in which nothing is told of references that lead nowhere."""
        facts = tuple(LinkFacts(key=link.key, kind=link.kind) for link in member.links)
        self.run.privacy.withhold(f"rows of '{plan.name}' without a parent: how many, and what they are; none is made")
        return Belonging(
            subjects=self.relations.subjects(plan.name),
            context=context_of(member, self.relations, facts),
            links=facts,
            above=Above(tables={}),
            numbers={link.name: self.relations.numbers(plan.name, link) for link in member.links},
        )

    def _placed(self, plan: TablePlan, facts: LinkFacts) -> LinkFacts:
        """Add to a matched key the ancestor below which its references stay."""
        if facts.kind is not LinkKind.MATCH:
            return facts
        name, share = shared_ancestor(self.relations, plan.name, facts.link)
        return evolve(facts, within=name, within_share=share)

    def _member(self, plan: TablePlan) -> Member:
        columns = plan.content if plan.copied else plan.columns
        return Member(name=plan.name, path=self.organized[plan.name] / TRAIN, plans=columns, links=plan.links)

    def _learn_match(self, found: Learned, facts: LinkFacts, run: Run) -> None:
        """Learn a matched key of a table, now that every table is known."""
        plan, link = found.plan, facts.link.name
        backend: Any = make_backend(self.host, plan.backend, plan.model)
        mark = fingerprint("match", self.mark, plan.name, link, facts.within)

        def work(run: Run) -> None:
            task = match_task(self.relations, plan.name, facts, found.split, plan.model.min_subjects)
            matcher = backend.fit_match(task, run)
            (run.workspace / "match").mkdir()
            matcher.save(run.workspace / "match")

        folder = self.steps.on(run).perform(Step.TRAIN, f"{plan.name} ({link})", mark, work)
        self.matchers[plan.name, link] = folder / "match"

    def _root(self, name: str) -> str:
        """Give the table at the top of a table's line of parents."""
        tables = {plan.name: plan for plan in self.plan.tables}
        while (parent := tables[name].parent) is not None:
            name = parent.references
        return name

    def _known(self, plan: TablePlan) -> dict[str, pa.Array]:
        """Give the keys of copied tables by the column that points to them alone."""
        copied = {other.name for other in self.plan.tables if other.copied}
        found = {}
        for key in plan.table.foreign_keys:
            kind = plan.table.column(key.columns[0]).type
            plain = pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
            if key.references not in copied or len(key.columns) > 1 or not plain:
                continue
            path = self.organized[key.references] / TRAIN
            keys = pq.read_table(path, columns=list(key.referenced_columns)).column(0)
            with contextlib.suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):  # keys of quite another type
                found[key.columns[0]] = keys.cast(kind).combine_chunks()
        return found

    def _write(self, folder: Path) -> None:
        for number, plan in enumerate(self.plan.tables):
            if plan.copied:
                (folder / "original").mkdir(exist_ok=True)
                shutil.copyfile(self.originals[plan.name], folder / "original" / f"{number}.parquet")
                continue
            found = self.learned[plan.name]
            for part, model in (("tabular", found.model), ("text", found.text_model)):
                if model is not None:
                    target = folder / "models" / str(number) / part
                    target.mkdir(parents=True)
                    model.save(target)
            for place, facts in enumerate(found.links):
                if (plan.name, facts.link.name) in self.matchers:
                    target = folder / "models" / str(number) / f"match{place}"
                    shutil.copytree(self.matchers[plan.name, facts.link.name], target)
        write_description(self._describe(folder))

    def _describe(self, folder: Path) -> GeneratorFile:
        return GeneratorFile(
            name=self.name,
            root=folder,
            seed=self.plan.spec.seed if self.run.privacy.private else self.run.seed,
            privacy=self.run.privacy.as_dict() if self.run.privacy.private else {},
            spec=spec_text(self.effective_spec()),
            environment=environment(),
            tables=tuple(self._entry(number, plan) for number, plan in enumerate(self.plan.tables)),
        )

    def _entry(self, number: int, plan: TablePlan) -> GeneratorTable:
        plan = evolve(plan, table=_without_notes(plan.table))
        if plan.copied:
            return GeneratorTable(
                table=plan.table,
                treatment=plan.treatment,
                rows=rows_of(self.originals[plan.name]),
                content=plan.content,
                folder=str(number),
            )
        found = self.learned[plan.name]
        models = [model for model in (found.model, found.text_model) if model is not None]
        kept = self.holdout_path(plan.name)
        return GeneratorTable(
            table=plan.table,
            treatment=plan.treatment,
            plans=found.plan.columns,
            links=found.links,
            echoes=found.echoes,
            totals=totals_of(plan, self.plan.schema, [other.name for other in self.plan.tables if other.copied]),
            key=found.key,
            rows=self._told_rows(found, kept),
            backend=plan.backend,
            text_backend=plan.text_backend,
            settings_used=settings_used(found, self.run.privacy),
            history=tuple(models[0].history) if models else (),
            folder=str(number),
        )

    def _told_rows(self, found: Learned, kept: Path | None) -> int:
        """Give the number of rows that may be told: in a private run the released one."""
        if self.run.privacy.private:
            below = found.plan.parent is not None and found.model is not None
            told = found.model.settings_used.get("rows", 0) if below and found.model else self.run.privacy.subjects
            return int(told or 0)
        return found.rows + (rows_of(kept) if kept else 0)

    def effective_spec(self) -> Any:
        """Give the spec with everything that was found out or decided on the way."""
        spec = self.plan.spec
        tables = dict(spec.tables)
        for name, found in self.learned.items():
            wanted = spec.table(name)
            columns = dict(wanted.columns)
            for plan in found.plan.columns:
                column = spec.column(name, plan.name)
                columns[plan.name] = evolve(column, encoding=plan.encoding, sensitive=plan.sensitive)
            tables[name] = evolve(wanted, columns=columns, model=with_decisions(wanted.model, found))
        generation = spec.generation
        if generation.records == AUTO and generation.scale == 1.0 and len(self.learned) == 1:
            entry = next(iter(self.learned.values()))
            kept = self.holdout_path(entry.plan.name)
            generation = evolve(generation, records=max(1, self._told_rows(entry, kept)))
        return evolve(spec, name=self.name, tables=tables, generation=generation)


def _without_notes(table: Table) -> Table:
    """Leave out what the source remarked while reading: it may quote real cells."""
    return evolve(table, notes=(), comment="", rows=None)
