"""The small database, and a generator that learned it: trained once for all modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from tests.core.pipeline.shop import TABLES, database

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa


@pytest.fixture(scope="session")
def real() -> dict[str, pa.Table]:
    return database()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(home=tmp_path_factory.mktemp("home")) as engine:
        yield engine


@pytest.fixture(scope="session")
def result(engine: Engine, real: dict[str, pa.Table], tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("shop")
    for name, table in real.items():
        pq.write_table(table, folder / f"{name}.parquet")
    spec = engine.load(
        {
            "source": {"type": "files", "path": str(folder)},
            "tables": TABLES,
            "model": {"size": "small", "max_epochs": 25},
            "report": {"enabled": False},
        }
    )
    return engine.run(spec)
