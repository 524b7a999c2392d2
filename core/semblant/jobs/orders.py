"""What a job is told to do: plain data, kept in the store, carried out by the child process."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Self

from attrs import asdict, field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


class OrderKind(enum.StrEnum):
    """Which call of the engine it is."""

    RUN = "run"
    TRAIN = "train"
    GENERATE = "generate"


def _by_table(given: str | Mapping[str, str]) -> Mapping[str, str]:
    """Take what was ordered when only rows of the root could be given."""
    if isinstance(given, str):
        return {"": given} if given else {}
    return given


@frozen(kw_only=True)
class Order:
    """One call of the engine, ready to be made in another process and again after a crash.

    >>> Order.from_dict(Order(kind=OrderKind.TRAIN, spec="semblant: 1").as_dict()).kind
    <OrderKind.TRAIN: 'train'>
    """

    kind: OrderKind = field(converter=OrderKind)
    spec: str = ""
    """The spec as YAML with absolute paths; secrets as references. Empty for ``generate``."""
    out: str = ""
    """Folder (``run``) or file (``train``) for the results."""
    file_format: str = "parquet"
    generator: str = ""
    """Path of the generator's file (``generate``)."""
    records: int | None = None
    given: Mapping[str, str] = field(factory=dict, converter=_by_table)
    """Per table (empty: the root) the Parquet file of its given rows, in the workspace (``generate``)."""
    destination: Mapping[str, Any] | None = None
    """Type, mode and settings (``generate``)."""
    seed: int | None = None
    seen: Mapping[str, Mapping[str, str]] | None = None
    """What the source held when this was configured: per table the type of each column; None: nobody looked."""
    generation: Mapping[str, Any] | None = None
    """Settings of generation in place of the generator's own (``generate``)."""

    def as_dict(self) -> dict[str, Any]:
        """Give JSON-ready data without what is not set."""
        found = asdict(self)
        found["kind"] = str(self.kind)
        return {name: value for name, value in found.items() if value not in (None, "", {})}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_dict` gave."""
        return cls(**data)
