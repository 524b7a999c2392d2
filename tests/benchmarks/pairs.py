"""The rig's relational figures for every reference of a whole database that ``semblant run`` has made anew.

    SEMBLANT_TEST_DATA=… SEMBLANT_RIG="python evaluate.py" python -m tests.benchmarks pairs [NAME …]

``NAME`` is a folder of ``dev/relational``. The rig is ``evaluate_rel.py`` beside the one that ``SEMBLANT_RIG`` names,
and looks at one pair of tables at a time. Keys and free texts are left out: their values are made up.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from semblant.engine import Engine
from semblant.vocabulary import EncodingType
from tests.benchmarks.relational import DATABASES, copied
from tests.benchmarks.single import measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.plan import Plan, TablePlan
    from semblant.relations import Link

HEADS = ("rows", "counts", "child", "child–parent", "next row", "C2ST")
_MADE_UP = (EncodingType.TEXT, EncodingType.IDENTIFIER)
_MOST_ROWS = 100_000
"""Rows below that the rig looks at: those of as many parents as hold so many."""


def run(arguments: list[str]) -> None:
    """Print a line per reference."""
    root = Path(os.environ.get("SEMBLANT_TEST_DATA", ""))
    rig = shlex.split(os.environ.get("SEMBLANT_RIG", ""))
    if not (root / "dev" / "relational").is_dir() or not rig:
        print("no databases or no rig: SEMBLANT_TEST_DATA and SEMBLANT_RIG name them")
        return
    rig[-1] = str(Path(rig[-1]).with_name("evaluate_rel.py"))
    for name in arguments or DATABASES:
        with tempfile.TemporaryDirectory(prefix="semblant-pairs-") as folder:
            data, made = copied(root, name, Path(folder) / "data"), Path(folder) / "made"
            note = measured(data, made).get("note")
            print(f"{name}: {note}" if note else f"{name:<44}" + "".join(f"{head:>14}" for head in HEADS), flush=True)
            if note is None:
                with Engine(home=Path(folder) / "home") as engine:
                    plan = engine.plan(engine.spec_for(str(data)))
                for child, link in references(plan):
                    print(_line(plan, child, link, data, made, rig, Path(folder) / "pair"), flush=True)


def references(plan: Plan) -> Iterator[tuple[TablePlan, Link]]:
    """Give every reference of one column from a table that is made to another one."""
    for child in plan.tables:
        for link in child.links:
            if len(link.key.columns) == 1 and link.key.references != child.name and not child.copied:
                yield child, link


def _line(plan: Plan, child: TablePlan, link: Link, data: Path, made: Path, rig: list[str], pair: Path) -> str:
    label = f"  {child.name}.{link.key.columns[0]} > {link.key.references} ({link.kind})"
    parent = next(table for table in plan.tables if table.name == link.key.references)
    pair.mkdir(exist_ok=True)
    rows = _laid_out(child, parent, link, data, pair / "train")
    for part in ("parent", "child"):
        shutil.copyfile(pair / f"train_{part}.parquet", pair / f"holdout_{part}.parquet")
    _laid_out(child, parent, link, made, pair / "syn")
    command = [*rig, "--dir", str(pair), "--syn", str(pair / "syn"), "--pk", "pk", "--fk", "fk"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"{label:<44}  the rig failed: {(done.stderr.strip() or '?').splitlines()[-1]}"
    found: dict[str, Any] = json.loads(done.stdout)
    between = found["intertable"].get("syn", {})
    figures = (
        found["cardinality"]["syn"]["ks_complement"],
        found["child_accuracy"].get("syn", {}).get("overall"),
        between.get("bivariate_child_parent"),
        between.get("coherence_next_row"),
        found["c2st"].get("xgb_auc_syn"),
    )
    return f"{label:<44}{rows:>14,}" + "".join(f"{'–' if f is None else f'{f:.3f}':>14}" for f in figures)


def _laid_out(child: TablePlan, parent: TablePlan, link: Link, source: Path, target: Path) -> int:
    """Write both tables as the rig wants them, keys as text called ``pk`` and ``fk``; gives the child's rows."""
    import polars as pl

    key, reference = link.key.referenced_columns[0], link.key.columns[0]
    above = pl.from_arrow(pq.read_table(source / f"{parent.name}.parquet"))
    below = pl.from_arrow(pq.read_table(source / f"{child.name}.parquet"))
    assert isinstance(above, pl.DataFrame)
    assert isinstance(below, pl.DataFrame)
    below = below.filter(pl.col(reference).is_not_null())
    if len(below) > _MOST_ROWS:
        above = above.sample(max(2, len(above) * _MOST_ROWS // len(below)), seed=0)
        below = below.join(above.select(key), left_on=reference, right_on=key, how="semi")
    _shown(above, parent, key, "pk").write_parquet(f"{target}_parent.parquet")
    _shown(below, child, reference, "fk").write_parquet(f"{target}_child.parquet")
    return len(below)


def _shown(frame: Any, plan: TablePlan, key: str, called: str) -> Any:
    import polars as pl

    keys = {*plan.table.primary_key, *(name for other in plan.table.foreign_keys for name in other.columns)}
    plans = plan.content if plan.copied else plan.columns
    names = [p.name for p in plans if p.encoding not in _MADE_UP and not p.sensitive and p.name not in keys]
    return frame.select(pl.col(key).cast(pl.String).alias(called), *(pl.col(name) for name in names))
