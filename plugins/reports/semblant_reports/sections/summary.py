"""Summary: fidelity, utility and privacy in a few scores, and what to do about the worst columns."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Scores, Table, Text, Tone
from semblant_reports.measure.accuracy import DEPTHS
from semblant_reports.measure.copying import same_content
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.sections.headline import average, headline, intervals, mean, nearest, tiles
from semblant_reports.sections.privacy import judge as judge_attack
from semblant_reports.sections.utility import judge
from semblant_reports.sections.words import answers, in_short, to_do
from semblant_reports.style import count, decimals, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.accuracy import Overlap
    from semblant_reports.measure.forms import ColumnForm
    from semblant_reports.measure.measured import Measured, MeasuredTable

WORST = 5
LOOKUP = 0.1
"""Of the rows of the largest table: a smaller one that is the same on both sides may be a lookup table."""


class Summary:
    """Scores with plain words; accuracy, detection and the copying check of every table."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give ``accuracy``, ``ceiling``, ``detection`` and ``copying`` over all tables and of each."""
        found = measured(inputs, run)
        tables = {}
        for name, table in found.tables.items():
            run.check()
            tables[name] = _table(table)
        _tell_lookups(tables, found, inputs)
        figures = {
            "scores": headline(tables, _related(found, inputs)),
            "intervals": intervals(tables),
            "accuracy": mean([figures["accuracy"] for figures in tables.values()]),
            "ceiling": mean([figures["ceiling"] for figures in tables.values()]),
            "detection": average([figures["detection"] for figures in tables.values()]),
            "nearer_to_training": nearest(tables),
            "tables": tables,
            "skipped": found.skipped,
            "holdout": inputs.holdout is not None,
            "holdout_reason": inputs.holdout_reason,
            "private": bool(inputs.privacy is not None and inputs.privacy.private),
        }
        shown = tiles(figures)
        said = answers(figures, shown)
        short = in_short(said, holdout=inputs.holdout is not None)
        return figures | {"in_short": short, "answers": said, "to_do": to_do(figures, said, shown)}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Write scores, what they mean, and the columns to look at."""
        blocks: list[Block] = []
        if figures["private"]:
            blocks.append(
                Text(
                    text="The generator was trained with differential privacy. This report was measured "
                    "on the training rows and epsilon does not cover it: do not publish it.",
                    tone=Tone.BAD,
                )
            )
        blocks.append(Scores(scores=tiles(figures)))
        blocks.extend(_answered(figures))
        blocks.extend(_words(figures))
        if len(figures["tables"]) > 1:
            blocks.append(_by_table(figures["tables"]))
        for name, table in figures["tables"].items():
            if table["lookup"]:
                blocks.append(
                    Text(
                        text=f"{name} is the same on both sides, row for row. It is taken for a lookup table that was "
                        "copied on purpose, and not counted among the identical rows; if it holds data of people, "
                        "every row of it has come out.",
                        tone=Tone.FAIR,
                    )
                )
            if table["note"]:
                blocks.append(Text(text=f"{name}: {table['note']}.", tone=Tone.FAIR))
            if table["worst"]:
                blocks.append(
                    Heading(text=f"Columns to look at: {name}" if len(figures["tables"]) > 1 else "Columns to look at")
                )
                blocks.append(
                    Table(
                        columns=("column", "accuracy", "ceiling", "what to do"),
                        align="lrrl",
                        rows=[
                            (row["column"], percent(row["accuracy"]), percent(row["ceiling"]), row["advice"])
                            for row in table["worst"]
                        ],
                    )
                )
        for name, reason in figures["skipped"].items():
            blocks.append(Text(text=f"{name}: {reason}."))
        return blocks


def _answered(figures: Mapping[str, Any]) -> list[Block]:
    """Put the questions with their answers, and what to do."""
    said = figures["answers"]
    blocks: list[Block] = [
        Table(
            columns=("question", "answer"),
            align="ll",
            rows=[(answer["question"], answer["text"]) for answer in said],
            tones=[Tone(answer["tone"]) for answer in said],
        )
    ]
    if figures["to_do"]:
        blocks.append(Heading(text="What to do"))
        blocks.extend(Text(text=f"{place}. {text}") for place, text in enumerate(figures["to_do"], 1))
    return blocks


def _table(table: MeasuredTable) -> dict[str, Any]:
    """Measure one table."""
    accuracy, ceiling = table.accuracy, table.ceiling
    asked = table.detection if find_spec("sklearn") is not None and table.comparable else None
    detection = None if asked is None else asked["auc"]
    note = "" if table.comparable else TOO_FEW
    if table.sample.absent:
        note = f"the synthetic table lacks the columns {', '.join(table.sample.absent)}"
    return {
        "rows": table.sample.rows,
        "columns": len(table.sample.columns),
        "note": note,
        "accuracy": _depths(accuracy),
        "ceiling": _depths(ceiling),
        "expected_by_chance": None if table.by_chance is None else round(table.by_chance.overall, 5),
        "intervals": table.intervals,
        "detection": None if detection is None else round(detection, 5),
        "detection_interval": None if detection is None else table.detection["interval"],
        "given_away_by": [
            {"column": item["column"], "loss": round(item["loss"], 5)} for item in (asked["columns"] if asked else ())
        ],
        "utility": [
            {name: item[name] for name in ("column", "measure", "real", "synthetic", "gap", "interval", "telling")}
            | {"tone": judge(item)["tone"]}
            for item in (table.utility if find_spec("sklearn") is not None else ())
        ],
        "membership": {name: table.membership[name] for name in ("auc", "interval", "tpr", "tpr_interval")}
        | {"tone": judge_attack(table.membership)["tone"]},
        "copying": {
            "dcr_share": table.copying["dcr_share"],
            "interval": table.copying["interval"],
            "identical": table.copying["identical"],
        },
        "lookup": False,
        "worst": _worst(table),
    }


def _related(found: Measured, inputs: ReportInputs) -> dict[str, float]:
    """Give the scores of the foreign keys: means, and the worst for what must not happen at all."""
    figures = [relation.figures for relation in found.relations(inputs) if not relation.figures["note"]]
    if not figures:
        return {}
    keys = [
        item["integrity"]["synthetic"][name] - item["integrity"]["original"][name]
        for item in figures
        for name in ("dangling", "repeated")
    ]
    scores = {
        "children_agreement": average([item["children"]["synthetic"]["agreement"] for item in figures]),
        "parent_child_accuracy": average([item["parent_child"]["synthetic"] for item in figures]),
        "sibling_accuracy": average([item["siblings"]["synthetic"] for item in figures]),
        "family_c2st_auc": average([item["detection"]["auc"] for item in figures]),
        "broken_keys": round(max(0.0, *keys), 6),
    }
    return {name: value for name, value in scores.items() if value is not None}


def _tell_lookups(tables: dict[str, Any], found: Measured, inputs: ReportInputs) -> None:
    """Mark small tables that are the same on both sides, beside others that are not.

    Only where nothing is known of how the data came about: what a generator learned must not come out again.
    """
    same = {name for name, table in found.tables.items() if same_content(table.sample)}
    largest = max((table["rows"]["original"] for table in tables.values()), default=0)
    for name in same:
        small = tables[name]["rows"]["original"] <= LOOKUP * largest
        tables[name]["lookup"] = small and inputs.spec is None and not inputs.models and len(same) < len(tables)


def _depths(accuracy: Overlap | None) -> dict[str, float] | None:
    """Give overall accuracy and that of one, two and three columns."""
    if accuracy is None:
        return None
    return {"overall": round(accuracy.overall, 5)} | {
        name: round(value, 5) for name, value in accuracy.by_depth.items()
    }


def _worst(table: MeasuredTable) -> list[dict[str, Any]]:
    """Give the columns that fall behind what chance explains, with advice."""
    if table.accuracy is None:
        return []
    rows = []
    for place in table.most_different[:WORST]:
        column = table.sample.columns[place]
        value = float(table.accuracy.columns[place])
        ceiling = None if table.ceiling is None else float(table.ceiling.columns[place])
        # against chance alone the allowance is a class's own spread; a holdout knows it exactly
        behind = (ceiling if ceiling is not None else 0.99) - value
        if behind <= 0.005:
            continue
        missing = [
            frame[column.key].null_count() / max(1, frame.height)
            for frame in (table.sample.original, table.sample.synthetic)
        ]
        rows.append(
            {
                "column": column.name,
                "accuracy": round(value, 5),
                "ceiling": None if ceiling is None else round(ceiling, 5),
                "advice": _advice(table, column, behind, missing),
            }
        )
    return rows


def _advice(table: MeasuredTable, column: ColumnForm, behind: float, missing: list[float]) -> str:
    """Say what to do about a column that falls behind."""
    if column.path[0] in table.sample.absent:
        return "the synthetic table does not have it: check names and exclusions"
    if abs(missing[0] - missing[1]) > max(0.02, behind / 2):
        return f"missing in {percent(missing[1])} of the rows instead of {percent(missing[0])}: check its encoding"
    if table.sample.synthetic[column.key].n_unique() == 1 and table.sample.original[column.key].n_unique() > 1:
        return "all synthetic values are the same: check its encoding and treatment"
    if table.sample.original.height < 1000:
        return "few rows to learn from: give more if you can"
    if behind > 0.05:
        return "check its encoding (semblant detect) and the temperature; then train longer"
    return "train longer, or with a larger model"


def _words(figures: Mapping[str, Any]) -> list[Block]:
    """Say the scores in words."""
    accuracy, ceiling = figures["accuracy"], figures["ceiling"]
    if accuracy is None:
        return [
            Text(text="Nothing could be compared: a side has no rows, or no column is on both sides.", tone=Tone.FAIR)
        ]
    named = {"accuracy" if name == "overall" else f"{name}_accuracy": name for name in ("overall", *DEPTHS)}
    bounds = {named[name]: found for name, found in figures["intervals"].items() if name in named}
    rows = [
        (
            name,
            percent(accuracy.get(name)),
            " to ".join(percent(bound) for bound in bounds.get(name, ())) or "–",
            percent((ceiling or {}).get(name)),
        )
        for name in (*DEPTHS, "overall")
        if name in accuracy
    ]
    blocks: list[Block] = [
        Text(
            text="Accuracy is the overlap of the distributions (one less the total variation distance) of "
            "every column, pair and triple of columns, cut into at most ten classes. Two samples of "
            "the same people never agree fully: the ceiling is what rows that were held back reach."
        ),
        Table(
            columns=("columns taken together", "accuracy", "95% interval", "ceiling (holdout)"), rows=rows, align="lrrr"
        ),
    ]
    if not figures["holdout"]:
        reason = figures["holdout_reason"]
        blocks.append(
            Text(
                text="There is no holdout"
                + (f" ({reason})" if reason else "")
                + ": without one, nobody can say how near is too near. Give one with --holdout.",
                tone=Tone.FAIR,
            )
        )
    return blocks


def _by_table(tables: Mapping[str, Any]) -> Table:
    """Compare the tables."""
    return Table(
        columns=("table", "original rows", "synthetic rows", "accuracy", "ceiling", "detection", "nearer to training"),
        align="lrrrrrr",
        rows=[
            (
                name,
                count(table["rows"]["original"]),
                count(table["rows"]["synthetic"]),
                percent((table["accuracy"] or {}).get("overall")),
                percent((table["ceiling"] or {}).get("overall")),
                decimals(table["detection"]),
                percent(table["copying"]["dcr_share"]),
            )
            for name, table in tables.items()
        ],
    )
