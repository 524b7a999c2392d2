"""Tables from and to the libraries that people use: Arrow, polars, pandas, or a dict of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def to_arrow(frame: Any, name: str = "frame") -> pa.Table:
    """Turn a polars, pandas or Arrow table, or a dict of columns, into an Arrow table.

    Raises :class:`ConfigError` for anything else.

    >>> to_arrow({"a": [1, 2]}).num_rows
    2
    """
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    module = type(frame).__module__.partition(".")[0]
    if module == "polars":
        collected = frame.collect() if hasattr(frame, "collect") else frame
        table: pa.Table = collected.to_arrow()
        return table
    if module == "pandas":
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    if isinstance(frame, dict) and all(isinstance(value, list | tuple) for value in frame.values()):
        return pa.table(frame)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    msg = f"'{name}' is a {type(frame).__name__}; a table was expected"
    raise ConfigError(msg, fix="give a polars, pandas or Arrow table, or a dict of name: table")


def as_tables(data: Any) -> dict[str, pa.Table]:
    """Turn one table or a dict of tables into a dict of Arrow tables; a single table is called ``table``."""
    if isinstance(data, dict) and not all(isinstance(value, list | tuple) for value in data.values()):
        return {str(name): to_arrow(frame, str(name)) for name, frame in data.items()}
    return {"table": to_arrow(data)}


def back_to(like: Any) -> Callable[[pa.Table], Any]:
    """Give the function that turns an Arrow table into the kind of ``like`` (or of its first table)."""
    if isinstance(like, dict) and like:
        first = next(iter(like.values()))
        return back_to(first) if not isinstance(first, list | tuple) else (lambda table: table.to_pydict())
    module = type(like).__module__.partition(".")[0]
    if module == "polars":
        import polars as pl

        def as_frame(table: pa.Table) -> Any:
            return pl.from_arrow(table)

        return as_frame
    if module == "pandas":

        def as_pandas(table: pa.Table) -> Any:
            return table.to_pandas()

        return as_pandas
    return lambda table: table


def synthesize(data: Any, records: int | None = None, *, seed: int = 0, **settings: Any) -> Any:
    """Learn a table, or a dict of tables, and give synthetic ones of the same kind.

    :param data: polars, pandas or Arrow table, or a dict of them by name.
    :param records: rows of the root table; as many as there are when None.
    :param seed: the same seed and data give the same rows.
    :param settings: sections of the spec as plain data, such as ``model={"size": "small"}``.
    :returns: a table, or a dict of tables, of the kind that was given.
    :raises ConfigError: the data cannot be learned; all findings are in it.
    """
    import tempfile
    from pathlib import Path

    import pyarrow.parquet as pq

    from semblant.engine import Engine

    tables = as_tables(data)
    with tempfile.TemporaryDirectory(prefix="semblant-") as folder:
        for name, table in tables.items():
            pq.write_table(table, Path(folder) / f"{name}.parquet")
        source = Path(folder) / f"{next(iter(tables))}.parquet" if len(tables) == 1 else Path(folder)
        spec: Mapping[str, Any] = {
            "source": {"type": "files", "path": str(source)},
            "seed": seed,
            "generation": {"records": records or "auto"},
            "report": {"enabled": False},
            **settings,
        }
        with Engine(home=Path(folder) / "home") as engine:
            result = engine.run(engine.load(spec))
            made = {name: result.table(name) for name in result.tables}
    convert = back_to(data)
    if isinstance(data, dict) and len(made) == len(data) and set(made) == set(data):
        return {name: convert(table) for name, table in made.items()}
    return convert(next(iter(made.values())))
