"""The default reports of Semblant; what each offers is listed here, nothing heavy is imported."""

from __future__ import annotations

from functools import partial

from semblant.components import RendererType, SectionType
from semblant.hookspecs import hookimpl
from semblant_reports.settings import PdfSettings

_SECTIONS = "semblant_reports.sections"
_RENDERERS = "semblant_reports.renderers"
SCORES = (
    "accuracy",
    "univariate_accuracy",
    "bivariate_accuracy",
    "trivariate_accuracy",
    "accuracy_ceiling",
    "c2st_auc",
    "dcr_share",
    "identical_rows",
    "membership_auc",
    "utility_gap",
    "children_agreement",
    "parent_child_accuracy",
    "sibling_accuracy",
    "family_c2st_auc",
    "broken_keys",
)
"""All that the summary may score; what a report has of them hangs on its data."""

_section = partial(SectionType, scores=())
"""A section without scores, unless it names some."""


@hookimpl
def semblant_report_sections() -> list[SectionType]:
    """Offer the sections of the quality report, in their order."""
    return [
        _section(
            name="summary",
            title="Summary",
            order=10,
            factory=f"{_SECTIONS}.summary:Summary",
            summary="scores with grades in words, and what to do about the worst columns",
            scores=SCORES,
        ),
        _section(
            name="data",
            title="Data and settings",
            order=20,
            factory=f"{_SECTIONS}.data:DataAndSettings",
            summary="tables, columns with their encodings, what is sensitive, settings, timings",
        ),
        _section(
            name="history",
            title="Training history",
            order=25,
            factory=f"{_SECTIONS}.history:History",
            summary="losses, learning rate and what ended the training",
            needs=("history",),
        ),
        _section(
            name="univariate",
            title="Distributions of the columns",
            order=30,
            factory=f"{_SECTIONS}.univariate:Univariate",
            summary="each column, original beside synthetic, the most different first",
        ),
        _section(
            name="bivariate",
            title="Pairs of columns",
            order=40,
            factory=f"{_SECTIONS}.bivariate:Bivariate",
            summary="accuracy of all pairs, and the most different pairs as heat maps",
        ),
        _section(
            name="trivariate",
            title="Triples of columns",
            order=42,
            factory=f"{_SECTIONS}.trivariate:Trivariate",
            summary="accuracy of triples, and the most different ones",
        ),
        _section(
            name="phik",
            title="Dependence (PhiK)",
            order=44,
            factory=f"{_SECTIONS}.phik:PhiK",
            summary="how strongly columns hang together: original, synthetic, difference",
            requires=("scipy",),
            extra="reports",
        ),
        _section(
            name="texts",
            title="Texts",
            order=46,
            factory=f"{_SECTIONS}.texts:Texts",
            summary="length, words, agreement with the row, and what of the training texts comes again",
            requires=("sklearn",),
            extra="reports",
        ),
        _section(
            name="missing",
            title="Missing values",
            order=50,
            factory=f"{_SECTIONS}.missing:Missing",
            summary="which columns are missing together, and how often",
        ),
        _section(
            name="relational",
            title="Relations between tables",
            order=52,
            factory=f"{_SECTIONS}.relational:Relational",
            summary="children per parent, key integrity, dependence across tables",
            needs=("relations",),
        ),
        _section(
            name="constraints",
            title="Constraints",
            order=54,
            factory=f"{_SECTIONS}.constraints:Constraints",
            summary="rows that break the rules of the spec",
            needs=("constraints",),
        ),
        _section(
            name="utility",
            title="Utility",
            order=56,
            factory=f"{_SECTIONS}.utility:Utility",
            summary="train on synthetic, test on real, beside a model of real rows",
            requires=("sklearn",),
            extra="reports",
        ),
        _section(
            name="detection",
            title="Detection",
            order=60,
            factory=f"{_SECTIONS}.detection:Detection",
            summary="can a classifier tell the rows apart, and by which columns",
            requires=("sklearn",),
            extra="reports",
        ),
        _section(
            name="neighbours",
            title="Copying check",
            order=70,
            factory=f"{_SECTIONS}.neighbours:Neighbours",
            summary="distances to the closest training and holdout rows, identical rows",
        ),
        _section(
            name="privacy",
            title="Privacy",
            order=75,
            factory=f"{_SECTIONS}.privacy:Privacy",
            summary="the privacy account, what is not protected, and a membership attack",
        ),
    ]


@hookimpl
def semblant_report_renderers() -> list[RendererType]:
    """Offer the formats of the quality report."""
    return [
        RendererType(
            name="pdf",
            suffix=".pdf",
            factory=f"{_RENDERERS}.pdf:PdfRenderer",
            settings=PdfSettings,
            summary="a document with contents, bookmarks, vector charts and embedded fonts",
            requires=("fpdf", "vl_convert"),
            extra="reports",
        ),
        RendererType(
            name="html",
            suffix=".html",
            factory=f"{_RENDERERS}.html:HtmlRenderer",
            summary="one file for any browser, light and dark, without scripts or requests",
            requires=("vl_convert",),
            extra="reports",
        ),
        RendererType(
            name="json",
            suffix=".json",
            factory=f"{_RENDERERS}.json:JsonRenderer",
            summary="the same figures for programs, by a published schema",
        ),
    ]
