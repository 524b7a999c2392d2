"""Step *source*: is there anything to work on."""

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
class SourceValidator:
    """The source has tables. That its type and settings are known is seen when the spec is loaded."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        if schema.table_names:
            return []
        message = f"the {spec.source.type} source has no tables"
        return [finding("empty-source", "source", message, "check the path, the schema and the access rights")]
