"""Summary: how near the synthetic data is to the original, and whether it copies; what to do about the worst."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Score, Scores, Table, Text, Tone
from semblant_reports.measure.accuracy import DEPTHS
from semblant_reports.measure.copying import same_content
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.style import count, decimals, grade, percent

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
MIRRORED = 0.4
"""A classifier is this wrong only where rows of one side have twins on the other."""
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
        return {
            "scores": _headline(tables),
            "accuracy": _mean([figures["accuracy"] for figures in tables.values()]),
            "ceiling": _mean([figures["ceiling"] for figures in tables.values()]),
            "detection": _average([figures["detection"] for figures in tables.values()]),
            "nearer_to_training": _nearest(tables),
            "tables": tables,
            "skipped": found.skipped,
            "holdout": inputs.holdout is not None,
            "holdout_reason": inputs.holdout_reason,
            "private": bool(inputs.privacy is not None and inputs.privacy.private),
        }

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
        blocks.append(Scores(scores=_scores(figures)))
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


def _headline(tables: Mapping[str, Any]) -> dict[str, float]:
    """Give the figures that a pipeline may set a threshold on: means over tables, the worst table for copies."""
    accuracy = _mean([table["accuracy"] for table in tables.values()]) or {}
    named = {"accuracy" if name == "overall" else f"{name}_accuracy": value for name, value in accuracy.items()}
    ceiling = _mean([table["ceiling"] for table in tables.values()])
    near = _nearest(tables)
    copies = _copies(tables)
    found: dict[str, float | None] = {
        **named,
        "accuracy_ceiling": None if ceiling is None else ceiling["overall"],
        "c2st_auc": _average([table["detection"] for table in tables.values()]),
        "dcr_share": None if near is None else round(near["share"], 5),
        "identical_rows": None if copies is None else round(copies["synthetic"], 6),
    }
    return {name: value for name, value in found.items() if value is not None}


def _table(table: MeasuredTable) -> dict[str, Any]:
    """Measure one table."""
    accuracy, ceiling = table.accuracy, table.ceiling
    detection = table.detection["auc"] if find_spec("sklearn") is not None and table.comparable else None
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
        "detection": None if detection is None else round(detection, 5),
        "copying": {
            "dcr_share": table.copying["dcr_share"],
            "interval": table.copying["interval"],
            "identical": table.copying["identical"],
        },
        "lookup": False,
        "worst": _worst(table),
    }


def _tell_lookups(tables: dict[str, Any], found: Measured, inputs: ReportInputs) -> None:
    """Mark small tables that are the same on both sides, beside others that are not.

    Only where nothing is known of how the data came about: what a generator learned must not come out again.
    """
    same = {name for name, table in found.tables.items() if same_content(table.sample)}
    largest = max((table["rows"]["original"] for table in tables.values()), default=0)
    for name in same:
        small = tables[name]["rows"]["original"] <= LOOKUP * largest
        tables[name]["lookup"] = small and not inputs.columns.get(name) and len(same) < len(tables)


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


def _scores(figures: Mapping[str, Any]) -> list[Score]:
    """Make the headline figures."""
    accuracy, ceiling = figures["accuracy"], figures["ceiling"]
    value = None if accuracy is None else accuracy["overall"]
    top = None if ceiling is None else ceiling["overall"]
    chance = _average([table["expected_by_chance"] for table in figures["tables"].values()])
    reach = top if top is not None else chance
    behind = None if value is None or reach is None else reach - value
    note = (
        f"real data that nobody trained on reach {percent(top)}"
        if top is not None
        else f"chance alone would leave {percent(chance)}"
        if chance is not None
        else "not measured"
    )
    scores = [Score(label="Accuracy", value=percent(value), tone=grade(behind, 0.01, 0.03), note=note)]
    if figures["detection"] is not None:
        scores.append(_detection_score(figures))
    near = figures["nearer_to_training"]
    if near is not None:
        scores.append(
            Score(
                label="Nearer to training",
                value=percent(near["share"]),
                tone=grade(near["interval"][0], 0.51, 0.54),
                note="of the synthetic rows are nearer to a training row than to a holdout row; 50% is "
                "what strangers' rows have",
            )
        )
    copies = _copies(figures["tables"])
    if copies is not None:
        scores.append(_copies_score(copies, several=len(figures["tables"]) > 1))
    return scores


def _detection_score(figures: Mapping[str, Any]) -> Score:
    """Grade the classifier; one that is wrong far more often than by chance has met twins."""
    auc = figures["detection"]
    known = {
        name: table["detection"]
        for name, table in figures["tables"].items()
        if table["detection"] is not None and not table["lookup"]
    }
    name = min(known, key=lambda table: known[table], default=None)
    tone, note = grade(auc, 0.6, 0.75), "AUC of a classifier that tells the rows apart; 0.5 is best, 1 worst"
    if name is not None and known[name] < MIRRORED:
        where = f"in {name} it is {decimals(known[name])}, " if len(figures["tables"]) > 1 else ""
        note = (
            f"AUC of a classifier that tells the rows apart; 0.5 is best. {where}clearly below 0.5: rows occur on "
            "both sides, the same or nearly so, as copies do"
        )
        worse = grade(0.5 - known[name], 0.5 - MIRRORED, 0.25)
        tone = worse if tone is Tone.GOOD or worse is Tone.BAD else tone
    return Score(label="Detection", value=decimals(auc), tone=tone, note=note)


def _copies_score(copies: Mapping[str, Any], *, several: bool) -> Score:
    """Grade identical rows against the holdout's, or against what the original's own repeats explain."""
    share, usual, expected = copies["synthetic"], copies["holdout"], copies["expected"]
    of = f" of {copies['table']}" if several else ""
    if usual is not None:
        tone = grade(share - usual, 0.002, 0.01)
        note = f"occur in the training rows{of}; {percent(usual, 2)} of the holdout's do"
    else:
        beyond = share - expected
        tone = Tone.BAD if beyond > 0.5 else Tone.FAIR if beyond > 0.05 else Tone.PLAIN
        verdict = {
            Tone.BAD: "these are copies: as many cannot be chance",
            Tone.FAIR: "more than chance explains: some are likely to be copies",
        }.get(tone, "without a holdout nobody knows how many would by chance")
        note = f"occur in the training rows{of}, whose own repeats explain {percent(expected, 2)}; {verdict}"
    return Score(label="Identical rows", value=percent(share, 2), tone=tone, note=note)


def _copies(tables: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the identical rows of the table that has most beyond what is usual; lookup tables do not count."""
    known = [
        {"table": name, **table["copying"]["identical"]}
        for name, table in tables.items()
        if table["copying"]["identical"]["synthetic"] is not None and not table["lookup"]
    ]

    def beyond(found: Mapping[str, Any]) -> float:
        usual = found["expected"] if found["holdout"] is None else found["holdout"]
        return float(found["synthetic"] - usual)

    return max(known, key=beyond, default=None)


def _words(figures: Mapping[str, Any]) -> list[Block]:
    """Say the scores in words."""
    accuracy, ceiling = figures["accuracy"], figures["ceiling"]
    if accuracy is None:
        return [
            Text(text="Nothing could be compared: a side has no rows, or no column is on both sides.", tone=Tone.FAIR)
        ]
    rows = [
        (name, percent(accuracy.get(name)), percent((ceiling or {}).get(name)))
        for name in (*DEPTHS, "overall")
        if name in accuracy
    ]
    blocks: list[Block] = [
        Text(
            text="Accuracy is the overlap of the distributions (one less the total variation distance) of "
            "every column, pair and triple of columns, cut into at most ten classes. Two samples of "
            "the same people never agree fully: the ceiling is what rows that were held back reach."
        ),
        Table(columns=("columns taken together", "accuracy", "ceiling (holdout)"), rows=rows, align="lrr"),
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


def _mean(found: list[dict[str, float] | None]) -> dict[str, float] | None:
    """Average over tables what each of them has."""
    known = [figures for figures in found if figures is not None]
    names = ("overall", *DEPTHS)
    return {
        name: round(sum(values) / len(values), 5)
        for name in names
        if (values := [figures[name] for figures in known if name in figures])
    } or None


def _average(values: list[float | None]) -> float | None:
    """Average what is known."""
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 5) if known else None


def _nearest(tables: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the share nearer to training of the table where it is highest."""
    known = {name: table["copying"] for name, table in tables.items() if table["copying"]["dcr_share"] is not None}
    if not known:
        return None
    name = max(known, key=lambda table: known[table]["dcr_share"])
    return {"share": known[name]["dcr_share"], "interval": known[name]["interval"], "table": name}
