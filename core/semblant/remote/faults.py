"""What drivers of object storage say when something goes wrong, told apart and put into words."""

from __future__ import annotations

import errno
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from semblant.errors import ConfigError, DestinationError, SemblantError, SourceError
from semblant.retry import is_transient, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_E = TypeVar("_E", SourceError, DestinationError)


class Cause(StrEnum):
    """Why an object storage did not do what it was asked for."""

    CREDENTIALS = "credentials"
    ACCESS = "access"
    BUCKET = "bucket"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    FULL = "full"
    OTHER = "other"


_CREDENTIAL_CODES: Final = frozenset(
    "InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken TokenRefreshRequired InvalidSecurity "
    "AuthFailure AuthorizationHeaderMalformed AuthenticationFailed InvalidAuthenticationInfo UnauthorizedAccess "
    "NoAuthenticationInformation InvalidClientTokenId".split()
)
_CREDENTIAL_NAMES: Final = frozenset(
    "NoCredentialsError PartialCredentialsError CredentialRetrievalError ClientAuthenticationError "
    "DefaultCredentialsError RefreshError CredentialUnavailableError TokenRetrievalError ProfileNotFound".split()
)
_BUCKET_CODES: Final = frozenset("NoSuchBucket ContainerNotFound InvalidBucketName InvalidResourceName".split())
_CHAIN_LIMIT: Final = 20


def cause_of(error: BaseException) -> Cause:
    """Tell why a driver failed.

    >>> cause_of(PermissionError()), cause_of(ConnectionRefusedError()) is Cause.UNREACHABLE
    (<Cause.ACCESS: 'access'>, True)
    """
    links = list(_links(error))
    codes = {_code(link) for link in links}
    names = {type(link).__name__ for link in links}
    if any(isinstance(link, OSError) and link.errno in {errno.ENOSPC, errno.EDQUOT} for link in links):
        return Cause.FULL
    if codes & _CREDENTIAL_CODES or names & _CREDENTIAL_NAMES or 401 in map(status_of, links):
        return Cause.CREDENTIALS
    if codes & _BUCKET_CODES:
        return Cause.BUCKET
    if any(isinstance(link, PermissionError) or status_of(link) == 403 for link in links):
        return Cause.ACCESS
    if any(isinstance(link, FileNotFoundError) or status_of(link) == 404 for link in links):
        return Cause.MISSING
    if is_transient(error):
        return Cause.BUSY if any(status_of(link) for link in links) else Cause.UNREACHABLE
    return Cause.OTHER


def fault(
    error: BaseException, kind: type[_E], *, doing: str, place: str, credentials: str = "the credentials"
) -> SemblantError:
    """Put a driver's error into words, without the driver's own where ours say it all.

    :param doing: what failed, at the beginning of a sentence: ``writing the table 'orders'``.
    :param place: where, as the user wrote it.
    :param credentials: the settings that hold the keys.
    """
    if isinstance(error, SemblantError):
        return error
    cause = cause_of(error)
    bucket = place.partition("://")[2].partition("/")[0] or place
    words: dict[Cause, tuple[str, str]] = {
        Cause.CREDENTIALS: (
            f"{doing} failed: '{place}' does not accept the credentials",
            f"check {credentials}, and that the references lead to the right values",
        ),
        Cause.ACCESS: (
            f"{doing} failed: access to '{place}' is refused",
            f"allow it to these credentials, or use others ({credentials})",
        ),
        Cause.BUCKET: (f"{doing} failed: there is no bucket '{bucket}'", "make it, or correct the name in 'path'"),
        Cause.MISSING: (f"{doing} failed: there is nothing at '{place}'", "check the bucket and the prefix in 'path'"),
        Cause.UNREACHABLE: (
            f"{doing} failed: the server of '{place}' cannot be reached",
            "check endpoint and network, then try again",
        ),
        Cause.BUSY: (f"{doing} failed: the server of '{place}' is busy or broken", "try again later"),
        Cause.FULL: (
            f"{doing} failed: no space is left",
            "free space where temporary files lie (TMPDIR), or set another place",
        ),
    }
    message, fix = words.get(cause) or (
        f"{doing} failed at '{place}': {_brief(error)}",
        "see the message; 'semblant connectors test' tries a saved connector step by step",
    )
    return kind(message, fix=fix)


def settings_fault(error: BaseException, place: str, credentials: str) -> ConfigError | None:
    """Give the error for options that a driver does not take; None for any other fault."""
    if isinstance(error, (TypeError, ValueError)) and not isinstance(error, UnicodeError):
        msg = f"the driver of '{place}' does not take these settings: {_brief(error)}"
        return ConfigError(msg, fix=f"check {credentials}")
    return None


def _links(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(_CHAIN_LIMIT):
        if current is None:
            return
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _code(error: BaseException) -> str:
    """Give the word by which S3 and Azure name a fault."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return str(getattr(getattr(error, "error_code", ""), "value", getattr(error, "error_code", "") or ""))


def _brief(error: BaseException) -> str:
    """Give an error's first line; some drivers raise with no text at all, or with None."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    name = type(error).__name__
    return name if text in ("", "None") else f"{name}: {text[:300]}"
