"""Database URLs: taken apart, and refused when they hold a password."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import frozen

from semblant.errors import ConfigError

_REFERENCES = ("env:", "file:", "keyring:")
_PARAMETERS = ("schema", "tls", "password", "host", "timeout_seconds")


@frozen(kw_only=True, repr=False)
class Parts:
    """What a URL says; None where it says nothing. A password is a reference."""

    scheme: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = None
    database: str | None = None
    schema: str | None = None
    tls: str | None = None
    timeout_seconds: float | None = None


def check_url(url: str, schemes: tuple[str, ...]) -> None:
    """Raise :class:`~semblant.errors.ConfigError` for a URL that cannot be used; no message repeats the URL."""
    parts_of(url, schemes)


def parts_of(url: str, schemes: tuple[str, ...]) -> Parts:
    """Take a URL apart.

    :raises ConfigError: for another scheme, a port that is none, an unknown parameter, or a password in plain text.

    >>> parts = parts_of("postgresql://ann:env:DB_PW@db.example:5433/my%20shop?schema=sales", ("postgresql",))
    >>> parts.user, parts.password, parts.host, parts.port, parts.database, parts.schema
    ('ann', 'env:DB_PW', 'db.example', 5433, 'my shop', 'sales')
    """
    shape = f"write it as {schemes[0]}://user:env:NAME@host:port/database?schema=name"
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        # urlsplit repeats what it could not read, which may be a password
        raise ConfigError("the url of the database cannot be read", fix=shape) from None
    scheme = found.scheme.lower().partition("+")[0]
    if scheme not in schemes:
        raise ConfigError(f"the url does not begin with {' or '.join(f'{name}://' for name in schemes)}", fix=shape)
    given = dict(parse_qsl(found.query, keep_blank_values=True))
    unknown = [name for name in given if name not in _PARAMETERS]
    if unknown:
        raise ConfigError(
            "the url has a parameter that is not known", fix=f"a url may hold {', '.join(_PARAMETERS)} behind '?'"
        )
    tls = given.get("tls")
    if tls not in {None, "prefer", "require", "verify", "off"}:
        raise ConfigError("the url's parameter tls is none of prefer, require, verify, off", fix=shape)
    passwords = [_reference(_plain(found.password)), _reference(given.get("password"))]
    return Parts(
        scheme=scheme,
        host=_plain(found.hostname) or given.get("host"),
        port=port,
        user=_plain(found.username),
        password=next((one for one in passwords if one), None),
        database=_plain(found.path.removeprefix("/")),
        schema=given.get("schema") or None,
        tls=tls,
        timeout_seconds=_seconds(given.get("timeout_seconds"), shape),
    )


def _seconds(text: str | None, shape: str) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ConfigError("the url's parameter timeout_seconds is no number above 0", fix=shape)
    return value


def _plain(text: str | None) -> str | None:
    return unquote(text) if text else None


def _reference(password: str | None) -> str | None:
    if password is None or password.startswith(_REFERENCES):
        return password
    raise ConfigError(
        "the url holds a password in plain text, which would end in shell histories and specs",
        fix="put it into an environment variable and write its name: scheme://user:env:NAME@host/database",
    )
