"""The manifest of a set of tables in an object storage: what belongs to the set, and where each table lies.

It is one object, ``.semblant.json`` below the prefix, and it is replaced in one piece, so that whoever
goes by it meets a whole set or none. ``key`` is the name by which anybody finds a table; ``at``, while a
delivery is being finished, is where the same bytes lie already (see ``spec/decisions/0012``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST: Final = ".semblant.json"
STAGING: Final = ".semblant-staging-"
LOCK: Final = ".semblant-lock.json"
LAYOUT: Final = "objects"
_KEPT_DELIVERIES: Final = 1000


@frozen(kw_only=True)
class StoredTable:
    """One table of a set."""

    key: str
    at: str | None = None
    format: str
    delimiter: str = ","
    compression: str = "none"
    rows: int | None = None
    bytes: int
    mark: str = ""
    """What the storage said of the object when it was written; empty where that is not known."""
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> str:
        """Key to read from."""
        return self.at or self.key

    def settled(self, mark: str) -> StoredTable:
        """Give the entry once the object lies under its own key."""
        return evolve(self, at=None, mark=mark)


@frozen(kw_only=True)
class Manifest:
    """All tables of a prefix, and the ids of what was delivered.

    >>> whole = Manifest(tables={"a": StoredTable(key="a", format="csv", bytes=3)})
    >>> Manifest.parse(whole.text()) == whole
    True
    """

    tables: Mapping[str, StoredTable] = field(factory=dict)
    deliveries: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: bytes) -> Manifest | None:
        """Read a manifest; None when it is none of an object storage.

        :raises ValueError: when it is damaged or from a newer version.
        """
        data: Any = json.loads(text)
        if not isinstance(data, dict) or data.get("layout") != LAYOUT:
            return None
        if data.get("format") != 1:
            msg = "its format is unknown"
            raise ValueError(msg)
        try:
            tables = {name: _table(entry) for name, entry in data["tables"].items()}
            return cls(tables=tables, deliveries=tuple(map(str, data["deliveries"])))
        except (KeyError, TypeError, AttributeError) as exc:
            msg = f"an entry is damaged ({type(exc).__name__})"
            raise ValueError(msg) from exc

    def text(self) -> bytes:
        """Write it."""
        tables = {name: _plain(table) for name, table in self.tables.items()}
        data = {
            "format": 1,
            "layout": LAYOUT,
            "tables": tables,
            "deliveries": list(self.deliveries[-_KEPT_DELIVERIES:]),
        }
        return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Tables that do not lie under their own key yet."""
        return tuple(name for name, table in self.tables.items() if table.at is not None)


def _plain(table: StoredTable) -> dict[str, Any]:
    import attrs

    found = attrs.asdict(table)
    found["columns"] = [list(column) for column in table.columns]
    return {name: value for name, value in found.items() if value is not None and value != ""}


def _table(entry: Mapping[str, Any]) -> StoredTable:
    key, at = entry["key"], entry.get("at")
    if not isinstance(key, str) or not key or "/" in key or (at is not None and not str(at).startswith(STAGING)):
        msg = "a key leads elsewhere"
        raise ValueError(msg)
    return StoredTable(
        key=key,
        at=at,
        format=str(entry["format"]),
        delimiter=str(entry.get("delimiter", ",")),
        compression=str(entry.get("compression", "none")),
        rows=entry.get("rows"),
        bytes=int(entry["bytes"]),
        mark=str(entry.get("mark", "")),
        columns=tuple((str(name), str(kind)) for name, kind in entry.get("columns", ())),
    )
