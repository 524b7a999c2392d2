"""A BigQuery dataset, and the service's errors in our words."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from attrs import frozen
from google.api_core import exceptions as refusals
from google.api_core.client_options import ClientOptions
from google.api_core.retry import Retry
from google.auth import credentials as logins
from google.auth import exceptions as login_faults
from google.cloud import bigquery
from google.oauth2 import service_account

from semblant.access import AccessStep, failed, host_probe, passed, port_probe
from semblant.errors import ConfigError, DestinationError, SemblantError
from semblant.visible import visible
from semblant_databases.faults import STEPS, brief, fault, unfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from semblant.access import Probe
    from semblant.schema import Schema
    from semblant_databases.faults import Kind
    from semblant_databases.settings import BigqueryPlace

_HOST: Final = "bigquery.googleapis.com"
_LONGEST_TABLE, _LONGEST_COLUMN = 1024, 300
_TABLE_KINDS = ("L", "M", "N", "Pc", "Pd", "Zs")
_COLUMN_SIGNS = frozenset("&%=+:'<>#|- _")
_NO_DATASET: Final = "there is no such dataset"
_REASONS: Final = {
    "quotaExceeded": "full", "rateLimitExceeded": "busy", "accessDenied": "access", "backendError": "lost",
}  # fmt: skip


def quoted(name: str) -> str:
    r"""Quote a name.

    >>> print(quoted("it's `a`"))
    `it's \`a\``
    """
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def literal(text: str) -> str:
    r"""Write a text as SQL.

    >>> print(literal('say "hi"'))
    "say \"hi\""
    """
    return json.dumps(text, ensure_ascii=False)


def check_names(schema: Schema) -> None:
    """Refuse names that BigQuery does not take, as its reference gives the rules, or takes for the same."""
    for table in schema:
        kinds = [unicodedata.category(sign) for sign in table.name]
        fits = all(kind.startswith(_TABLE_KINDS) for kind in kinds) and 0 < len(table.name.encode()) <= _LONGEST_TABLE
        if not fits:
            raise _name("the table", table.name, "letters, digits, blanks, dashes and underscores, at most 1024 bytes")
        seen: dict[str, str] = {}
        for column in table.columns:
            plain = all(
                unicodedata.category(sign).startswith(("L", "M", "N")) or sign in _COLUMN_SIGNS for sign in column.name
            )
            if not plain or not 0 < len(column.name) <= _LONGEST_COLUMN:
                where = f"table '{visible(table.name)}': the column"
                raise _name(where, column.name, "letters, digits, blanks and a few signs, at most 300")
            other = seen.setdefault(column.name.casefold(), column.name)
            if other != column.name:
                raise DestinationError(
                    f"table '{visible(table.name)}': the column names '{visible(other)}' and "
                    f"'{visible(column.name)}' are the same for BigQuery",
                    fix="rename one of the two",
                )


def _name(what: str, name: str, allowed: str) -> DestinationError:
    return DestinationError(
        f"{what} '{visible(name, limit=80)}' has a name that BigQuery does not take: it allows {allowed}",
        fix="rename it, or leave it out",
    )


@frozen(kw_only=True)
class Answer:
    """The rows of a query, and how they are described."""

    rows: Any
    schema: tuple[Any, ...]


class Connection:
    """One dataset; errors come out as ``kind`` with the place in them, never with the key."""

    def __init__(self, place: BigqueryPlace, kind: Kind) -> None:
        """Make the client and look at the dataset."""
        self._kind = kind
        self._seconds = place.timeout_seconds
        self._retry = Retry(timeout=place.timeout_seconds)
        with self.speaking(where_of(place)):
            options = ClientOptions(api_endpoint=place.endpoint) if place.endpoint else None
            self.client: Any = bigquery.Client(
                project=place.project,
                credentials=_login(place),
                location=place.location,
                client_options=options,
            )
            project, _, name = place.dataset.rpartition(".")
            self.dataset = bigquery.DatasetReference(project or self.client.project, name)
        self.where = f"bigquery://{self.dataset.project}/{self.dataset.dataset_id}"
        with self.speaking():
            found = self.client.get_dataset(self.dataset, retry=self._retry, timeout=self._seconds)
            self._location = place.location or found.location

    def named(self, table: str) -> str:
        """Give a table's whole name, quoted."""
        return ".".join(map(quoted, (self.dataset.project, self.dataset.dataset_id, table)))

    def table_names(self, *kinds: str) -> list[str]:
        """Name the tables of those kinds."""
        with self.speaking():
            found = self.client.list_tables(self.dataset, retry=self._retry, timeout=self._seconds)
            return [entry.table_id for entry in found if entry.table_type in kinds]

    def table(self, name: str) -> Any | None:
        """Describe a table; None when there is none."""
        with self.speaking():
            try:
                return self.client.get_table(self.dataset.table(name), retry=self._retry, timeout=self._seconds)
            except refusals.NotFound:
                return None

    def ask(self, statement: str, *, dry: bool = False) -> Answer:
        """Run a query or script and wait for it."""
        config = bigquery.QueryJobConfig(use_legacy_sql=False, dry_run=dry)
        with self.speaking():
            job = self.client.query(
                statement, job_config=config, location=self._location, retry=self._retry, timeout=self._seconds
            )
            if dry:
                return Answer(rows=None, schema=tuple(job.schema or ()))
            rows = job.result()
            return Answer(rows=rows, schema=tuple(rows.schema))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a query and give all its rows."""
        answer = self.ask(statement)
        with self.speaking():
            return [tuple(row.values()) for row in answer.rows]

    @contextlib.contextmanager
    def speaking(self, where: str = "") -> Iterator[None]:
        """Turn the client's errors into ours."""
        try:
            yield
        except (refusals.GoogleAPIError, login_faults.GoogleAuthError, OSError, ValueError) as exc:
            raise self.fault_of(exc, where or self.where) from None

    def fault_of(self, exc: BaseException, where: str) -> SemblantError:
        """Say what the service means."""
        if isinstance(exc, login_faults.TransportError):
            return self._fault("port", where, str(exc))
        if isinstance(exc, login_faults.GoogleAuthError | refusals.Unauthorized):
            return self._fault("credentials", where, "", "check 'service_account', or sign in: gcloud auth login")
        errors = getattr(exc, "errors", None) or [{}]
        reason, text = str(errors[0].get("reason", "")), str(errors[0].get("message", "") or exc)
        if isinstance(exc, refusals.NotFound) and "Dataset" in text:
            return self._kind(
                f"{where}: {_NO_DATASET} ({brief(text)})", fix="check 'dataset' and 'project', or create the dataset"
            )
        step = _REASONS.get(reason) or ("access" if isinstance(exc, refusals.Forbidden) else "")
        if isinstance(exc, refusals.ServerError | refusals.RetryError | OSError) and not step:
            step = "port" if isinstance(exc, OSError) else "lost"
        if step:
            return self._fault(step, where, text)
        said = brief(text)
        unusable = isinstance(exc, refusals.BadRequest | refusals.NotFound)
        return unfit(self._kind, where, said, unusable=unusable)

    def _fault(self, step: str, where: str, text: str, fix: str = "") -> SemblantError:
        return fault(self._kind, step, where, text, fix=fix)


def where_of(place: BigqueryPlace) -> str:
    """Give the place in words for a person."""
    return f"bigquery://{place.project or 'the project of the login'}/{place.dataset}"


def _login(place: BigqueryPlace) -> Any:
    if place.anonymous:
        return logins.AnonymousCredentials()  # type: ignore[no-untyped-call]
    if place.service_account is None:
        return None
    try:
        key = json.loads(place.service_account.reveal())
        return service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            key, scopes=["https://www.googleapis.com/auth/bigquery"]
        )
    except (ValueError, AttributeError):
        msg = f"service_account: {place.service_account!r} is no key of a service account"
        raise ConfigError(msg, fix="name the file that was downloaded with the key: file:/path/key.json") from None


def probe(place: BigqueryPlace, check: Callable[[], None], last: AccessStep) -> Iterator[Probe]:
    """Try one step after the other: name, port, then what ``check`` says."""
    found = urlsplit(place.endpoint or f"https://{_HOST}")
    host = found.hostname or _HOST
    port = found.port or (80 if found.scheme == "http" else 443)
    for reached in (host_probe(host, setting="endpoint"), port_probe(host, port, setting="endpoint")):
        yield reached
        if not reached.passed:
            return
    try:
        check()
    except SemblantError as exc:
        credentials, dataset = STEPS["credentials"][0] in exc.message, _NO_DATASET in exc.message
        step = AccessStep.CREDENTIALS if credentials else AccessStep.DATABASE if dataset else last
        setting = "service_account" if credentials else "dataset" if dataset else ""
        yield failed(step, exc.message, setting=setting, fix=exc.fix or "see the message")
        return
    yield passed(AccessStep.CREDENTIALS, "signed in")
    yield passed(AccessStep.DATABASE, f"the dataset '{place.dataset}' is there")
    yield passed(last, "it can be read" if last is AccessStep.READ else "a table was made, filled and removed again")
