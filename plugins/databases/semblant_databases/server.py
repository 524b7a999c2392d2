"""A database server as its settings name it: URL and single settings brought together, the password looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.settings import Secret
from semblant_databases.url import Parts, parts_of

if TYPE_CHECKING:
    from semblant_databases.settings import ServerSettings


@frozen(kw_only=True, repr=False)
class Server:
    """Where to connect to and as whom; its texts never hold the password."""

    kind: str
    host: str
    port: int
    user: str | None
    password: Secret | None
    database: str | None
    schema: str | None
    tls: str
    timeout_seconds: float

    def __str__(self) -> str:
        """Give the place in words for a person."""
        user = f"{self.user}@" if self.user else ""
        schema = f" (schema {self.schema})" if self.schema else ""
        return f"{self.kind}://{user}{self.host}:{self.port}/{self.database or ''}{schema}"

    def reveal(self) -> str | None:
        """Look the password up."""
        return self.password.reveal() if self.password is not None else None


def server_of(settings: ServerSettings, kind: str, port: int) -> Server:
    """Bring settings together; a setting of its own wins over the URL.

    >>> from semblant_databases.settings import PostgresqlSource
    >>> str(server_of(PostgresqlSource(url="postgresql://ann@db/shop", port=5433), "postgresql", 5432))
    'postgresql://ann@db:5433/shop'
    """
    parts = parts_of(settings.url, settings.schemes) if settings.url else Parts(scheme=kind)
    password = settings.password or (Secret(parts.password) if parts.password else None)
    return Server(
        kind=kind,
        host=settings.host or parts.host or "localhost",
        port=settings.port or parts.port or port,
        user=settings.user or parts.user,
        password=password,
        database=settings.database or parts.database,
        schema=settings.schema or parts.schema,
        tls=settings.tls if settings.tls != "prefer" else parts.tls or "prefer",
        timeout_seconds=parts.timeout_seconds
        if parts.timeout_seconds and settings.timeout_seconds == 30.0
        else settings.timeout_seconds,
    )
