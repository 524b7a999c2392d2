"""Mistakes in a hand-written spec of a database are named before any work begins: code, place, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from semblant.engine import Engine
from semblant.errors import ConfigError
from semblant.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

N = 60
OUT = {"include": False}
OWNER = {"primary_key": "id"}


def pet(columns: str = "owner", references: str = "owner", **more: Any) -> dict[str, Any]:
    return {"primary_key": "id", "foreign_keys": [{"columns": columns, "references": references}], **more}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    number = np.arange(N)
    tables = {
        "owner": pl.DataFrame({"id": number, "name": [f"x{i % 7}" for i in number]}),
        "pet": pl.DataFrame(
            {"id": number, "owner": number % 40, "text": [f"k{i % 5}" for i in number], "few": number % 9}
        ),
        "other": pl.DataFrame({"id": number, "size": number * 1.0}),
        "label": pl.DataFrame({"code": ["a", "b"], "weight": [1, 2]}),
        "pair": pl.DataFrame({"id": [1, 2], "weight": [1, 2]}),
    }
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(home=tmp_path_factory.mktemp("home")) as engine:
        yield engine


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("sound", {"owner": OWNER, "pet": pet()}, "", ""),
    ("two roots", {"owner": OWNER, "pet": pet(), "other": OWNER}, "two-roots", "tables.other"),
    (
        "a key that is not unique",
        {"owner": OWNER, "pet": pet(primary_key="few")},
        "primary-key-repeated",
        "tables.pet.primary_key",
    ),
    (
        "a key of the wrong type",
        {"owner": OWNER, "pet": pet("text")},
        "key-type-mismatch",
        "tables.pet.foreign_keys[0].columns",
    ),
    (
        "a table that is not there",
        {"owner": OWNER, "pet": pet(references="nobody")},
        "reference-unknown",
        "tables.pet.foreign_keys[0].references",
    ),
    (
        "an original table that nobody points to",
        {"owner": OWNER, "pet": pet(), "label": {"treatment": "original", "primary_key": "code"}},
        "original-not-referenced",
        "tables.label.treatment",
    ),
    ("a root with two rows", {"pair": OWNER, "pet": pet("few", "pair")}, "too-few-rows", "tables.pair"),
]


@pytest.mark.parametrize(("tables", "code", "path"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_mistake_is_named_before_any_work(
    engine: Engine, source: Path, tables: dict[str, Any], code: str, path: str
) -> None:
    rest = {name: OUT for name in ("owner", "pet", "other", "label", "pair") if name not in tables}
    spec = engine.load({"source": {"type": "files", "path": str(source)}, "tables": {**tables, **rest}})
    errors = {(f.code, f.path): f for f in engine.plan(spec).findings if f.severity is Severity.ERROR}
    if not code:
        assert errors == {}
        return
    assert errors[code, path].fix, "it says how to mend it"
    before = sorted(engine.home.root.rglob("*.parquet"))
    with pytest.raises(ConfigError) as told:
        engine.run(spec)
    assert code in {finding.code for finding in told.value.findings}
    assert sorted(engine.home.root.rglob("*.parquet")) == before, "no row was read into the workspace"
