"""Settings of report sections and formats: checked with the spec, and given to the one that they are of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from semblant.components import RendererType, SectionType
from semblant.errors import ConfigError
from semblant.report.blocks import Text
from semblant.report.build import measure, render
from semblant.report.document import ReportDocument
from semblant.report.inputs import Database, ReportInputs
from semblant.run import Run
from semblant.schema import Schema
from semblant.settings.fields import setting
from semblant.spec.load import load_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.report.blocks import Block


@attrs.frozen(kw_only=True)
class Settings:
    word: str = setting("hello", help="what is said", choices=("hello", "ciao"))
    times: int = setting(1, help="how often", ge=1)


class Echo:
    """A section, and a format, that says its word."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        return {"said": [self.settings.word] * self.settings.times}

    def render(self, figures: Mapping[str, Any] | ReportDocument, path: Path | None = None) -> list[Block]:
        if path is not None:
            path.write_text(self.settings.word * self.settings.times)
            return []
        assert not isinstance(figures, ReportDocument)
        return [Text(text=" ".join(figures["said"]))]


class Host:
    """A host with one section and one format of each kind."""

    def __init__(self) -> None:
        here = f"{__name__}:Echo"
        self.sections = {
            name: SectionType(name=name, factory=here, summary="says", settings=Settings) for name in ("one", "two")
        }
        self.renderers = {
            "note": RendererType(name="note", factory=here, summary="s", settings=Settings, suffix=".txt")
        }
        self.sources = {"files": type("Files", (), {"settings": Free, "missing": lambda self: ()})()}
        self.destinations: dict[str, Any] = {}
        self.models: dict[str, Any] = {}

    def get(self, kind: str, name: str) -> Any:
        return getattr(self, f"{kind}s")[name]


@attrs.frozen(kw_only=True)
class Free:
    path: str = setting("", help="where")


def told(settings: Mapping[str, Any]) -> ReportDocument:
    nothing = Database(schema=Schema(tables=()), tables={})
    given = ReportInputs(title="t", original=nothing, synthetic=nothing)
    host: Any = Host()
    return measure(host, given, Run(job="j", seed=0, workspace=Path()), sections=("one", "two"), settings=settings)


def test_a_setting_reaches_its_own_section_alone() -> None:
    plain, changed = told({}), told({"one": {"word": "ciao", "times": 2}})

    assert [section.figures["said"] for section in plain.sections] == [["hello"], ["hello"]]
    assert [section.figures["said"] for section in changed.sections] == [["ciao", "ciao"], ["hello"]]
    assert changed.sections[0].blocks == [Text(text="ciao ciao")]


def test_a_setting_reaches_its_format(tmp_path: Path) -> None:
    host: Any = Host()

    paths = render(host, told({}), ("note",), tmp_path, settings={"note": {"times": 3}})

    assert paths["note"].read_text() == "hellohellohello"


def test_mistakes_are_found_with_the_spec_each_in_its_place() -> None:
    host: Any = Host()
    spec = "source: {type: files}\nreport:\n  settings:\n    one: {word: hola}\n    note: {tims: 2}\n    thre: {}\n"

    with pytest.raises(ConfigError) as caught:
        load_spec(spec, host, environment={})

    found = {finding.path: (finding.code, finding.line) for finding in caught.value.findings}
    assert found == {
        "report.settings.one.word": ("unknown-choice", 4),
        "report.settings.note.tims": ("unknown-key", 5),
        "report.settings.thre": ("unknown-component", 6),
    }
    assert all(finding.fix for finding in caught.value.findings)
    with pytest.raises(ConfigError, match="the settings of 'one' are wrong"):
        told({"one": {"times": 0}})


def test_what_the_check_accepts_is_what_the_report_is_made_with() -> None:
    host: Any = Host()

    spec = load_spec("source: {type: files}\nreport: {settings: {two: {times: 2}}}\n", host, environment={})

    assert spec.report.settings == {"two": {"times": 2}}
    assert [len(section.figures["said"]) for section in told(spec.report.settings).sections] == [1, 2]
