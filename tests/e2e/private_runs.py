"""Private runs of a small table, and everything that such a run leaves behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from semblant.engine import Engine
from semblant.home import Home
from semblant.spec.write import spec_data

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.events import Event
    from semblant.results import JobResult

ROWS = 2_003
PLANTED = 1_000


def secrets() -> list[str]:
    """Give strings that occur in one row each."""
    return [f"zq{n * 790_123_456_789 % 999_999_999_989:012d}" for n in range(PLANTED)]


def numbers() -> list[int]:
    """Give numbers that occur in one row each, far apart."""
    return [70_000_000_019 + n * 1_000_003_111 for n in range(PLANTED)]


def people(rows: int = ROWS) -> pa.Table:
    """Give a table with dependence, nulls, dates, and a secret string and number in each of its first rows."""
    rng = np.random.default_rng(4)
    city = rng.choice(["Rome", "Milan", "Turin"], rows, p=[0.6, 0.3, 0.1])
    income = np.where(city == "Rome", 1000, 4000) + rng.integers(0, 500, rows)
    marks: list[str | None] = [*secrets(), *["common"] * (rows - PLANTED)]
    amounts: list[int | None] = [*numbers(), *[5] * (rows - PLANTED)]
    return pa.table(
        {
            "city": pa.array(city.tolist()),
            "income": pa.array(income),
            "height": pa.array(rng.normal(170, 8, rows).round(1), mask=rng.random(rows) < 0.2),
            "born": pa.array(np.datetime64("1960-01-01") + rng.integers(0, 12_000, rows).astype("timedelta64[D]")),
            "mark": pa.array(marks),
            "amount": pa.array(amounts),
            "member": pa.array(rng.random(rows) < 0.7),
        }
    )


def private_run(
    folder: Path, table: pa.Table, privacy: Mapping[str, Any], more: Mapping[str, Any] | None = None
) -> tuple[JobResult, list[Event], Home]:
    """Run a job on a table; gives its result, its events and the home it worked in."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "people.parquet")
    heard: list[Event] = []
    home = Home(folder / "home")
    with Engine(home=home.root, on_event=heard.append) as engine:
        data = spec_data(engine.spec_for(str(folder / "people.parquet")))
        spec = engine.load({**data, "privacy": dict(privacy), "report": {"enabled": False}, **(more or {})})
        return engine.run(spec, out=folder / "out"), heard, home


def left_behind(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder by its place, packed ones taken apart, but not the table that was read."""
    import zipfile

    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path == folder / "people.parquet":
            continue
        found[str(path.relative_to(folder))] = path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    found[f"{path.relative_to(folder)}!{name}"] = archive.read(name)
        elif path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
            found[f"{path.relative_to(folder)}!rows"] = json.dumps(rows, default=str).encode()
    return found
