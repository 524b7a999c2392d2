"""Primary and foreign keys of BigQuery tables; they are declared there, and enforced by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.schema import ForeignKey

if TYPE_CHECKING:
    from google.cloud.bigquery import DatasetReference


def keys_of(table: Any, dataset: DatasetReference) -> tuple[tuple[str, ...], tuple[ForeignKey, ...]]:
    """Give both as the service describes them; a key into another dataset names its table with it."""
    found = table.to_api_repr().get("tableConstraints") or {}
    primary = tuple((found.get("primaryKey") or {}).get("columns", ()))
    foreign = []
    for key in found.get("foreignKeys", ()):
        place, pairs = key["referencedTable"], key["columnReferences"]
        here = (place["projectId"], place["datasetId"]) == (dataset.project, dataset.dataset_id)
        foreign.append(
            ForeignKey(
                columns=tuple(pair["referencingColumn"] for pair in pairs),
                references=place["tableId"] if here else f"{place['datasetId']}.{place['tableId']}",
                referenced_columns=tuple(pair["referencedColumn"] for pair in pairs),
            )
        )
    return primary, tuple(foreign)
