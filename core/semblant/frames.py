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
        return _from_pandas(frame, name)
    if isinstance(frame, dict) and all(map(_is_column, frame.values())):
        return _from_columns(frame, name)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    msg = f"'{name}' is a {type(frame).__name__}; a table was expected"
    raise ConfigError(msg, fix="give a polars, pandas or Arrow table, or a dict of name: table")


def _is_column(value: Any) -> bool:
    """Tell whether a value of a dict is a column: a list, a tuple or an array of one dimension."""
    return isinstance(value, list | tuple) or (getattr(value, "ndim", None) == 1 and hasattr(value, "dtype"))


def _from_pandas(frame: Any, name: str) -> pa.Table:
    if not frame.columns.is_unique:
        twice = sorted({str(column) for column in frame.columns[frame.columns.duplicated()]})
        msg = f"'{name}' has several columns of one name: {', '.join(twice)}"
        raise ConfigError(msg, fix="give each column a name of its own")
    try:
        table: pa.Table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as exc:
        raise _mixed(name, exc) from exc
    return table


def _from_columns(columns: dict[str, Any], name: str) -> pa.Table:
    try:
        return pa.table({str(key): pa.array(values) for key, values in columns.items()})
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as exc:
        raise _mixed(name, exc) from exc


def _mixed(name: str, exc: Exception) -> ConfigError:
    msg = f"'{name}' has a column that holds values of different kinds, or columns of different lengths: {exc}"
    return ConfigError(msg, fix="give each column values of one type (astype)")


def as_tables(data: Any) -> dict[str, pa.Table]:
    """Turn one table or a dict of tables into a dict of Arrow tables; a single table is called ``table``."""
    if isinstance(data, dict) and not all(map(_is_column, data.values())):
        return {str(name): to_arrow(frame, str(name)) for name, frame in data.items()}
    return {"table": to_arrow(data)}


def back_to(like: Any) -> Callable[[pa.Table], Any]:
    """Give the function that turns an Arrow table into the kind of ``like`` (or of its first table)."""
    if isinstance(like, dict) and like:
        first = next(iter(like.values()))
        return (lambda table: table.to_pydict()) if _is_column(first) else back_to(first)
    module = type(like).__module__.partition(".")[0]
    if module == "polars":
        return lambda table: _as_polars(table, like)
    if module == "pandas":
        return lambda table: _as_pandas(table, like)
    return lambda table: table


def _as_polars(table: pa.Table, like: Any) -> Any:
    """Give a polars frame with the column types of ``like`` (categories come as plain strings from files)."""
    import polars as pl

    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    wanted = like.collect_schema()
    return frame.cast({name: wanted[name] for name in frame.columns if name in wanted})


def _as_pandas(table: pa.Table, like: Any) -> Any:
    """Give a pandas frame with the column types of ``like`` where they can hold the values."""
    frame = table.to_pandas()
    for name in frame.columns:
        if name not in like.columns or frame[name].dtype == like[name].dtype:
            continue
        try:
            frame[name] = frame[name].astype(like[name].dtype)
        except (TypeError, ValueError):
            continue
    return frame


def _file_name(name: str) -> str | None:
    """Give the name as a file's, or None when a file cannot have it."""
    from semblant import filenames

    try:
        return name if filenames.encode(name) == name and not name.startswith(".") else None
    except ValueError:
        return None


def synthesize(data: Any, records: int | None = None, *, seed: int = 0, **settings: Any) -> Any:
    """Learn a table, or a dict of tables, and give synthetic ones of the same kind.

    :param data: polars, pandas or Arrow table, or a dict of them by name.
    :param records: rows of the root table; as many as there are when None.
    :param seed: the same seed and data give the same rows.
    :param settings: sections of the spec as plain data, such as ``model={"size": "small"}``.
    :returns: a table, or a dict of tables, of the kind that was given.
    :raises ConfigError: the data cannot be learned; all findings are in it.

    >>> table = pa.table({"city": ["Rome", "Milan", "Turin"] * 40})
    >>> made = synthesize(table, records=5, seed=7, model={"size": "small", "max_epochs": 1})
    >>> made.num_rows, made.schema.equals(table.schema)
    (5, True)
    """
    import tempfile
    from pathlib import Path

    import pyarrow.parquet as pq

    from semblant.engine import Engine

    tables = as_tables(data)
    hostile = [name for name in tables if _file_name(name) is None]
    if hostile:
        msg = f"'{hostile[0]}' cannot be the name of a table here"
        raise ConfigError(msg, fix="use letters, digits, spaces, '-' and '_'")
    with tempfile.TemporaryDirectory(prefix="semblant-") as folder:
        for name, table in tables.items():
            pq.write_table(table, Path(folder) / f"{name}.parquet")
        source = Path(folder) / f"{next(iter(tables))}.parquet" if len(tables) == 1 else Path(folder)
        spec: Mapping[str, Any] = {
            "source": {"type": "files", "path": str(source)},
            "seed": seed,
            **settings,
            "generation": {"records": "auto" if records is None else records, **settings.get("generation", {})},
            "report": {"enabled": False, **settings.get("report", {})},
        }
        with Engine(home=Path(folder) / "home") as engine:
            result = engine.run(engine.load(spec))
            made = {name: result.table(name) for name in result.tables}
    convert = back_to(data)
    if isinstance(data, dict) and len(made) == len(data) and set(made) == set(data):
        return {name: convert(table) for name, table in made.items()}
    return convert(next(iter(made.values())))
