"""Databases through ``semblant run``: baseball for the rig's relational figures, the dev databases for time and keys.

``python -m tests.benchmarks relational [baseball|NAME ...]``. For baseball the results stay in a folder
whose name is printed, with the command for the rig.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tests.benchmarks.single import measured

DATABASES = ("online_retail", "nycflights13", "northwind", "chinook")
COPIES = {"train_parent": "players", "train_child": "seasons"}


def copied(root: Path, name: str, target: Path) -> Path:
    """Copy the tables of a database of ``dev/relational`` to a folder of their own; gives the folder."""
    target.mkdir()
    for path in (root / "dev" / "relational" / name).glob("*.parquet"):
        shutil.copyfile(path, target / path.name)
    return target


def baseball(root: Path) -> None:
    """Run the pair of tables, lay it out for the rig and print the command."""
    data, work = root / "bench" / "baseball", Path(tempfile.mkdtemp(prefix="semblant-baseball-"))
    (work / "data").mkdir()
    for source, name in COPIES.items():
        shutil.copyfile(data / f"{source}.parquet", work / "data" / f"{name}.parquet")
    figures = measured(work / "data", work / "out")
    print("baseball", {name: value if isinstance(value, str) else round(value, 4) for name, value in figures.items()})
    if "note" in figures:
        return
    for source, name in COPIES.items():
        shutil.copyfile(work / "out" / f"{name}.parquet", work / f"{source.replace('train', 'syn')}.parquet")
    print(f"  evaluate_rel.py --dir {data} --syn {work}/syn --pk id --fk players_id")


def run(arguments: list[str]) -> None:
    """Print a line per database."""
    root = Path(os.environ.get("SEMBLANT_TEST_DATA", ""))
    if not (root / "dev" / "relational").is_dir():
        print("no databases: SEMBLANT_TEST_DATA names no folder with dev/relational")
        return
    if not arguments or "baseball" in arguments:
        baseball(root)
    for name in DATABASES:
        if arguments and name not in arguments:
            continue
        with tempfile.TemporaryDirectory(prefix="semblant-bench-") as folder:
            figures = measured(copied(root, name, Path(folder) / "data"), Path(folder) / "out")
            note = str(figures.pop("note", ""))
            shown = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
            print(f"{name:<22} {note or shown}", flush=True)
