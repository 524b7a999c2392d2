"""Private training does not exist yet, and nothing weaker is done in its place.

A module of its own: the day it exists this is deleted, with its descriptor and its code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant_validators.codes import finding

if TYPE_CHECKING:
    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema
    from semblant.spec.model import Spec


@frozen
class PrivacyAvailableValidator:
    """Refuses ``privacy``."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        if spec.privacy is None:
            return []
        message = "this version has no differentially private training"
        return [
            finding(
                "privacy-not-available",
                "privacy",
                message,
                "remove the section; rare values and extremes stay protected",
            )
        ]
