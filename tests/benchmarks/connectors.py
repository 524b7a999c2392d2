"""Reading and writing a million rows, beside pandas in the same run: ``connectors [ROWS [KIND …]]``.

Kinds are postgresql (the only one unless said otherwise), mariadb, sqlite and duckdb.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from semblant.clock import peak_memory_bytes
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


def settings_of(kind: str, where: str) -> dict[str, Any]:
    """Give the settings that reach a database: a port of this machine, or a file."""
    if kind == "postgresql":
        return {"host": "127.0.0.1", "port": int(where), "user": "postgres", "database": "postgres"}
    if kind == "mariadb":
        return {"host": "127.0.0.1", "port": int(where), "user": "root", "database": "shop"}
    return {"path": where}


def connection_of(kind: str, where: str) -> Any:
    """Give what pandas takes for the same."""
    import sqlalchemy

    if kind == "duckdb":
        import duckdb

        return duckdb.connect(where)
    urls = {
        "postgresql": f"postgresql+psycopg://postgres@127.0.0.1:{where}/postgres",
        "mariadb": f"mysql+pymysql://root@127.0.0.1:{where}/shop",
        "sqlite": f"sqlite:///{where}",
    }
    return sqlalchemy.create_engine(urls[kind])


def ours_write(kind: str, where: str, rows: int) -> None:
    import semblant_databases
    from semblant.schema import Column, Schema, Table
    from semblant.vocabulary import WriteMode

    component = {c.name: c for c in semblant_databases.semblant_destinations()}[kind]
    destination = component.create(component.settings(**settings_of(kind, where)))
    data = table(rows)
    columns = tuple(Column(name=field.name, type=field.type) for field in data.schema)
    started()
    with contextlib.closing(destination):
        schema = Schema(tables=[Table(name="ours", columns=columns, primary_key=("id",))])
        delivery = destination.open(schema, WriteMode.FAIL)
        for batch in data.to_batches(65_536):
            delivery.write("ours", batch)
        delivery.commit()


def pandas_write(kind: str, where: str, rows: int) -> None:
    frame, connection = table(rows).to_pandas(), connection_of(kind, where)
    started()
    frame.to_sql("theirs", connection, index=False)


def ours_read(kind: str, where: str, rows: int) -> None:
    import semblant_databases
    import semblant_sources

    offered = (*semblant_databases.semblant_sources(), *semblant_sources.semblant_sources())
    component = {c.name: c for c in offered}[kind]
    source = component.create(component.settings(**settings_of(kind, where), tables=("ours",)))
    started()
    with contextlib.closing(source):
        assert sum(batch.num_rows for batch in source.read("ours")) == rows


def pandas_read(kind: str, where: str, rows: int) -> None:
    import warnings

    import pandas as pd

    connection = connection_of(kind, where)
    started()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas has not been tried with DuckDB's connections
        assert len(pd.read_sql("SELECT * FROM ours", connection)) == rows


_START: list[float] = []


def started() -> None:
    """Remember time and memory before the work itself."""
    _START[:] = [time.perf_counter(), peak_memory_bytes() / 2**20]


def _measured(work: Callable[[str, str, int], None], kind: str, where: str, rows: int, answers: Any) -> None:
    work(kind, where, rows)
    peak = peak_memory_bytes() / 2**20
    answers.put((time.perf_counter() - _START[0], peak - _START[1]))


def measured(work: Callable[[str, str, int], None], kind: str, where: str, rows: int) -> tuple[float, float]:
    """Give seconds and megabytes over the start, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers: Any = context.Queue()
    process = context.Process(target=_measured, args=(work, kind, where, rows, answers))
    process.start()
    found: tuple[float, float] = answers.get(timeout=1_800)
    process.join()
    return found


@contextlib.contextmanager
def place(kind: str, folder: str) -> Iterator[str]:
    """Give an empty database: the port of a server, or a file."""
    if kind == "postgresql":
        with servers.postgresql() as server:
            yield str(server.port)
    elif kind == "mariadb":
        import pymysql

        with servers.mariadb() as server:
            with pymysql.connect(host="127.0.0.1", port=server.port, user="root") as connection:
                connection.cursor().execute("CREATE DATABASE shop")
            yield str(server.port)
    else:
        yield f"{folder}/bench.{kind}"


def run(arguments: list[str]) -> None:
    """Print seconds, rows per second and memory of each way, and how many times faster ours is."""
    rows = int(arguments[0]) if arguments else ROWS
    for kind in arguments[1:] or ["postgresql"]:
        with tempfile.TemporaryDirectory() as folder, place(kind, folder) as where:
            compare(kind, where, rows)


def compare(kind: str, where: str, rows: int) -> None:
    print(f"{kind:<14} {'seconds':>8} {'rows/s':>10} {'MB over start':>14}   ({rows:,} rows x 12 columns)")
    works = {"write": ours_write, "to_sql": pandas_write, "read": ours_read, "read_sql": pandas_read}
    if kind == "duckdb":  # pandas writes by SQLAlchemy alone
        del works["to_sql"]
    found = {}
    for name, work in works.items():
        found[name] = measured(work, kind, where, rows)
        seconds, megabytes = found[name]
        print(f"{name:<14} {seconds:8.2f} {rows / seconds:10,.0f} {megabytes:14.0f}", flush=True)
    for slow, fast in (("to_sql", "write"), ("read_sql", "read")):
        if slow in found:
            print(f"{fast}: {found[slow][0] / found[fast][0]:.1f} x as fast as pandas")
