"""Conformance kit."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"semblant.testing.{name}"
        for name in (
            "arrival conformance content destination_access destinations locations material source_access sources"
        ).split()
    )
)

from semblant.testing.destinations import DestinationConformance  # noqa: E402 - asserts are rewritten first
from semblant.testing.sources import SourceConformance  # noqa: E402
