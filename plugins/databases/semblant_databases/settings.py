"""Settings of the database sources and destinations; light, so that listing plugins loads nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from attrs import frozen

from semblant.settings import Secret, setting
from semblant.settings.valued import Valued
from semblant_databases.url import check_url

if TYPE_CHECKING:
    from collections.abc import Mapping

Tls = Literal["prefer", "require", "verify", "off"]


def _listed(value: Any) -> Any:
    """Take one name for a list of one."""
    return (value,) if isinstance(value, str) else tuple(value)


def _text(value: Any) -> Any:
    """Take a path object for its text."""
    return str(value) if value is not None else None


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class Selection(Valued):
    """What of a database is read."""

    tables: tuple[str, ...] = setting(
        (), help="tables to read; all of them when empty", converter=_listed, feature=(71,)
    )
    views: bool = setting(False, help="read views as tables too")
    queries: Mapping[str, str] = setting(
        help="name: SELECT statement, read as a table of that name; alone they are all that is read", factory=dict
    )
    filters: Mapping[str, str] = setting(
        help="table: SQL condition that its rows must meet; the database applies it", factory=dict
    )


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class ServerSettings(Valued):
    """Where a database server is and who we are there."""

    schemes: ClassVar[tuple[str, ...]] = ()

    url: str | None = setting(
        None, help="all in one: scheme://user:env:PASSWORD@host:port/database?schema=name; the settings below win"
    )
    host: str | None = setting(None, help="name or address of the server; localhost when nothing says it")
    port: int | None = setting(None, help="port of the server; the usual one when nothing says it", ge=1, le=65535)
    user: str | None = setting(None, help="user of the database; the driver's own default when nothing says it")
    password: Secret | None = setting(None, help="the password, by reference: env:NAME, file:/path, keyring:NAME")
    database: str | None = setting(None, help="name of the database")
    schema: str | None = setting(None, help="schema in the database; the user's default one when nothing says it")
    tls: Tls = setting(
        "prefer", help="prefer: encrypted where the server can; verify: only with a certificate that is valid"
    )
    timeout_seconds: float = setting(
        30.0, help="how long to wait for the server to answer a connection, and for locks", gt=0, unit="seconds"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a URL that cannot be read, or that holds a password."""
        if self.url is not None:
            check_url(self.url, self.schemes)


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class Writing(Valued):
    """How a delivery is known again."""

    delivery: str = setting("", help="an id of what is delivered: the same id is never written twice")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class ServerDestination(Writing, ServerSettings):
    """What all destinations have that are reached over the network."""


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class PostgresqlSource(Selection, ServerSettings):
    """Settings of the source ``postgresql``."""

    schemes: ClassVar[tuple[str, ...]] = ("postgresql", "postgres")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class PostgresqlDestination(ServerDestination):
    """Settings of the destination ``postgresql``."""

    schemes: ClassVar[tuple[str, ...]] = PostgresqlSource.schemes


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class MysqlSource(Selection, ServerSettings):
    """Settings of the source ``mysql``."""

    schemes: ClassVar[tuple[str, ...]] = ("mysql",)


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class MysqlDestination(ServerDestination):
    """Settings of the destination ``mysql``."""

    schemes: ClassVar[tuple[str, ...]] = MysqlSource.schemes


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class MariadbSource(Selection, ServerSettings):
    """Settings of the source ``mariadb``."""

    schemes: ClassVar[tuple[str, ...]] = ("mariadb",)


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class MariadbDestination(ServerDestination):
    """Settings of the destination ``mariadb``."""

    schemes: ClassVar[tuple[str, ...]] = MariadbSource.schemes


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class FileSettings(Valued):
    """Which database file."""

    path: str = setting(help="the database file", converter=_text)
    timeout_seconds: float = setting(30.0, help="how long to wait for a lock that another has", ge=0, unit="seconds")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class SqliteDestination(Writing, FileSettings):
    """Settings of the destination ``sqlite``."""


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class DuckdbSource(Selection, FileSettings):
    """Settings of the source ``duckdb``."""

    schema: str = setting("main", help="schema in the database")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class DuckdbDestination(Writing, FileSettings):
    """Settings of the destination ``duckdb``."""

    schema: str = setting("main", help="schema in the database; it must be there, except main in a new file")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class SqlserverSource(Selection, ServerSettings):
    """Settings of the source ``sqlserver``."""

    schemes: ClassVar[tuple[str, ...]] = ("mssql", "sqlserver")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class SqlserverDestination(ServerDestination):
    """Settings of the destination ``sqlserver``."""

    schemes: ClassVar[tuple[str, ...]] = SqlserverSource.schemes


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class OracleSource(Selection, ServerSettings):
    """Settings of the source ``oracle``; ``database`` is the name of the service."""

    schemes: ClassVar[tuple[str, ...]] = ("oracle",)


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class OracleDestination(ServerDestination):
    """Settings of the destination ``oracle``; ``database`` is the name of the service."""

    schemes: ClassVar[tuple[str, ...]] = OracleSource.schemes

    empty_texts: Literal["refuse", "as_null"] = setting(
        "refuse",
        help="what to do with empty texts, which Oracle takes for null: refuse them, or let them be it",
        feature=(67,),
    )


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class BigqueryPlace(Valued):
    """Which dataset, and how to get into it."""

    dataset: str = setting(help="the dataset, in the project or as project.dataset")
    project: str | None = setting(None, help="the project that holds the dataset and pays; that of the login when null")
    location: str | None = setting(None, help="where the dataset lies, such as EU; found out when null")
    service_account: Secret | None = setting(
        None, help="the JSON of a service account's key (file:/path/key.json); the environment's own login when null"
    )
    endpoint: str | None = setting(None, help="URL of another server with the same interface")
    anonymous: bool = setting(False, help="true: use no login at all, for a server of your own")
    timeout_seconds: float = setting(30.0, help="how long an answer is waited for", gt=0, unit="seconds")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class BigquerySource(Selection, BigqueryPlace):
    """Settings of the source ``bigquery``."""


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class BigqueryDestination(Writing, BigqueryPlace):
    """Settings of the destination ``bigquery``."""
