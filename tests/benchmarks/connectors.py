"""Reading and writing a million rows of PostgreSQL, beside pandas in the same run: ``connectors [ROWS]``."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from tests.plugins.databases import servers

ROWS = 1_000_000


def table(rows: int) -> pa.Table:
    """Give twelve columns of the types that business tables have."""
    draw = np.random.default_rng(1)
    numbers = np.arange(rows)
    words = pa.array([f"word {n}" for n in range(1_000)])
    return pa.table(
        {
            "id": pa.array(numbers),
            "customer": pa.array(draw.integers(0, rows // 10 + 1, rows)),
            "amount": pa.array(draw.normal(50, 20, rows)),
            "tax": pa.array(draw.random(rows)),
            "quantity": pa.array(draw.integers(0, 100, rows).astype(np.int32)),
            "paid": pa.array(draw.random(rows) < 0.5),
            "name": words.take(pa.array(draw.integers(0, 1_000, rows))),
            "city": words.take(pa.array(draw.integers(0, 1_000, rows))),
            "note": words.take(pa.array(draw.integers(0, 1_000, rows))),
            "born": pa.array((numbers % 20_000).astype(np.int32), pa.int32()).cast(pa.date32()),
            "ordered": pa.array(1_600_000_000_000_000 + numbers * 1_000_000, pa.timestamp("us")),
            "seen": pa.array(1_600_000_000_000_000 + numbers * 1_000_000, pa.timestamp("us", "UTC")),
        }
    )


def ours_write(port: int, rows: int) -> None:
    from semblant.schema import Column, Schema, Table
    from semblant.vocabulary import WriteMode
    from semblant_databases.postgresql.destination import PostgresqlDestination
    from semblant_databases.settings import PostgresqlDestination as Settings

    settings = Settings(host="127.0.0.1", port=port, user="postgres", database="postgres")
    data = table(rows)
    columns = tuple(Column(name=field.name, type=field.type) for field in data.schema)
    started()
    with contextlib.closing(PostgresqlDestination(settings)) as destination:
        schema = Schema(tables=[Table(name="ours", columns=columns, primary_key=("id",))])
        delivery = destination.open(schema, WriteMode.FAIL)
        for batch in data.to_batches(65_536):
            delivery.write("ours", batch)
        delivery.commit()


def pandas_write(port: int, rows: int) -> None:
    import sqlalchemy

    frame = table(rows).to_pandas()
    engine = sqlalchemy.create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres")
    started()
    frame.to_sql("theirs", engine, index=False)


def ours_read(port: int, rows: int) -> None:
    from semblant_databases.postgresql.source import PostgresqlSource
    from semblant_databases.settings import PostgresqlSource as Settings

    settings = Settings(host="127.0.0.1", port=port, user="postgres", database="postgres", tables=("ours",))
    started()
    with contextlib.closing(PostgresqlSource(settings)) as source:
        assert sum(batch.num_rows for batch in source.read("ours")) == rows


def pandas_read(port: int, rows: int) -> None:
    import pandas as pd
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres")
    started()
    assert len(pd.read_sql("SELECT * FROM ours", engine)) == rows


_START: list[float] = []


def started() -> None:
    """Remember time and memory before the work itself."""
    _START[:] = [time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]


def _measured(work: Callable[[int, int], None], port: int, rows: int, answers: Any) -> None:
    work(port, rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answers.put((time.perf_counter() - _START[0], peak - _START[1]))


def measured(work: Callable[[int, int], None], port: int, rows: int) -> tuple[float, float]:
    """Give seconds and megabytes over the start, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers: Any = context.Queue()
    process = context.Process(target=_measured, args=(work, port, rows, answers))
    process.start()
    found: tuple[float, float] = answers.get(timeout=1_800)
    process.join()
    return found


def run(arguments: list[str]) -> None:
    """Print seconds, rows per second and memory of each way, and how many times faster ours is."""
    rows = int(arguments[0]) if arguments else ROWS
    with servers.postgresql() as server:
        print(f"{'PostgreSQL':<14} {'seconds':>8} {'rows/s':>10} {'MB over start':>14}   ({rows:,} rows x 12 columns)")
        found = {}
        for name, work in (
            ("write", ours_write),
            ("to_sql", pandas_write),
            ("read", ours_read),
            ("read_sql", pandas_read),
        ):
            found[name] = measured(work, server.port, rows)
            seconds, megabytes = found[name]
            print(f"{name:<14} {seconds:8.2f} {rows / seconds:10,.0f} {megabytes:14.0f}", flush=True)
        times = [found[slow][0] / found[fast][0] for slow, fast in (("to_sql", "write"), ("read_sql", "read"))]
        print(f"write {times[0]:.1f} x, read {times[1]:.1f} x as fast as pandas")
