"""The destinations ``s3``, ``gcs``, ``azure`` and ``objects``: one object per table, its key the table's name."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from semblant.access import AccessStep, Probe, failed, host_probe, passed, port_probe, tls_probe
from semblant.errors import ConfigError, DestinationError
from semblant.remote.faults import Cause, cause_of
from semblant.remote.filesystem import Bucket
from semblant.retry import Retry
from semblant_destinations import formats
from semblant_destinations.objects.delivery import ObjectsDelivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.schema import Schema
    from semblant.vocabulary import WriteMode
    from semblant_destinations.settings import StoreSettings

_STEPS = {
    Cause.CREDENTIALS: (AccessStep.CREDENTIALS, ""),
    Cause.BUCKET: (AccessStep.DATABASE, "path"),
    Cause.MISSING: (AccessStep.DATABASE, "path"),
    Cause.UNREACHABLE: (AccessStep.PORT, "endpoint"),
}


def from_location(location: str) -> dict[str, Any]:
    """Give the settings that a URL stands for.

    >>> from_location("s3://lake/shop")
    {'path': 's3://lake/shop'}
    """
    return {"path": location}


class Objects:
    """Writes each table as one object whose key is the prefix and the table's name, with no ending.

    ``.semblant.json`` below the prefix is the manifest: it says what belongs to the set and in which
    format each table is. Other objects below the prefix are left alone.
    """

    def __init__(self, settings: StoreSettings, *, retry: Retry | None = None) -> None:
        """Take the settings; nothing is asked of the storage yet.

        :raises ConfigError: for settings that do not go together.
        """
        self._settings = settings
        self._retry = retry or Retry()
        self._deliveries: list[ObjectsDelivery] = []
        self._bucket: Bucket | None = None
        formats.compression(settings)
        if len(settings.delimiter) != 1 or settings.delimiter in '"\r\n' or not settings.delimiter.isascii():
            msg = f"destination.delimiter: {settings.delimiter!r} is not one plain character"
            raise ConfigError(msg, fix="use ',', ';', '|' or a tab")
        parts = urlsplit(settings.path)
        if "://" not in settings.path or (not parts.netloc and parts.scheme not in {"memory", "file"}):
            msg = f"destination.path: '{settings.path}' names no bucket"
            raise ConfigError(msg, fix="write a URL such as s3://bucket/prefix")

    def check(self) -> None:
        """Prove that objects can be written, read and removed there, with a temporary one.

        :raises DestinationError: with the reason when they cannot.
        """
        bucket = self._opened()
        key = f".semblant-check-{secrets.token_hex(6)}"
        bucket.put(key, b"semblant")
        try:
            found = bucket.get(key)
        finally:
            bucket.remove(key)
        if found != b"semblant":
            msg = f"'{bucket.shown}' does not give back what was written to it"
            raise DestinationError(
                msg, fix="look at the storage; with an older S3 server set 'checksums: when_required'"
            )

    def probe(self) -> Iterator[Probe]:
        """Try host, port, TLS, credentials, bucket and write access, one after the other."""
        server = self._settings.server()
        if server is not None:
            host, port, safe = server
            yield host_probe(host, setting="endpoint")
            yield port_probe(host, port, setting="endpoint")
            if safe:
                yield tls_probe(host, port, setting="endpoint")
        try:
            self.check()
        except ConfigError as exc:
            words = self._settings.credentials
            yield failed(AccessStep.CREDENTIALS, exc.message, setting=words, fix=exc.fix or "see the message")
            return
        except DestinationError as exc:
            yield from self._failed(exc)
            return
        bucket = self._opened()
        yield passed(AccessStep.CREDENTIALS, "the credentials are accepted")
        yield passed(AccessStep.DATABASE, f"'{self._root()}' is there")
        yield passed(AccessStep.WRITE, f"a temporary object was written below '{bucket.shown}' and removed")

    def _failed(self, exc: DestinationError) -> Iterator[Probe]:
        """Say which step an error belongs to, and what went well before it."""
        cause = cause_of(exc.__cause__ or exc)
        step, field = _STEPS.get(cause, (AccessStep.WRITE, "path"))
        if step in {AccessStep.DATABASE, AccessStep.WRITE} and cause is not Cause.OTHER:
            yield passed(AccessStep.CREDENTIALS, "the credentials are accepted")
        if step is AccessStep.WRITE and cause is Cause.ACCESS:
            field = self._settings.credentials
        yield failed(step, exc.message, setting=field or self._settings.credentials, fix=exc.fix or "see the message")

    def open(self, schema: Schema, mode: WriteMode) -> ObjectsDelivery:
        """Begin a delivery of all tables of ``schema``.

        :raises DestinationError: when a table is there already and ``mode`` is ``fail``, when another
            delivery is under way, or when the prefix cannot be written.
        """
        if not schema.tables:
            msg = "there is no table to deliver"
            raise DestinationError(msg, fix="include at least one table")
        delivery = ObjectsDelivery(self._opened(), self._settings, schema, mode)
        self._deliveries.append(delivery)
        return delivery

    def location(self) -> str:
        """Give the URL, as it was written."""
        return self._settings.path.rstrip("/")

    def close(self) -> None:
        """Abort what was opened and never committed."""
        for delivery in self._deliveries:
            delivery.abort()
        self._deliveries.clear()

    def _root(self) -> str:
        parts = urlsplit(self._settings.path)
        return f"{parts.scheme}://{parts.netloc}"

    def _opened(self) -> Bucket:
        if self._bucket is None:
            self._bucket = Bucket.open(self._settings.path, self._settings, self._retry)
        return self._bucket
