"""Texts: length, words, agreement with the row, and what of the training texts comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Table, Text, Tone
from semblant.vocabulary import EncodingType
from semblant_reports.measure.binning import is_textual
from semblant_reports.measure.confidence import wilson
from semblant_reports.measure.forms import Form
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.measure.texts import text_figures
from semblant_reports.sections.verdicts import verdict
from semblant_reports.style import count, decimals, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.forms import ColumnForm
    from semblant_reports.measure.measured import MeasuredTable

_WORDY = 3.0
"""Words per value from which a column counts as text where nobody says how columns were learned."""
_MOST = 6
_SIDES = {"original": "original", "synthetic": "synthetic", "holdout": "holdout"}


class Texts:
    """Columns of free text, original beside synthetic and holdout."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings; the limit is the report's own for single columns."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table its text columns."""
        tables = []
        for name, table in measured(inputs, run).tables.items():
            chosen = text_columns(inputs, name, table)
            limit = _MOST if inputs.limits.univariate is None else min(_MOST, inputs.limits.univariate)
            found = []
            for column in chosen[:limit] if table.comparable else []:
                run.check()
                figures = text_figures(table.sample, column, table.min_subjects, run.check)
                found.append(figures | {"verdicts": [] if figures["note"] else judge(figures)})
            note = TOO_FEW if chosen and not table.comparable else ""
            tables.append({"table": name, "note": note, "columns": found, "left_out": max(len(chosen) - limit, 0)})
        return {"tables": tables}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Describe each column."""
        tables = [table for table in figures["tables"] if table["columns"] or table["note"]]
        if not tables:
            return [Text(text="There is no column of free text.")]
        blocks: list[Block] = []
        for table in tables:
            if table["note"]:
                blocks.append(Text(text=f"{table['table']}: {table['note']}."))
            for column in table["columns"]:
                blocks += [Heading(text=f"{table['table']}: {column['column']}"), *_shown(column)]
            if table["left_out"]:
                blocks.append(Text(text=f"{table['left_out']} more text columns are left out by the report's limit."))
        return blocks


def text_columns(inputs: ReportInputs, name: str, table: MeasuredTable) -> list[ColumnForm]:
    """Give the columns that were learned as text; for data of other tools, those of several words, seldom repeated."""
    plans = inputs.columns.get(name)
    if plans:
        learned = {plan.name for plan in plans if plan.encoding is EncodingType.TEXT}
        return [column for column in table.sample.columns if column.name in learned]
    found = []
    for column in table.sample.columns:
        values = table.sample.original[column.key]
        if column.form is Form.CATEGORY and is_textual(values):
            words = values.drop_nulls().head(1000).str.count_matches(r"\S+").mean()
            if isinstance(words, float) and words >= _WORDY:
                found.append(column)
    return found


def judge(figures: Mapping[str, Any]) -> list[dict[str, str]]:
    """Judge copies, agreement with the row, and lengths."""
    found, copies = [], figures["copies"]
    own = copies["synthetic"]
    usual = copies.get("holdout")
    expected = usual["texts"] / usual["of"] * own["of"] if usual and usual["of"] else 0.0
    if own["texts"] > 2.0 * expected:
        # chance alone may double a few; more than the holdout can have is none
        most = wilson(usual["texts"] / usual["of"], usual["of"])[1] if usual and usual["of"] else 0.0
        sure = wilson(own["texts"] / own["of"], own["of"])[0] > most
        said = f"{count(own['texts'])} of {count(own['of'])} texts are training texts, word for word"
        more = f"; {count(expected)} would be usual." if expected else "."
        found.append(verdict(Tone.BAD if sure or not usual else Tone.FAIR, said + more))
    else:
        found.append(verdict(Tone.GOOD, "No more training texts come again than occur in other real texts."))
    runs = copies["runs"]
    if "holdout" in runs and runs["training"] and runs["holdout"]:
        training, holdout = runs["training"]["high"], runs["holdout"]["high"]
        said = (
            f"the longest run of words in common is {training:.0f} with training and {holdout:.0f} with holdout texts"
        )
        near = training <= max(1.1 * holdout, holdout + 1.0)
        words = "Nothing is replayed" if near else "Runs of the training texts are replayed"
        found.append(verdict(Tone.GOOD if near else Tone.BAD, f"{words}: {said} (in 99 of 100 texts no longer)."))
    for label in figures["labels"]:
        if label["forward"] is None:
            continue
        tone = Tone.GOOD if label["forward"] >= 0.8 else Tone.FAIR if label["forward"] >= 0.5 else Tone.BAD
        found.append(
            verdict(
                tone,
                f"Texts go with {label['label']}: a classifier of real texts has {percent(label['forward'], 0)} of its "
                "power on synthetic ones.",
            )
        )
    return found


def _shown(column: Mapping[str, Any]) -> list[Block]:
    """Give the blocks of one column."""
    if column["note"]:
        return [Text(text=f"Not measured: {column['note']}.")]
    blocks: list[Block] = [Text(text=item["text"], tone=Tone(item["tone"])) for item in column["verdicts"]]
    blocks += [_sizes(column), _words(column)]
    for label in column["labels"]:
        blocks += [_telling(label), *_agreement(label)]
    return blocks


def _sizes(column: Mapping[str, Any]) -> Table:
    """List lengths per side."""
    rows = []
    for side, sizes in column["sizes"].items():
        gaps = column["differences"].get(side)
        rows.append(
            (
                _SIDES[side],
                count(sizes["texts"]),
                f"{sizes['characters']:g}",
                f"{sizes['median']:g}",
                f"{sizes['high']:g}",
                f"{sizes['words']:g}",
                *(decimals(gaps[name] if gaps else None) for name in ("length", "characters", "word_length")),
            )
        )
    return Table(
        columns=("", "texts", "characters", "median", "90th percentile", "words", "lengths", "signs", "word lengths"),
        align="lrrrrrrrr",
        rows=rows,
        caption="Characters and words per text; then how far lengths, signs and word lengths are from the original's "
        "(total variation, 0 is the same).",
    )


def _words(column: Mapping[str, Any]) -> Table:
    """List the figures of words and copies."""
    vocabulary, copies = column["vocabulary"], column["copies"]
    runs, shared = copies["runs"], vocabulary.get("runs", {})
    rows = [
        ("words that enough subjects of the original use", "", count(vocabulary["common"])),
        ("of these in the synthetic texts", percent(vocabulary["used"]), ""),
        (
            "share of all words that are among them",
            percent(vocabulary["shares"]["synthetic"]),
            percent(vocabulary["shares"].get("holdout")),
        ),
        ("3-word runs that the holdout has", percent(shared.get("synthetic")), percent(shared.get("original"))),
        (
            "texts that few subjects of the training data wrote",
            count(copies["synthetic"]["texts"]),
            count(copies["holdout"]["texts"]) if "holdout" in copies else "–",
        ),
    ]
    for name, others in (("training", "training texts"), ("holdout", "as many holdout texts")):
        if runs.get(name):
            usual = runs["real"]["high"] if name == "training" and runs.get("real") else None
            title = f"longest run in common with {others}, 99th percentile"
            rows.append((title, f"{runs[name]['high']:.0f}", "–" if usual is None else f"{usual:.0f}"))
    return Table(columns=("words", "synthetic", "real"), align="lrr", rows=rows)


def _telling(label: Mapping[str, Any]) -> Table:
    """List the words that tell the values of a column."""
    return Table(
        columns=(label["label"], "original", "synthetic"),
        align="lll",
        rows=[
            (item["value"], ", ".join(item["original"]) or "–", ", ".join(item["synthetic"]) or "–")
            for item in label["words"]
        ],
        caption="The words that are most frequent with one value beside the others.",
    )


def _agreement(label: Mapping[str, Any]) -> list[Block]:
    """List what a classifier makes of the texts."""
    if label["real"] is None:
        return []
    rows = [
        ("real texts", "holdout texts", decimals(label["real"]), ""),
        ("real texts", "synthetic texts", decimals(label["synthetic"]), percent(label["forward"], 0)),
        ("synthetic texts", "holdout texts", decimals(label["learned"]), percent(label["reverse"], 0)),
    ]
    return [
        Table(
            columns=("learned from", "tested on", "AUC", "of the lift"),
            align="llrr",
            rows=rows,
            caption=f"A bag-of-words classifier of {label['label']}; 0.5 is chance.",
        )
    ]
