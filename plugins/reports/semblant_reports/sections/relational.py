"""Relational: children per parent, key integrity, what children have to do with their parent and with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Table, Text, Tone
from semblant_reports.charts import colour_key, column_chart
from semblant_reports.measure.measured import measured
from semblant_reports.sections.verdicts import judged, told, verdict, worst
from semblant_reports.style import decimals, grade, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.relations import Relation

SHOWN = 8
SIBLINGS = 20
_SIDES = ("original", "synthetic", "holdout")


class Relational:
    """One part per foreign key."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per foreign key integrity, children per parent, dependence, and a classifier's AUC on whole families."""
        run.check()
        return {"relations": [_relation(item) for item in measured(inputs, run).relations(inputs)]}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Write one part per foreign key."""
        if not figures["relations"]:
            return [Text(text="No table of this report has a foreign key to another.")]
        blocks: list[Block] = [
            Text(
                text="For every foreign key: how many children a parent has, whether keys find their parent, whether "
                "children go with their parent and with the child after them, and whether a classifier can tell "
                "synthetic from real parents with all their children."
            ),
            colour_key(),
        ]
        for relation in figures["relations"]:
            blocks.extend(_written(relation))
        return blocks


def _relation(relation: Relation) -> dict[str, Any]:
    """Give the figures of one foreign key, the longest lists cut."""
    figures = dict(relation.figures)
    named = {
        "table": f"{relation.child} → {relation.parent}",
        "child": relation.child,
        "columns": list(relation.columns),
        "parent": relation.parent,
    }
    if figures["note"]:
        return named | figures
    figures["left_out"] = {
        "pairs": max(0, len(figures["pairs"]) - SHOWN),
        "sibling_columns": max(0, len(figures["sibling_columns"]) - SIBLINGS),
    }
    shown = {"pairs": figures["pairs"][:SHOWN], "sibling_columns": figures["sibling_columns"][:SIBLINGS]}
    return named | figures | shown | {"verdict": judge(relation)}


def judge(relation: Relation) -> dict[str, str]:
    """Judge one foreign key: the worst of its figures, and which one it is."""
    figures = relation.figures
    found: list[tuple[Tone, str]] = []
    keys = figures["integrity"]
    beyond = {name: keys["synthetic"][name] - keys["original"][name] for name in ("missing", "dangling", "repeated")}
    words = {"missing": "keys are missing", "dangling": "keys name no parent", "repeated": "parents share a key"}
    for name, share in beyond.items():
        if share > (0.02 if name == "missing" else 0.0):
            tone = Tone.FAIR if name == "missing" and share < 0.1 else Tone.BAD
            found.append((tone, f"more {words[name]} than in the original"))
    children = figures["children"]
    reach = children.get("holdout", {"agreement": 1.0})["agreement"]
    tone = grade(reach - children["synthetic"]["agreement"], 0.03, 0.1)
    if tone is not Tone.GOOD:
        found.append((tone, "the number of children is distributed in another way"))
    for name, said in (
        ("parent_child", "children go less with their parent"),
        ("siblings", "children go less with the child after them"),
    ):
        part = figures[name]
        if part["synthetic"] is None:
            continue
        reached = part["chance"] if part["holdout"] is None else part["holdout"]
        tone = judged(reached - part["synthetic"], part["chance"], 0.02, 0.05)
        if tone is not Tone.GOOD:
            found.append((tone, said))
    detection = figures["detection"]
    if detection["interval"] is not None:
        tone = grade(detection["interval"][0], 0.6, 0.75)
        if tone is not Tone.GOOD:
            found.append((tone, f"whole families can be told apart (AUC {decimals(detection['auc'])})"))
    tone = worst(item for item, _ in found)
    if tone is Tone.PLAIN:
        return verdict(Tone.GOOD, "Keys find their parents, and families are like those of the original.")
    said = "; ".join(text for _, text in sorted(found, key=lambda item: item[0] is not tone))
    return verdict(tone, said[0].upper() + said[1:] + ".")


def _written(relation: Mapping[str, Any]) -> Iterator[Block]:
    """Write the part of one foreign key."""
    yield Heading(text=f"{relation['child']} ({', '.join(relation['columns'])}) → {relation['parent']}")
    if relation["note"]:
        yield Text(text=f"It was not measured: {relation['note']}.")
        return
    yield from told(relation)
    children, keys = relation["children"], relation["integrity"]
    sides = [side for side in _SIDES if side in children]
    shape = column_chart(relation["shape"], f"{relation['child']} per {relation['parent']}", 1 / 2)
    if shape is not None:
        yield shape
    yield Table(
        columns=("children and keys", *sides),
        align="l" + "r" * len(sides),
        rows=[
            ("children per parent, on average", *(f"{children[side]['mean']:,.2f}" for side in sides)),
            ("parents without children", *(percent(children[side]["none"]) for side in sides)),
            (
                "agreement of the numbers of children",
                *("–" if side == "original" else percent(children[side]["agreement"]) for side in sides),
            ),
            ("keys that are missing", *(percent(keys[side]["missing"], 2) for side in sides)),
            ("keys that name no parent", *(percent(keys[side]["dangling"], 2) for side in sides)),
            ("parents whose key another one has", *(percent(keys[side]["repeated"], 2) for side in sides)),
        ],
    )
    yield from _dependence(relation)


def _dependence(relation: Mapping[str, Any]) -> Iterator[Block]:
    """Write what goes together, and what gives families away."""
    parts = {"children and their parent": relation["parent_child"], "a child and the next": relation["siblings"]}
    held = any(part["holdout"] is not None for part in parts.values())
    usual = "holdout" if held else "by chance"
    name = "holdout" if held else "chance"
    if relation["parent_child"]["synthetic"] is None and relation["siblings"]["synthetic"] is None:
        yield Text(text="Too few parents have children to compare these with them.")
    else:
        rows = [
            (title, percent(part["synthetic"]), percent(part[name]))
            for title, part in parts.items()
            if part["synthetic"] is not None
        ]
        yield Table(columns=("accuracy of pairs across rows", "synthetic", usual), rows=rows, align="lrr")
    pairs = [
        (f"{pair['child']} × {pair['parent']}", percent(pair["synthetic"]), percent(pair.get(name)))
        for pair in relation["pairs"]
    ]
    if pairs:
        yield Table(
            columns=(f"{relation['child']} × {relation['parent']}: the most different", "synthetic", usual),
            rows=pairs,
            align="lrr",
            caption=_more(relation["left_out"]["pairs"], "pairs"),
        )
    siblings = [
        (item["child"], percent(item["synthetic"]), percent(item.get(name))) for item in relation["sibling_columns"]
    ]
    if siblings:
        yield Table(
            columns=("column with that of the next child", "synthetic", usual),
            rows=siblings,
            align="lrr",
            caption=_more(relation["left_out"]["sibling_columns"], "columns"),
        )
    detection = relation["detection"]
    if detection["auc"] is not None:
        low, high = detection["interval"]
        names = [item["column"] for item in detection["columns"][:4]]
        yield Text(
            text=f"A classifier that sees a parent with all its children summed up tells {detection['rows']:,} "
            f"synthetic from as many real ones with an AUC of {decimals(detection['auc'])} (95% interval "
            f"{decimals(low)} to {decimals(high)}; 0.5 is best)."
            + (f" What gives them away: {', '.join(names)}." if names else "")
        )


def _more(count: int, what: str) -> str:
    """Say what is not listed."""
    return f"{count} more {what} differ less and are left out." if count else ""
