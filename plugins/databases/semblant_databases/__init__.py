"""Databases as sources and destinations; what each offers is listed here, no driver is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.components import DestinationType, SourceType
from semblant.hookspecs import hookimpl
from semblant_databases import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("fail", "replace", "append", "truncate")
_READS = {"snapshot": True, "column_pushdown": True, "filter_pushdown": True, "queries": True, "keys": True}
_ONE_TRANSACTION = "one transaction: readers see the old rows until it is committed, a writer that dies leaves nothing"


def from_url(location: str) -> dict[str, Any]:
    """Give the settings that a database URL stands for.

    >>> from_url("postgresql://ann@db/shop")
    {'url': 'postgresql://ann@db/shop'}

    :raises ConfigError: for a URL that cannot be read, or that holds a password in plain text.
    """
    from semblant_databases.url import check_url

    check_url(location, (location.partition(":")[0].partition("+")[0].lower(),))
    return {"url": location}


POSTGRESQL_SOURCE = SourceType(
    name="postgresql",
    factory="semblant_databases.postgresql.source:PostgresqlSource",
    summary="a PostgreSQL database, read by COPY as Arrow in one consistent snapshot",
    settings=settings.PostgresqlSource,
    requires=("adbc_driver_postgresql", "adbc_driver_manager"),
    extra="postgresql",
    schemes=settings.PostgresqlSource.schemes,
    from_location="semblant_databases:from_url",
    capabilities=_READS,
)
POSTGRESQL_DESTINATION = DestinationType(
    name="postgresql",
    factory="semblant_databases.postgresql.destination:PostgresqlDestination",
    summary="tables in a PostgreSQL database, written by COPY",
    settings=settings.PostgresqlDestination,
    requires=("adbc_driver_postgresql", "adbc_driver_manager"),
    extra="postgresql",
    schemes=settings.PostgresqlDestination.schemes,
    from_location="semblant_databases:from_url",
    atomic=_ONE_TRANSACTION,
    capabilities={"modes": MODES, "keys": True},
)


@hookimpl
def semblant_sources() -> Sequence[SourceType]:
    """Offer the databases that can be read."""
    return (POSTGRESQL_SOURCE,)


@hookimpl
def semblant_destinations() -> Sequence[DestinationType]:
    """Offer the databases that can be written."""
    return (POSTGRESQL_DESTINATION,)
