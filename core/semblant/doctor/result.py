"""What a check of the doctor has to say."""

from __future__ import annotations

import enum
from typing import Any

from attrs import frozen


class Health(enum.StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"
    """Work is possible, some of it not or not well."""
    FAIL = "fail"
    """Nothing will work before this is mended."""


@frozen(kw_only=True)
class CheckResult:
    """One thing that was looked at.

    >>> CheckResult(area="machine", name="memory", health=Health.OK, message="8 GB free").as_dict()["health"]
    'ok'
    """

    area: str
    """``installation``, ``plugins``, ``machine``, ``home`` or ``connectors``."""
    name: str
    health: Health
    message: str
    """What was found."""
    fix: str = ""
    """How to mend it; empty when there is nothing to mend."""

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return {
            "area": self.area,
            "name": self.name,
            "health": str(self.health),
            "message": self.message,
            "fix": self.fix,
        }
