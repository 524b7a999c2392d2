"""The report as one HTML file: nothing is fetched, no script runs, light and dark."""

from __future__ import annotations

import datetime as dt
import re
from html import escape
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from semblant.atomic import atomic_write
from semblant.report.blocks import Chart, Heading, Score, Scores, Table, Text, Tone
from semblant_reports.charts import PAGE
from semblant_reports.renderers.findings import findings_of, headline, left_out
from semblant_reports.renderers.svg import SVG, svg_of
from semblant_reports.style import IN_THE_DARK, INK, MUTED, ORIGINAL, RULE, SHADE, SIGNS, SYNTHETIC, TONES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.document import ReportDocument, SectionResult

WIDE = 60.0
"""Per cent of the page's width: charts that take more are scrolled on a narrow screen, as their words must be read."""
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_IDENTIFIER = re.compile(r'(id="|url\(#|href="#)([\w-]+)')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_DARK = " ".join(f'svg [fill="{light}"] {{ fill: {dark}; }}' for light, dark in IN_THE_DARK.items())
_STYLE = f"""
:root {{ color-scheme: light dark; --ink: {INK}; --muted: {MUTED}; --rule: {RULE}; --shade: {SHADE}; --paper: #fff;
  --good: {TONES[Tone.GOOD]}; --fair: {TONES[Tone.FAIR]}; --bad: {TONES[Tone.BAD]};
  --plain: {TONES[Tone.PLAIN]}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e8ecf1; --muted: #a9b4c2; --rule: #3a4552; --shade: #1e262f;
  --paper: #12181f; --good: #4cc3a5; --fair: #e2a64b; --bad: #f0868d; --plain: #8fb3de; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 56rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 0.95rem/1.55 "DejaVu Sans", system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }}
h1 {{ font-size: 2rem; line-height: 1.2; margin: 1rem 0 0.2rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.4rem; margin: 3.2rem 0 1rem; padding-bottom: 0.35rem; border-bottom: 2px solid {SYNTHETIC}; }}
h3 {{ font-size: 1.05rem; margin: 2rem 0 0.6rem; }}
h4 {{ font-size: 0.92rem; margin: 1.6rem 0 0.4rem; }}
h1, h3, h4, td, th, dd, p {{ unicode-bidi: plaintext; overflow-wrap: anywhere; text-align: left; }}
.band {{ height: 6px; width: 10rem; background: linear-gradient(90deg, {ORIGINAL} 50%, {SYNTHETIC} 50%); }}
.subtitle, figcaption, caption, .note, nav {{ color: var(--muted); }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 0.9rem; margin: 1.4rem 0; }}
.tile {{ background: var(--shade); border-left: 4px solid var(--tone); padding: 0.8rem 1rem; }}
.tile b {{ display: block; font-size: 1.7rem; line-height: 1.3; }}
.tile .word {{ color: var(--tone); font-weight: 600; font-size: 0.85rem; }}
.tile .note {{ font-size: 0.8rem; line-height: 1.4; margin: 0.3rem 0 0; }}
.toned {{ border-left: 4px solid var(--tone); padding-left: 0.8rem; }}
.short {{ font-size: 1.1rem; }}
.good {{ --tone: var(--good); }} .fair {{ --tone: var(--fair); }}
.bad {{ --tone: var(--bad); }} .plain {{ --tone: var(--plain); }}
dl {{ display: grid; grid-template-columns: minmax(6rem, 12rem) 1fr; margin: 1.5rem 0; }}
dt, dd {{ margin: 0; padding: 0.45rem 0; border-bottom: 1px solid var(--rule); }} dt {{ color: var(--muted); }}
nav ol {{ columns: 2; padding-left: 1.2rem; }} a {{ color: inherit; }}
.scroll {{ overflow-x: auto; margin: 1rem 0; }}
table {{ border-collapse: collapse; font-size: 0.84rem; }}
caption {{ caption-side: bottom; text-align: left; padding: 0.4rem 0; }}
th {{ background: var(--shade); color: var(--muted); text-align: left; vertical-align: bottom; }}
th, td {{ padding: 0.35rem 0.7rem; border-bottom: 1px solid var(--rule); vertical-align: top; max-width: 34rem; }}
td, th {{ min-width: 7rem; }} td:first-child, td:last-child {{ min-width: 11rem; }} td.r, th.r, td.c {{ min-width: 0; }}
.r {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }} .c {{ text-align: center; }}
tr.good td, tr.fair td, tr.bad td {{ color: var(--tone); }}
.row {{ display: flex; flex-wrap: wrap; gap: 1rem 0; align-items: flex-start; }}
figure {{ margin: 0; padding-right: 0.8rem; min-width: 14rem; max-width: 100%; }} figcaption {{ font-size: 0.78rem; }}
svg {{ max-width: 100%; height: auto; display: block; }}
.wide {{ overflow-x: auto; }} .wide svg {{ min-width: min(34rem, var(--own)); max-width: none; width: 100%; }}
svg text {{ fill: var(--muted); }} svg text[font-weight="bold"] {{ fill: var(--ink); }}
svg [stroke="#FFFFFF"] {{ stroke: var(--paper); }} svg [stroke="{RULE}"] {{ stroke: var(--rule); }}
@media (prefers-color-scheme: dark) {{ {_DARK} }}
@media (max-width: 40rem) {{ nav ol {{ columns: 1; }} dl {{ grid-template-columns: 1fr; }} dt {{ border: 0; }} }}
@media print {{ h2 {{ break-after: avoid; }} figure, .tile, tr {{ break-inside: avoid; }} }}
"""


class HtmlRenderer:
    """Writes the report as one file that can be mailed and opened anywhere."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def render(self, report: ReportDocument, path: Path) -> None:
        """Write ``path`` atomically."""
        with atomic_write(path) as file:
            file.write("\n".join(_page(report)).encode())


def _page(report: ReportDocument) -> Iterator[str]:
    """Write head, cover, contents and sections."""
    yield '<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield f"<title>{_safe(report.title)}: {_safe(report.subtitle)}</title><style>{_STYLE}</style></head><body>"
    yield f'<header><div class="band"></div><h1>{_safe(report.title)}</h1>'
    yield f'<p class="subtitle">{_safe(report.subtitle)}</p>'
    top = headline(report)
    if top.said is not None:
        yield f'<p class="toned short {top.said.tone}">{SIGNS[top.said.tone]} {_safe(top.said.text)}</p>'
    if top.scores is not None:
        yield _tiles(top.scores.scores)
    created = dt.datetime.fromisoformat(report.created).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    facts = {**report.facts, "Created": f"{created} by Semblant {report.version}"}
    lines = "".join(f"<dt>{_safe(name)}</dt><dd>{_safe(value)}</dd>" for name, value in facts.items())
    advice = "".join(f"<li>{_safe(item)}</li>" for item in top.to_do)
    yield _verdicts(report) + (f"<h3>What to do</h3><ul>{advice}</ul>" if advice else "")
    yield f"<dl>{lines}</dl></header>"
    sections = [item for item in report.sections if not item.left_out]
    if len(sections) < len(report.sections):
        sections.append(left_out(report))
    links = "".join(f'<li><a href="#{_safe(item.name)}">{_safe(item.title)}</a></li>' for item in sections)
    yield f'<nav aria-label="Contents"><ol>{links}</ol></nav><main>'
    for number, section in enumerate(sections):
        yield from _section(section, number, top.scores)
    yield "</main></body></html>\n"


def _verdicts(report: ReportDocument) -> str:
    """Write what the sections found: what is off in full, what is well by name."""
    off, well = findings_of(report)
    said = [
        f'<p class="toned {item.tone}">{SIGNS[item.tone]} <a href="#{_safe(item.section)}">{_safe(item.title)}</a>: '
        f"{_safe(item.text)}</p>"
        for item in off
    ]
    if well:
        said.append(f'<p class="toned good">{SIGNS[Tone.GOOD]} {_safe(well)}</p>')
    return f"<h3>What the sections found</h3>{''.join(said)}" if said else ""


def _section(section: SectionResult, number: int, told: Block | None) -> Iterator[str]:
    """Write a section but for what the head has ``told``; charts that fit stand side by side."""
    yield f'<section id="{_safe(section.name)}"><h2>{_safe(section.title)}</h2>'
    row = False
    for place, block in enumerate(section.blocks):
        if block is told:
            continue
        chart = isinstance(block, Chart)
        if chart != row:
            yield '<div class="row">' if chart else "</div>"
            row = chart
        yield _figure(block, f"s{number}b{place}") if isinstance(block, Chart) else _block(block)
    yield ("</div>" if row else "") + "</section>"


def _block(block: Block) -> str:
    """Write anything but a chart."""
    if isinstance(block, Heading):
        level = block.level + 1
        return f"<h{level}>{_safe(block.text)}</h{level}>"
    if isinstance(block, Text):
        if block.tone is Tone.PLAIN:
            return f"<p>{_safe(block.text)}</p>"
        return f'<p class="toned {block.tone}">{SIGNS[block.tone]} {_safe(block.text)}</p>'
    if isinstance(block, Scores):
        return _tiles(block.scores)
    assert isinstance(block, Table)
    return _table(block)


def _tiles(scores: Sequence[Score]) -> str:
    """Write headline figures side by side."""
    tiles = []
    for score in scores:
        word = f'<span class="word">{SIGNS[score.tone]} {WORDS[score.tone]}</span>' if WORDS[score.tone] else ""
        note = f'<p class="note">{_safe(score.note)}</p>' if score.note else ""
        tiles.append(
            f'<div class="tile {score.tone}">{_safe(score.label)}<b>{_safe(score.value)}</b>{word}{note}</div>'
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _table(table: Table) -> str:
    """Write a table that scrolls by itself where it is too wide."""
    align = [
        {"r": ' class="r"', "c": ' class="c"'}.get(table.align[place : place + 1], "")
        for place in range(len(table.columns))
    ]
    head = "".join(f'<th scope="col"{kind}>{_safe(name)}</th>' for name, kind in zip(table.columns, align, strict=True))
    rows = []
    for place, row in enumerate(table.rows):
        tone = table.tones[place] if place < len(table.tones) else Tone.PLAIN
        sign = f"{SIGNS[tone]} " if SIGNS[tone] else ""
        cells = "".join(
            f"<td{kind}>{sign if first == 0 else ''}{_safe(str(cell))}</td>"
            for first, (cell, kind) in enumerate(zip(row, align, strict=True))
        )
        rows.append(f'<tr class="{tone}">{cells}</tr>')
    caption = f"<caption>{_safe(table.caption)}</caption>" if table.caption else ""
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="scroll"><table>{caption}{body}</table></div>'


def _figure(chart: Chart, prefix: str) -> str:
    """Write a chart as inline SVG, with its words for those who cannot see it."""
    root = ET.fromstring(svg_of(chart.spec))  # noqa: S314 - our own drawing, not a file of others
    width = float(root.get("width", "0"))
    root.set("role", "img")
    root.set("aria-label", _CONTROL.sub(" ", chart.alt))
    ET.register_namespace("", SVG)
    drawn = ET.tostring(root, encoding="unicode")
    drawn = _NUMBER.sub(lambda found: f"{float(found[0]):.2f}", drawn)
    drawn = _IDENTIFIER.sub(lambda found: f"{found[1]}{prefix}-{found[2]}", drawn)
    caption = f"<figcaption>{_safe(chart.caption)}</figcaption>" if chart.caption else ""
    share = max(chart.width, min(1.0, width / PAGE)) * 100
    kind = f' class="wide" style="--own: {width:.0f}px; max-width: {width:.0f}px"' if share > WIDE else ""
    kind = kind or f' style="width: {share:.2f}%"'
    return f"<figure{kind}>{drawn}{caption}</figure>"


def _safe(text: str) -> str:
    """Escape a text; control characters become spaces."""
    return escape(_CONTROL.sub(" ", text))
