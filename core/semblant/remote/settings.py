"""Settings with which one gets into an object storage; sources and destinations share them.

Each class knows the options that its fsspec driver wants (:meth:`driver_options`) and the server that is
talked to (:meth:`server`). Secrets are looked up when the options are asked for, and never kept.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

from attrs import frozen

from semblant.errors import ConfigError
from semblant.settings import Secret, setting
from semblant.settings.valued import Valued

if TYPE_CHECKING:
    from collections.abc import Mapping


@runtime_checkable
class Access(Protocol):
    """What the settings of every object storage can tell."""

    credentials: ClassVar[str]
    """The settings to look at when a key is refused, in words."""

    def driver_options(self) -> dict[str, Any]:
        """Give the options of the fsspec driver, secrets revealed; never show, log or keep them."""

    def server(self) -> tuple[str, int, bool] | None:
        """Give host, port and whether TLS is spoken; None where there is no single server."""


def _address(url: str) -> tuple[str, int, bool]:
    """Take an endpoint apart.

    >>> _address("http://127.0.0.1:9000"), _address("https://s3.example")
    (('127.0.0.1', 9000, False), ('s3.example', 443, True))
    """
    parts = urlsplit(url if "://" in url else f"https://{url}")
    safe = parts.scheme != "http"
    try:
        return parts.hostname or "", parts.port or (443 if safe else 80), safe
    except ValueError as exc:
        msg = f"endpoint: '{url}' has no valid port"
        raise ConfigError(msg, fix="write it as http://host:port or https://host") from exc


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


# without slots, so that it can be joined with the settings of a source or destination
@frozen(kw_only=True, slots=False, eq=False, repr=False)
class S3Access(Valued):
    """How to get into Amazon S3 and what speaks its language.

    >>> S3Access(anonymous=True).driver_options()["anon"]
    True
    """

    credentials: ClassVar[str] = "access_key and secret_key"

    access_key: Secret | None = setting(
        None, help="id of the access key; the environment's, profile's or machine's own when null", feature=(69,)
    )
    secret_key: Secret | None = setting(None, help="the secret access key", feature=(69,))
    session_token: Secret | None = setting(None, help="the token of temporary keys")
    endpoint: str | None = setting(None, help="URL of an S3-compatible server; Amazon's own when null")
    region: str | None = setting(None, help="region of the bucket, where the environment does not say it")
    addressing: Literal["auto", "path", "virtual"] = setting(
        "auto", help="where the bucket stands in the URL; auto: in the path with an endpoint of one's own"
    )
    checksums: Literal["auto", "when_required", "when_supported"] = setting(
        "auto",
        help="auto: when_required with an endpoint of one's own, because older servers refuse or damage the rest",
    )
    anonymous: bool = setting(False, help="true: use no keys at all, for public buckets")
    timeout_seconds: float = setting(30.0, help="how long an answer is waited for", gt=0, unit="seconds")

    def driver_options(self) -> dict[str, Any]:
        """Give the options of s3fs; it tries nothing again by itself, :mod:`semblant.retry` does."""
        own = self.endpoint is not None
        checksums = ("when_required" if own else "when_supported") if self.checksums == "auto" else self.checksums
        addressing = ("path" if own else "auto") if self.addressing == "auto" else self.addressing
        found: dict[str, Any] = {
            "anon": self.anonymous,
            "use_listings_cache": False,
            "config_kwargs": {
                "s3": {"addressing_style": addressing},
                "retries": {"total_max_attempts": 1, "mode": "standard"},
                "connect_timeout": min(self.timeout_seconds, 10.0),
                "read_timeout": self.timeout_seconds,
                "request_checksum_calculation": checksums,
                "response_checksum_validation": checksums,
            },
        }
        if self.region:
            found["client_kwargs"] = {"region_name": self.region}
        keys = {"key": self.access_key, "secret": self.secret_key, "token": self.session_token}
        found |= {name: secret.reveal() for name, secret in keys.items() if secret is not None}
        return found | ({"endpoint_url": self.endpoint} if own else {})

    def server(self) -> tuple[str, int, bool]:
        """Give the endpoint's address."""
        region = self.region or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        return _address(self.endpoint or os.environ.get("AWS_ENDPOINT_URL") or f"https://s3.{region}.amazonaws.com")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class GcsAccess(Valued):
    """How to get into Google Cloud Storage."""

    credentials: ClassVar[str] = "service_account"

    service_account: Secret | None = setting(
        None,
        help="the JSON of a service account's key (file:/path/key.json); the environment's own login when null",
        feature=(70,),
    )
    project: str | None = setting(None, help="the project; that of the login when null")
    endpoint: str | None = setting(None, help="URL of another server with the same interface")
    anonymous: bool = setting(False, help="true: use no login at all, for public buckets")
    timeout_seconds: float = setting(30.0, help="how long an answer is waited for", gt=0, unit="seconds")

    def driver_options(self) -> dict[str, Any]:
        """Give the options of gcsfs.

        :raises ConfigError: when ``service_account`` is no JSON.
        """
        found: dict[str, Any] = {"use_listings_cache": False, "timeout": self.timeout_seconds}
        if self.project:
            found["project"] = self.project
        if self.endpoint:
            found["endpoint_url"] = self.endpoint
            # gcsfs asks other servers by gRPC what kind of bucket this is, and waits a minute each time
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        if self.anonymous:
            return found | {"token": "anon"}
        if self.service_account is None:
            return found
        try:
            key = json.loads(self.service_account.reveal())
        except ValueError:
            key = None
        if not isinstance(key, dict):
            msg = f"service_account: {self.service_account!r} holds no JSON object"
            raise ConfigError(msg, fix="name the file that was downloaded with the key: file:/path/key.json") from None
        return found | {"token": key}

    def server(self) -> tuple[str, int, bool]:
        """Give the endpoint's address."""
        return _address(self.endpoint or "https://storage.googleapis.com")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class AzureAccess(Valued):
    """How to get into Azure Blob Storage."""

    credentials: ClassVar[str] = "account and account_key (or sas_token, connection_string)"

    account: str | None = setting(None, help="name of the storage account", feature=(68,))
    account_key: Secret | None = setting(None, help="one of the account's two keys")
    sas_token: Secret | None = setting(None, help="a shared access signature instead of a key")
    connection_string: Secret | None = setting(None, help="everything in one text, as Azure's portal shows it")
    tenant_id: str | None = setting(None, help="directory of a service principal")
    client_id: str | None = setting(None, help="id of a service principal")
    client_secret: Secret | None = setting(None, help="secret of a service principal")
    endpoint: str | None = setting(None, help="host of the blob service, where it is not ACCOUNT.blob.core.windows.net")
    anonymous: bool = setting(False, help="true: use no key; false: the keys above, or the environment's own login")
    timeout_seconds: float = setting(30.0, help="how long an answer is waited for", gt=0, unit="seconds")

    def driver_options(self) -> dict[str, Any]:
        """Give the options of adlfs."""
        found: dict[str, Any] = {
            "use_listings_cache": False,
            "anon": self.anonymous,
            "connection_timeout": min(self.timeout_seconds, 10.0),
            "read_timeout": self.timeout_seconds,
        }
        plain = {
            "account_name": self.account,
            "tenant_id": self.tenant_id,
            "client_id": self.client_id,
            "account_host": self.endpoint,
            "account_key": _revealed(self.account_key),
            "sas_token": _revealed(self.sas_token),
            "connection_string": _revealed(self.connection_string),
            "client_secret": _revealed(self.client_secret),
        }
        return found | {name: value for name, value in plain.items() if value is not None}

    def server(self) -> tuple[str, int, bool] | None:
        """Give the account's address; a connection string is not taken apart."""
        if self.connection_string is not None or not (self.endpoint or self.account):
            return None
        return _address(self.endpoint or f"https://{self.account}.blob.core.windows.net")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class AnyAccess(Valued):
    """How to get into any other place: the options of its fsspec driver, by the driver's own names.

    >>> AnyAccess(options={"port": 22}).driver_options()
    {'port': 22}
    """

    credentials: ClassVar[str] = "secrets"

    options: Mapping[str, Any] = setting(
        help="options by the names of the fsspec driver, such as host and port; no secrets here", factory=dict
    )
    secrets: Mapping[str, Secret] = setting(
        help="options that are secret, each as a reference: password: env:SFTP_PASSWORD", factory=dict
    )

    def driver_options(self) -> dict[str, Any]:
        """Give both kinds together."""
        return {**self.options, **{name: secret.reveal() for name, secret in self.secrets.items()}}

    def server(self) -> None:
        """Say nothing: every driver has its own words for it."""
        return
