"""The tables of the store, as SQLAlchemy sees them; :mod:`.migrations` makes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

METADATA: Final = MetaData()


def _named(table: str, *columns: Column[object]) -> Table:
    """Make a table of things that have an id and a name of their own, an owner and two times (seconds since 1970)."""
    return Table(
        table,
        METADATA,
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False),
        *columns,
        Column("owner", Text, nullable=False),
        Column("created", Double, nullable=False),
        Column("changed", Double, nullable=False),
        UniqueConstraint("name"),
    )


CONNECTORS: Final = _named(
    "connectors",
    Column("kind", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("settings", JSON, nullable=False),
)
CATALOGS: Final = _named(
    "catalogs",
    Column("spec", Text, nullable=False),
    Column("tables", JSON, nullable=False),
    Column("note", Text, nullable=False),
)

JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("catalog", Text),
    Column("generator", Text),
    Column("destination", Text, nullable=False),
    Column("follows", Text),
    Column("orders", JSON, nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("attempt", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("worker", Text),
    Column("process", JSON(none_as_null=True)),
    Column("lease_until", Double),
    Column("not_before", Double, nullable=False),
    Column("cancel_asked", Integer, nullable=False),
    Column("stop_asked", Integer, nullable=False),
    Column("publishing", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("rows_reserved", BigInteger, nullable=False),
    Column("rows_made", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("processor_seconds", Double, nullable=False),
    Column("share", Double, nullable=False),
    Column("seconds_left", Double),
    Column("fault", JSON(none_as_null=True)),
    Column("result", JSON(none_as_null=True)),
    Column("deleted", Integer, nullable=False),
    Index("jobs_by_state", "state", "created"),
    Index("jobs_by_name", "name", "created"),
)
TASKS: Final = Table(
    "tasks",
    METADATA,
    Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("message", Text, nullable=False),
    Column("used", JSON(none_as_null=True)),
    PrimaryKeyConstraint("job", "number"),
)
STEPS: Final = Table(
    "steps",
    METADATA,
    Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("task", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("seconds", Double),
    Column("done", Double),
    Column("total", Double),
    Column("unit", Text, nullable=False),
    Column("seconds_left", Double),
    PrimaryKeyConstraint("job", "task", "step"),
)
METRICS: Final = Table(
    "metrics",
    METADATA,
    Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("task", Integer, nullable=False),
    Column("epoch", Double, nullable=False),
    Column("figures", JSON, nullable=False),
    PrimaryKeyConstraint("job", "task", "epoch"),
)
GENERATORS: Final = Table(
    "generators",
    METADATA,
    Column("name", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("job", Text),
    Column("state", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("tables", JSON, nullable=False),
    PrimaryKeyConstraint("home", "name"),
)
DATASETS: Final = Table(
    "datasets",
    METADATA,
    Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("files", JSON, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("report", JSON, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("report_fault", Text, nullable=False),
)
LEDGER: Final = Table(
    "ledger",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("epsilon", Double, nullable=False),
    Column("delta", Double, nullable=False),
    Column("event", JSON, nullable=False),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Index("ledger_by_source", "source"),
)
QUOTAS: Final = Table(
    "quotas",
    METADATA,
    Column("owner", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("most", Double, nullable=False),
    PrimaryKeyConstraint("owner", "resource"),
)
