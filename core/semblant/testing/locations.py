"""Checks of what a source or destination says about the locations it wants."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from semblant.settings.types import fields

if TYPE_CHECKING:
    from semblant.components import DestinationType, SourceType


class LocationConformance:
    """Schemes, endings and the way from a location to settings."""

    component: ClassVar[Any]

    def test_schemes_and_endings_are_written_as_they_are_looked_up(self) -> None:
        """``postgresql`` and ``.db``: lower case, a scheme without its colon, an ending with its dot."""
        component: SourceType | DestinationType = self.component
        for scheme in component.schemes:
            assert re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme), scheme
        for suffix in component.suffixes:
            assert re.fullmatch(r"\.[a-z0-9.]+", suffix), suffix

    def test_a_location_becomes_settings_of_the_component(self) -> None:
        """``from_location`` can be imported and names settings that exist."""
        component: SourceType | DestinationType = self.component
        if not component.schemes and not component.suffixes:
            pytest.skip("it is never chosen by a location")
        if component.from_location:
            module, _, attribute = component.from_location.partition(":")
            found = getattr(importlib.import_module(module), attribute)(f"{(*component.schemes, 'file')[0]}:///a/b")
        else:
            found = {"path": "/a/b"}
        assert set(found) <= set(fields(component.settings))
