"""What the kit needs to know: how tables come into a service, here one that runs while the checks do."""

from __future__ import annotations

from semblant.testing import SourceConformance
from semblant_pages import PagesSettings, semblant_sources
from semblant_pages.standin import hold, shared

_NO_TYPE = "the service has no such type"


class TestPages(SourceConformance):
    """All checks of sources."""

    component = semblant_sources()[0]
    declares_keys = True
    keeps_types = "the service knows nine types"
    not_kept = dict.fromkeys(
        ("types.uint64", "types.timestamp_ns", "types.duration", "types.binary", "types.list", "types.struct"), _NO_TYPE
    )

    def put(self, folder, tables, schema):
        """Put the tables into a new place of the service."""
        return PagesSettings(url=hold(shared(), tables, schema))

    def nowhere(self, folder):
        """Give the address of a place that is not there."""
        return PagesSettings(url=f"http://127.0.0.1:{shared().server_port}/lost/v1", attempts=1)
