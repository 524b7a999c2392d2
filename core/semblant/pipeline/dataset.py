"""The second half of a job: from a generator to tables at their destination."""

from __future__ import annotations

import shutil
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field

from semblant.artefact.generator import GeneratorFile, read_description
from semblant.artefact.pack import unpack
from semblant.events import Step
from semblant.pipeline.archive import ARCHIVE, write_archive
from semblant.pipeline.constrained import with_constraints
from semblant.pipeline.deliver import deliver
from semblant.pipeline.generate import Order, generate_table, order_for, rows_for
from semblant.pipeline.learn import make_backend
from semblant.pipeline.organize import rows_of
from semblant.pipeline.relations.above import above
from semblant.pipeline.relations.beside import outside_of
from semblant.pipeline.relations.frames import Member, Relations
from semblant.pipeline.relations.generating import RelatedTable, read_numbers
from semblant.pipeline.relations.given import settled
from semblant.pipeline.relations.matching import MATCHED, Matching
from semblant.pipeline.relations.repeating import Repeating
from semblant.pipeline.relations.totals import LINES, Adding, refuse_fixed
from semblant.pipeline.steps import fingerprint
from semblant.pipeline.text_columns import DATA
from semblant.pipeline.texts import TextWriting
from semblant.relations import LinkKind, main_root
from semblant.settings import AUTO
from semblant.spec.training import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from semblant.artefact.generator import GeneratorTable
    from semblant.given import Given
    from semblant.host import PluginHost
    from semblant.pipeline.relations.learning import LinkFacts
    from semblant.pipeline.steps import Steps
    from semblant.protocols import Destination, Matcher, Model
    from semblant.run import Run
    from semblant.spec.model import GenerationSpec
    from semblant.vocabulary import WriteMode


def load_generator(path: Path, folder: Path) -> GeneratorFile:
    """Unpack a generator file into ``folder``, checking all of it."""
    unpack(path, folder)
    return read_description(folder)


def load_models(generator: GeneratorFile, host: PluginHost) -> dict[str, tuple[Model | None, Model | None]]:
    """Load the models of every synthesized table."""
    found: dict[str, tuple[Model | None, Model | None]] = {}
    for entry in generator.synthesized:
        model = text_model = None
        base = generator.root / "models" / entry.folder
        if (base / "tabular").is_dir():
            model = make_backend(host, entry.backend, ModelSpec()).load(base / "tabular")
            model = with_constraints(model, base / "tabular")
        if entry.text_backend and (base / "text").is_dir():
            text_model = make_backend(host, entry.text_backend, ModelSpec()).load(base / "text")
        found[entry.table.name] = (model, text_model)
    return found


@define(kw_only=True, slots=False)
class GenerationJob:
    """Generates every table of a generator and delivers them together."""

    generator: GeneratorFile
    models: Mapping[str, tuple[Model | None, Model | None]]
    spec: GenerationSpec
    run: Run
    steps: Steps
    host: PluginHost
    mark: str
    """Fingerprint of the generator."""
    given: Given = None
    """Partial rows to start from: of the root table, or of several tables by name."""
    files: dict[str, Path] = field(factory=dict)
    relations: Relations = field(factory=lambda: Relations({}))
    """The tables that are made, with their references."""
    _made: list[str] = field(factory=list, init=False)
    """Fingerprints of the tables that were made."""

    @cached_property
    def starts(self) -> dict[str, pa.Table]:
        """Given rows per table, with the parents that they name; :class:`ConfigError` where they do not fit."""
        return settled(self.given, self.generator)

    @property
    def root(self) -> str | None:
        """The root table."""
        return main_root(self.generator.schema, self._originals)

    @property
    def _originals(self) -> list[str]:
        return [entry.table.name for entry in self.generator.tables if entry.copied]

    @property
    def rows(self) -> dict[str, int]:
        """Rows per table that was generated or copied."""
        return {name: rows_of(path) for name, path in self.files.items()}

    def generate(self) -> None:
        """Make all tables, parents first."""
        refuse_fixed(self.generator.tables, self.starts, self.models)
        for entry in self.generator.tables:
            name = entry.table.name
            if entry.copied:
                original = self.generator.root / "original" / f"{entry.folder}.parquet"
                mark = fingerprint("copy", self.mark, name)
                folder = self.steps.perform(
                    Step.GENERATE,
                    name,
                    mark,
                    lambda run, path=original: shutil.copyfile(path, run.workspace / DATA),  # type: ignore[misc]
                )
            else:
                order = order_for(entry, self.spec, self._rows(entry), self.starts.get(name))
                model = self.models[name][0]
                mark = fingerprint(
                    "generate", self.mark, name, order.rows, repr(self.spec), self.run.seed, _content(self.starts)
                )
                folder = self.steps.perform(
                    Step.GENERATE,
                    name,
                    mark,
                    lambda run, e=entry, m=model, o=order: self._make(e, m, o, run),  # type: ignore[misc]
                )
                folder = self._with_texts(entry, folder, order, mark)
                folder = self._with_echoes(entry, folder, mark)
            self._made.append(mark)
            self.files[name] = folder / DATA
            self._remember(entry, folder)
        for entry in reversed(self.generator.synthesized):
            self._add_up(entry)
        for entry in self.generator.tables:
            self._match(entry)

    def _add_up(self, entry: GeneratorTable) -> None:
        """Let the totals of a table be what the rows below add up to."""
        for total in entry.totals:
            name, links = entry.table.name, self.relations.members[total.lines].links
            link = next(link for link in links if link.name == total.link)
            given = np.zeros(rows_of(self.files[name]), bool)
            if name in self.starts and total.column in self.starts[name].column_names:
                given = self.starts[name].column(total.column).is_valid().to_numpy()
            work = Adding(
                total=total,
                above=self.files[name],
                below=self.files[total.lines],
                numbers=self.relations.numbers(total.lines, link),
                given=given,
            )
            mark = fingerprint("totals", self._made, repr(total), str(work.above), str(work.below))
            folder = self.steps.perform(Step.GENERATE, f"{name} ({total.column})", mark, work.write)
            for changed, file in ((name, DATA), (total.lines, LINES)):
                self.files[changed] = folder / file
                self.relations.moved(changed, folder / file)

    def _match(self, entry: GeneratorTable) -> None:
        """Fill in the matched keys of a table once all tables are there."""
        name = entry.table.name
        if not any(facts.kind in MATCHED for facts in entry.links) or not rows_of(self.files[name]):
            return
        work = Matching(
            entry=entry,
            relations=self.relations,
            matcher=partial(self._matcher, entry),
            given=self.starts.get(name),
        )
        others = [str(self.files[facts.key.references]) for facts in entry.links]
        mark = fingerprint("match", self._made, str(self.files[name]), others)
        folder = self.steps.perform(Step.GENERATE, f"{name} (keys)", mark, work.fill)
        self.files[name] = folder / DATA

    def _matcher(self, entry: GeneratorTable, facts: LinkFacts) -> Matcher:
        place = [known.link.name for known in entry.links].index(facts.link.name)
        folder = self.generator.root / "models" / entry.folder / f"match{place}"
        backend: Any = make_backend(self.host, entry.backend, ModelSpec())
        matcher: Matcher = backend.load_match(folder)
        return matcher

    def _with_texts(self, entry: GeneratorTable, folder: Path, order: Order, mark: str) -> Path:
        """Write the texts of the rows in ``folder``; gives the folder of the finished table."""
        model = self.models[entry.table.name][1]
        if model is None:
            return folder
        links = tuple(facts.link for facts in entry.links)
        member = Member(name=entry.table.name, path=folder / DATA, plans=entry.plans, links=links)
        work = TextWriting(entry=entry, model=model, order=order, above=above(member, self.relations))
        mark = fingerprint("texts", mark)
        return self.steps.perform(Step.GENERATE_TEXT, entry.table.name, mark, lambda run: work.write(folder, run))

    def _with_echoes(self, entry: GeneratorTable, folder: Path, mark: str) -> Path:
        """Put in what rows repeat of others; gives the folder of the finished table."""
        if not entry.echoes:
            return folder
        name = entry.table.name
        work = Repeating(entry=entry, relations=self.relations, given=self.starts.get(name))
        return self.steps.perform(
            Step.GENERATE, f"{name} (repeats)", fingerprint("repeats", mark), lambda run: work.write(folder, run)
        )

    def _make(self, entry: GeneratorTable, model: Model | None, order: Order, run: Run) -> None:
        if not any(facts.kind not in MATCHED for facts in entry.links):
            generate_table(entry, model, order, run)
            return
        made = RelatedTable(
            entry=entry,
            model=model,
            order=order,
            relations=self.relations,
            learned=self._learned_parents(entry),
            ratio=self.spec.ratios.get(entry.table.name, 1.0),
            wanted=self.spec.rows.get(entry.table.name),
            beside=outside_of(entry, model, self.generator.schema, self._originals, self.relations),
        )
        made.generate(run)

    def _remember(self, entry: GeneratorTable, folder: Path) -> None:
        """Make a finished table known to those that are conditioned on it."""
        name = entry.table.name
        links = tuple(facts.link for facts in entry.links)
        plans = entry.content if entry.copied else entry.plans
        self.relations.members[name] = Member(name=name, path=folder / DATA, plans=plans, links=links)
        for link_name, numbers in read_numbers(entry, folder).items():
            link = next(facts.link for facts in entry.links if facts.link.name == link_name)
            self.relations.set_numbers(name, link, numbers)

    def _learned_parents(self, entry: GeneratorTable) -> int:
        above = [facts.key.references for facts in entry.links if facts.kind is LinkKind.PARENT]
        return next((other.rows for other in self.generator.tables if other.table.name in above), 0)

    def _rows(self, entry: GeneratorTable) -> int:
        """Give how many rows a table without a parent gets: the main root as asked, others in proportion."""
        if not entry.rows:
            return 0  # nothing was learned, not even its keys
        if entry.table.name in self.spec.rows:
            return self.spec.rows[entry.table.name]
        factor = self.spec.ratios.get(entry.table.name, 1.0)
        if self.spec.records == AUTO:
            return max(1, round(rows_for(entry, self.spec) * factor))
        main = self.root
        if main is None or entry.table.name == main:
            return max(1, round(int(self.spec.records) * factor))
        rows = next(e.rows for e in self.generator.tables if e.table.name == main)
        exact = entry.rows * factor * int(self.spec.records) / max(rows, 1)
        return max(1, round(exact))

    def deliver(self, destination: Destination, mode: WriteMode) -> None:
        """Hand all tables to the destination at once."""
        files = sorted(map(str, self.files.values()))
        mark = fingerprint("deliver", self._made, destination.location(), str(mode), files)

        def work(run: Run) -> None:
            deliver(destination, self.generator.schema, mode, self.files, run)

        self.steps.perform(Step.DELIVER, None, mark, work)

    def archive(self) -> None:
        """Keep all tables in one ZIP archive, where the supervisor wants that."""
        if not self.run.supervisor.keeps_archive:
            return
        mark = fingerprint("archive", self._made, sorted(map(str, self.files.values())), self.rows)
        self.steps.perform(Step.ARCHIVE, None, mark, lambda run: write_archive(self.files, run.workspace / ARCHIVE))


def _content(given: Mapping[str, pa.Table]) -> str:
    """Give a fingerprint of given rows."""
    if not given:
        return ""
    return fingerprint([(name, rows.schema.to_string(), rows.to_pylist()) for name, rows in given.items()])
