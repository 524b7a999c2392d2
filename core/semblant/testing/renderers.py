"""Checks of report renderers: one whole file, whatever the blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from semblant.protocols import ReportRenderer
from semblant.report.blocks import Text
from semblant.report.document import SectionResult
from semblant.testing.capabilities import Capability, needs
from semblant.testing.conformance import ComponentConformance
from semblant.testing.report_material import BLOCKS, document

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.report.document import ReportDocument


class RendererConformance(ComponentConformance):
    """Checks of a :class:`~semblant.protocols.ReportRenderer`. Supply :attr:`component`."""

    kind = "renderer"
    protocol = ReportRenderer

    same_bytes: ClassVar[Capability] = True
    """The same report gives the same file."""
    shows_text: ClassVar[Capability] = False
    """The file is UTF-8 text in which title, section titles and paragraphs can be found."""

    def rendered(self, folder: Path, report: ReportDocument, name: str = "report") -> bytes:
        """Write a report and give the file."""
        path = folder / f"{name}{self.component.suffix}"  # type: ignore[attr-defined]
        self.make(self.settings(folder)).render(report, path)
        return path.read_bytes()

    def test_the_ending_begins_with_a_dot(self) -> None:
        """``.html``."""
        assert self.component.suffix.startswith(".")  # type: ignore[attr-defined]

    @pytest.mark.parametrize("kind", BLOCKS)
    def test_every_block_can_be_written(self, kind: str, tmp_path: Path) -> None:
        """One file, not empty, and nothing beside it."""
        assert len(self.rendered(tmp_path, document(*BLOCKS[kind]))) > 0
        assert len(list(tmp_path.iterdir())) == 1

    def test_a_report_without_sections_can_be_written(self, tmp_path: Path) -> None:
        """A cover alone."""
        assert self.rendered(tmp_path, document(sections=[]))

    def test_a_section_that_was_left_out_is_told(self, tmp_path: Path) -> None:
        """With its reason."""
        left = SectionResult(name="two", title="Second section", left_out="there is no holdout")
        made = self.rendered(tmp_path, document(sections=[left]))
        if self.shows_text is True:
            assert "there is no holdout" in made.decode("utf-8")

    def test_an_older_file_is_replaced(self, tmp_path: Path) -> None:
        """Whole."""
        (tmp_path / f"report{self.component.suffix}").write_bytes(b"old" * 100_000)  # type: ignore[attr-defined]
        assert b"oldold" not in self.rendered(tmp_path, document(Text(text="new")))

    def test_a_fault_leaves_the_older_file(self, tmp_path: Path) -> None:
        """Nothing half-written: the file is replaced at the end or not at all."""
        path = tmp_path / f"report{self.component.suffix}"  # type: ignore[attr-defined]
        path.write_bytes(b"old")
        with pytest.raises(Exception):  # noqa: B017, PT011 - any error may come of what is no report
            self.make(self.settings(tmp_path)).render(document(sections=[object()]), path)
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]

    @needs("same_bytes")
    def test_the_same_report_gives_the_same_file(self, tmp_path: Path) -> None:
        """No clock but the report's own date."""
        report = document(*BLOCKS["table"], *BLOCKS["scores"])
        assert self.rendered(tmp_path, report, "one") == self.rendered(tmp_path, report, "other")

    @needs("shows_text")
    @pytest.mark.parametrize("text", ["people", "First section"])
    def test_the_titles_are_shown(self, text: str, tmp_path: Path) -> None:
        """Of the report and of its sections."""
        assert text in self.rendered(tmp_path, document(*BLOCKS["text"])).decode("utf-8")

    def test_one_renderer_writes_several_reports(self, tmp_path: Path) -> None:
        """Nothing of one is in the other."""
        renderer, suffix = self.make(self.settings(tmp_path)), self.component.suffix  # type: ignore[attr-defined]
        for name in ("one", "two"):
            renderer.render(document(Text(text=f"text {name}"), title=f"title {name}"), tmp_path / f"{name}{suffix}")
        alone = self.rendered(tmp_path, document(Text(text="text two"), title="title two"), "alone")
        if self.same_bytes is True:
            assert (tmp_path / f"two{suffix}").read_bytes() == alone
