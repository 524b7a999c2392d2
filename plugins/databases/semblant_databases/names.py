"""Names of tables and columns: quoted, never changed, refused where the database would change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.errors import DestinationError
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from semblant.schema import Schema


def doubled(mark: str, closing: str | None = None) -> Callable[[str], str]:
    """Give a function that quotes an identifier between marks, the closing one doubled inside.

    >>> doubled('"')('Order "Details" now'), doubled("[", "]")("a]b")
    ('"Order ""Details"" now"', '[a]]b]')
    """
    end = closing or mark

    def quote(name: str) -> str:
        return mark + name.replace(end, end * 2) + end

    return quote


@frozen(kw_only=True)
class NameRules:
    """What a database takes for a name."""

    longest: int
    unit: str = "bytes"
    """What ``longest`` counts: bytes of UTF-8, or characters."""
    folds: bool = False
    """Whether two names that differ by case alone are one."""
    forbidden: str = "\0"
    """Characters that no name may hold."""
    beyond_bmp: bool = True
    """Whether characters beyond U+FFFF, such as emoji, are kept."""
    no_blank_end: bool = False
    """Whether a name may not end in a blank."""

    def check(self, schema: Schema, store: str) -> None:
        """Raise for names that would be cut, changed or taken for another one."""
        self._distinct((table.name for table in schema), "table", store)
        for table in schema:
            self._whole(table.name, "the table", store)
            for column in table.columns:
                self._whole(column.name, f"table {visible(table.name)!r}: the column", store)
            self._distinct(table.column_names, f"table {visible(table.name)!r}: column", store)

    def _whole(self, name: str, what: str, store: str) -> None:
        length = len(name.encode("utf-8", "surrogatepass")) if self.unit == "bytes" else len(name)
        fault = ""
        if not name:
            fault = "is empty"
        elif length > self.longest:
            fault = f"has {length} {self.unit}, {store} takes {self.longest} and would cut it"
        elif any(sign in name for sign in self.forbidden):
            fault = f"holds a character that {store} does not take in a name"
        elif not self.beyond_bmp and any(ord(sign) > 0xFFFF for sign in name):
            fault = f"holds a character such as an emoji that {store} does not take in a name"
        elif self.no_blank_end and name != name.rstrip(" "):
            fault = f"ends in a blank, which {store} does not take"
        if fault:
            raise DestinationError(f"{what} {visible(name, limit=80)!r} {fault}", fix="rename it, or leave it out")

    def _distinct(self, names: Iterable[str], what: str, store: str) -> None:
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(self.folded(name), name)
            if other is not name:
                raise DestinationError(
                    f"{what} names {visible(other)!r} and {visible(name)!r} are the same for {store}",
                    fix="rename one of the two",
                )

    def folded(self, name: str) -> str:
        """Give the form in which equal names are equal."""
        return name.casefold() if self.folds else name
