"""Is this machine and installation fit to work, and how is what is wrong mended?

>>> from semblant.doctor import Health, examine
>>> {result.health for result in examine(deep=False)} <= set(Health)
True
"""

from __future__ import annotations

from semblant.doctor.examination import examine, worst
from semblant.doctor.result import CheckResult, Health

__all__ = ["CheckResult", "Health", "examine", "worst"]
