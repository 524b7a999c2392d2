"""The source ``bigquery``: every query sees the tables as they were at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.access import AccessStep
from semblant.errors import SourceError
from semblant_databases.bigquery.connection import Connection, probe, quoted, where_of
from semblant_databases.bigquery.keys import keys_of
from semblant_databases.bigquery.read_types import column_of
from semblant_databases.reading.relation import Relation
from semblant_databases.reading.source import DatabaseSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from semblant.access import Probe
    from semblant_databases.reading.relation import ReadColumn
    from semblant_databases.settings import BigquerySource as Settings

_TABLES = ("TABLE", "SNAPSHOT", "CLONE", "EXTERNAL")
_VIEWS = ("VIEW", "MATERIALIZED_VIEW")


class Moment:
    """A dataset at one moment of the server's clock."""

    def __init__(self, settings: Settings) -> None:
        """Look at the dataset and at the clock."""
        self._connection = Connection(settings, SourceError)
        now = self._connection.rows("SELECT CURRENT_TIMESTAMP()")[0][0]
        self._then = f" FOR SYSTEM_TIME AS OF TIMESTAMP '{now.isoformat()}'"

    def tables(self, *, views: bool) -> list[str]:
        """Name tables and views."""
        return sorted(self._connection.table_names(*_TABLES, *(_VIEWS if views else ())))

    def describe(self, name: str) -> Relation:
        """Describe a table or view; the service keeps no earlier states of a view or of what lies elsewhere."""
        table = self._connection.table(name)
        if table is None:
            raise SourceError(f"there is no table '{name}'", fix="it was dropped: read again")
        primary, foreign = keys_of(table, self._connection.dataset)
        earlier = self._then if table.table_type == "TABLE" else ""
        return Relation(
            name=name,
            source=f"{self._connection.named(name)}{earlier}",
            columns=tuple(column_of(field) for field in table.schema),
            primary_key=primary,
            foreign_keys=foreign,
            comment=table.description or "",
            order=f" ORDER BY {', '.join(map(quoted, primary))}" if primary else "",
        )

    def query(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT statement yields, by a run that costs nothing."""
        fields = self._connection.ask(statement, dry=True).schema
        columns = tuple(column_of(field) for field in fields)
        return Relation(name=name, source=f"({statement}) AS {quoted(name)}", columns=columns)

    def count(self, source: str, condition: str) -> int:
        """Count rows."""
        return int(self._connection.rows(f"SELECT COUNT(*) FROM {source}{condition}")[0][0])

    def stream(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Stream a SELECT, at most ``batch_rows`` rows at a time."""
        answer = self._connection.ask(statement)
        with self._connection.speaking():
            for found in answer.rows.to_arrow_iterable():
                for start in range(0, found.num_rows, batch_rows):
                    yield found.slice(start, batch_rows).columns

    def close(self) -> None:
        """Close the client."""
        self._connection.client.close()


class BigquerySource(DatabaseSource):
    """Reads a dataset of BigQuery."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        super().__init__(settings, where_of(settings))

    def connect(self) -> Moment:
        """Take a moment."""
        return Moment(self._settings)

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe(self._settings, self.check, AccessStep.READ)
