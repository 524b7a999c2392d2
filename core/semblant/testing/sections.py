"""Checks of report sections: figures of groups alone, blocks of figures alone, the same each time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import pytest

from semblant.errors import Cancelled
from semblant.protocols import ReportSection
from semblant.report.blocks import Chart, Heading, Score, Scores, Table, Text
from semblant.report.inputs import ReportLimits
from semblant.run import Token
from semblant.testing.capabilities import Capability, needs
from semblant.testing.conformance import ComponentConformance
from semblant.testing.lessons import run_in
from semblant.testing.report_material import (
    PLANTED_NUMBERS,
    PLANTED_TEXTS,
    RARE,
    RARE_WORD,
    letters,
    odd,
    people,
    report_inputs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs

_NEEDS = {"holdout", "history", "model", "spec", "privacy", "relations", "constraints"}

CASES: dict[str, Callable[[], ReportInputs]] = {
    "usual": lambda: report_inputs(people(seed=1), people(seed=2), people(seed=3)),
    "no holdout": lambda: report_inputs(people(seed=1), people(seed=2)),
    "bare": lambda: report_inputs(people(seed=1), people(seed=2), full=False),
    "no rows": lambda: report_inputs(people(0), people(0), people(0)),
    "no synthetic rows": lambda: report_inputs(people(200), people(0), people(100)),
    "one row": lambda: report_inputs(people(1, 1), people(1, 2), people(1, 3)),
    "nine rows": lambda: report_inputs(people(9, 1), people(9, 2), people(9, 3)),
    "fewer original rows": lambda: report_inputs(people(30, 1), people(400, 2), people(30, 3)),
    "one column": lambda: report_inputs(*(people(seed=n).select(["city"]) for n in (1, 2, 3))),
    "odd": lambda: report_inputs(odd(), odd(), odd()),
    "limited": lambda: report_inputs(
        people(seed=1), people(seed=2), people(seed=3), limits=ReportLimits(univariate=1, bivariate=2, knn=1, phik=2)
    ),
    "identical": lambda: report_inputs(people(seed=1), people(seed=1), people(seed=3)),
    "planted": lambda: report_inputs(people(seed=1, plant=True), people(seed=2), people(seed=3)),
    "high limit": lambda: report_inputs(people(60, 1), people(60, 2), people(60, 3), min_subjects=55),
    "texts": lambda: report_inputs(letters(seed=1), letters(seed=2), letters(seed=3)),
    "planted texts": lambda: report_inputs(letters(seed=1, plant=True), letters(seed=2), letters(seed=3)),
    "replayed texts": lambda: report_inputs(letters(seed=1), letters(seed=1), letters(seed=3), full=False),
    "copied only": lambda: report_inputs(people(), people(), copied=frozenset({"people"})),
}
"""Inputs by what is special about them."""


class SectionConformance(ComponentConformance):
    """Checks of a :class:`~semblant.protocols.ReportSection`. Supply :attr:`component`."""

    kind = "section"
    protocol = ReportSection

    cancels: ClassVar[Capability] = True
    """Measuring ends when the run was cancelled."""

    def section(self, folder: Path) -> ReportSection:
        """Make the section with the settings of the checks."""
        made: ReportSection = self.make(self.settings(folder))
        return made

    @pytest.fixture
    def figures_of(self, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
        """Measure a case once for the class."""

        def measure(case: str) -> dict[str, Any]:
            made: dict[str, Any] = self.shared(request, case, lambda: self.measured(tmp_path, CASES[case]()))
            return made

        return measure

    def measured(self, folder: Path, inputs: ReportInputs) -> dict[str, Any]:
        """Measure; skips the running check when the inputs lack what the section needs."""
        needed = set(self.component.needs)  # type: ignore[attr-defined]
        have = {
            "holdout": inputs.holdout is not None,
            "history": bool(inputs.history),
            "model": bool(inputs.models),
            "spec": inputs.spec is not None,
            "privacy": inputs.privacy is not None and inputs.privacy.private,
            "relations": any(table.foreign_keys for table in inputs.original.schema),
            "constraints": any(
                table.get("constraints") for table in dict((inputs.spec or {}).get("tables") or {}).values()
            ),
        }
        lacking = sorted(need for need in needed if not have[need])
        if lacking:
            pytest.skip(f"the section needs {', '.join(lacking)}: the engine leaves it out here")
        return dict(self.section(folder).measure(inputs, run_in(folder)))

    def shown(self, folder: Path, figures: Mapping[str, Any]) -> list[Block]:
        """Render figures as they come out of a JSON file."""
        return list(self.section(folder).render(json.loads(json.dumps(figures, allow_nan=False))))

    def test_it_has_a_title_and_needs_what_a_report_may_have(self) -> None:
        """The engine leaves it out where that is lacking."""
        assert self.component.title.strip()  # type: ignore[attr-defined]
        assert set(self.component.needs) <= _NEEDS  # type: ignore[attr-defined]

    @pytest.mark.parametrize("case", CASES)
    def test_the_figures_are_json(self, case: str, figures_of: Callable[[str], dict[str, Any]]) -> None:
        """Plain values, text keys, numbers that are finite; nothing is lost on the way."""
        found = figures_of(case)
        assert json.loads(json.dumps(found, allow_nan=False)) == found

    @pytest.mark.parametrize("case", CASES)
    def test_its_scores_are_those_that_it_names(self, case: str, figures_of: Callable[[str], dict[str, Any]]) -> None:
        """A threshold on any other is refused before the job; a section that names none at all is let pass."""
        named = self.component.scores  # type: ignore[attr-defined]
        assert named is None or set(figures_of(case).get("scores") or ()) <= set(named)

    @pytest.mark.parametrize("case", CASES)
    def test_the_blocks_are_made_of_the_figures_alone(
        self, case: str, figures_of: Callable[[str], dict[str, Any]], tmp_path: Path
    ) -> None:
        """By another object, after a way through JSON; each is a well-formed block."""
        for block in self.shown(tmp_path, figures_of(case)):
            self.check_block(block)

    def check_block(self, block: Block) -> None:
        """Hold a block against its contract."""
        match block:
            case Heading():
                assert block.level in (2, 3)
                assert block.text.strip()
            case Text():
                assert isinstance(block.text, str)
            case Table():
                assert all(len(row) == len(block.columns) for row in block.rows)
                assert all(isinstance(cell, str) for row in block.rows for cell in row)
                assert block.align == "" or len(block.align) == len(block.columns)
                assert set(block.align) <= set("lrc")
                assert len(block.tones) in (0, len(block.rows))
            case Scores():
                assert block.scores
                assert all(isinstance(score, Score) and score.label and score.value for score in block.scores)
            case Chart():
                assert block.alt.strip(), "a chart says in words what it shows"
                assert 0 < block.width <= 1
                json.dumps(dict(block.spec), allow_nan=False)

    def test_measuring_twice_gives_the_same(self, figures_of: Callable[[str], dict[str, Any]], tmp_path: Path) -> None:
        """Any sampling follows from the report's seed."""
        assert self.measured(tmp_path, CASES["usual"]()) == figures_of("usual")

    def test_rendering_twice_gives_the_same(self, figures_of: Callable[[str], dict[str, Any]], tmp_path: Path) -> None:
        """No clock, no chance."""
        figures = figures_of("usual")
        assert self.shown(tmp_path, figures) == self.shown(tmp_path, figures)

    @pytest.fixture
    def said(self, figures_of: Callable[[str], dict[str, Any]], tmp_path: Path) -> str:
        """Give all that is said of data in which secrets are planted, as one text."""
        return self.told(tmp_path, figures_of("planted"))

    def told(self, folder: Path, figures: Mapping[str, Any]) -> str:
        """Give figures and blocks as one text."""
        blocks = [attrs.asdict(block) for block in self.shown(folder, figures)]
        return json.dumps([figures, blocks], ensure_ascii=False, default=str)

    def test_no_text_of_one_row_is_shown(self, said: str) -> None:
        """Neither in figures nor in blocks."""
        assert [planted for planted in PLANTED_TEXTS if planted in said] == []

    def test_no_number_of_one_row_is_shown(self, said: str) -> None:
        """However it is written."""
        for number in PLANTED_NUMBERS:
            whole = abs(int(number))
            forms = (f"{whole}", f"{whole:,}", *(f"{abs(number):.{digits}g}" for digits in (3, 4, 6)))
            assert [form for form in forms if form in said] == []

    def test_no_category_of_fewer_than_ten_is_shown(self, said: str) -> None:
        """Nine subjects are too few."""
        assert RARE not in said

    def test_no_word_of_fewer_than_ten_is_shown(
        self, figures_of: Callable[[str], dict[str, Any]], tmp_path: Path
    ) -> None:
        """Neither of texts that one row holds, nor of nine."""
        said = self.told(tmp_path, figures_of("planted texts"))
        assert [planted for planted in (RARE_WORD, *PLANTED_TEXTS) if planted in said] == []

    def test_a_raised_limit_hides_larger_groups(
        self, figures_of: Callable[[str], dict[str, Any]], tmp_path: Path
    ) -> None:
        """``min_subjects`` of the inputs decides, not a number of its own."""
        assert "Turin" not in self.told(tmp_path, figures_of("high limit"))

    @needs("cancels")
    def test_a_cancelled_run_ends(self, tmp_path: Path) -> None:
        """With ``Cancelled``."""
        cancel = Token()
        cancel.set()
        with pytest.raises(Cancelled):
            self.section(tmp_path).measure(CASES["usual"](), run_in(tmp_path, cancel=cancel))

    def test_nothing_is_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A section measures; files are the renderers'."""
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        self.shown(tmp_path, self.measured(tmp_path, CASES["nine rows"]()))
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["here"]
