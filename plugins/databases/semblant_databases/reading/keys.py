"""Foreign keys out of a catalog that lists them column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.schema import ForeignKey

if TYPE_CHECKING:
    from collections.abc import Iterable


def grouped(found: Iterable[tuple[Any, ...]], here: str | None) -> tuple[ForeignKey, ...]:
    """Put rows of constraint, column, other schema, other table and other column together.

    :param here: the schema at hand; a key into another names its table with the schema before it.

    >>> [key] = grouped([("k", "a", "s", "t", "x"), ("k", "b", "s", "t", "y")], "dbo")
    >>> key.columns, key.references, key.referenced_columns
    (('a', 'b'), 's.t', ('x', 'y'))
    """
    groups: dict[str, list[tuple[str, ...]]] = {}
    for constraint, *rest in found:
        groups.setdefault(constraint, []).append(tuple(rest))
    return tuple(
        ForeignKey(
            columns=tuple(part[0] for part in parts),
            references=parts[0][2] if parts[0][1] == here else f"{parts[0][1]}.{parts[0][2]}",
            referenced_columns=tuple(part[3] for part in parts),
        )
        for parts in groups.values()
    )
