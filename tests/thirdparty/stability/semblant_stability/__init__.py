"""The population stability index as a section of the report; what measures it is imported when it is used."""

from __future__ import annotations

from attrs import frozen
from semblant import SectionType, hookimpl, setting


@frozen(kw_only=True)
class StabilitySettings:
    """What stands in a spec for this section."""

    groups: int = setting(10, help="groups of equal size that a number is cut into", ge=2, le=100)
    rows: int = setting(100_000, help="rows of a table that are looked at, at most", ge=100)


@hookimpl
def semblant_report_sections() -> list[SectionType]:
    """Offer the section ``stability``."""
    return [
        SectionType(
            name="stability",
            factory="semblant_stability.section:StabilitySection",
            summary="population stability index of every column",
            title="Population stability",
            order=35,
            settings=StabilitySettings,
            distribution="semblant-stability",
        )
    ]
