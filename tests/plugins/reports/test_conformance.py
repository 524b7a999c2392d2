"""Our report sections and renderers pass the kit that strangers' pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import semblant_reports
from semblant.testing import RendererConformance, SectionConformance

if TYPE_CHECKING:
    from semblant.components import RendererType, SectionType

SECTIONS: dict[str, SectionType] = {section.name: section for section in semblant_reports.semblant_report_sections()}
RENDERERS: dict[str, RendererType] = {one.name: one for one in semblant_reports.semblant_report_renderers()}


def test_every_section_and_renderer_is_tested() -> None:
    tested = {
        cls.component.name for cls in (*SectionConformance.__subclasses__(), *RendererConformance.__subclasses__())
    }

    assert tested >= {*SECTIONS, *RENDERERS}


class TestSummary(SectionConformance):
    component = SECTIONS["summary"]


class TestData(SectionConformance):
    component = SECTIONS["data"]


class TestUnivariate(SectionConformance):
    component = SECTIONS["univariate"]


class TestBivariate(SectionConformance):
    component = SECTIONS["bivariate"]


class TestTrivariate(SectionConformance):
    component = SECTIONS["trivariate"]


@pytest.mark.skipif(bool(SECTIONS["phik"].missing()), reason="comes with the extra 'reports'")
class TestPhiK(SectionConformance):
    component = SECTIONS["phik"]


@pytest.mark.skipif(bool(SECTIONS["texts"].missing()), reason="comes with the extra 'reports'")
class TestTexts(SectionConformance):
    component = SECTIONS["texts"]


class TestHistory(SectionConformance):
    component = SECTIONS["history"]


class TestRelational(SectionConformance):
    component = SECTIONS["relational"]


class TestConstraints(SectionConformance):
    component = SECTIONS["constraints"]


@pytest.mark.skipif(bool(SECTIONS["utility"].missing()), reason="comes with the extra 'reports'")
class TestUtility(SectionConformance):
    component = SECTIONS["utility"]


class TestPrivacy(SectionConformance):
    component = SECTIONS["privacy"]


class TestMissing(SectionConformance):
    component = SECTIONS["missing"]


@pytest.mark.skipif(bool(SECTIONS["detection"].missing()), reason="comes with the extra 'reports'")
class TestDetection(SectionConformance):
    component = SECTIONS["detection"]


class TestNeighbours(SectionConformance):
    component = SECTIONS["neighbours"]


class TestJson(RendererConformance):
    component = RENDERERS["json"]
    shows_text = True


@pytest.mark.skipif(bool(RENDERERS["pdf"].missing()), reason="comes with the extra 'reports'")
class TestPdf(RendererConformance):
    component = RENDERERS["pdf"]


class TestHtml(RendererConformance):
    component = RENDERERS["html"]
    shows_text = True
