"""Tables of a REST service: descriptor and settings; what reads them is imported when it is used."""

from __future__ import annotations

from attrs import frozen
from semblant import Secret, SourceType, hookimpl, setting


@frozen(kw_only=True)
class PagesSettings:
    """What stands in a spec under ``source``."""

    url: str = setting(help="where the service is, such as https://data.example.org/v1")
    token: Secret | None = setting(None, help="bearer token; a reference such as env:PAGES_TOKEN")
    page_rows: int = setting(10_000, help="rows per request at most", ge=1, le=1_000_000)
    timeout_seconds: float = setting(30.0, help="how long an answer may take", gt=0, unit="seconds")
    attempts: int = setting(4, help="how often a request is tried while the service is busy", ge=1, le=100)


def from_location(location: str) -> dict[str, str]:
    """Give the settings that ``pages+https://…`` stands for.

    >>> from_location("pages+https://data.example.org/v1")
    {'url': 'https://data.example.org/v1'}
    """
    return {"url": location.removeprefix("pages+")}


@hookimpl
def semblant_sources() -> list[SourceType]:
    """Offer the source ``pages``."""
    return [
        SourceType(
            name="pages",
            factory="semblant_pages.source:PagesSource",
            summary="tables of a REST service, page by page",
            settings=PagesSettings,
            schemes=("pages+http", "pages+https"),
            from_location="semblant_pages:from_location",
            distribution="semblant-pages",
        )
    ]
