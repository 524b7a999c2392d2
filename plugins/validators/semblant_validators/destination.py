"""Step *destination*: the data go somewhere, and not over the original."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from semblant.vocabulary import WriteMode
from semblant_validators.codes import finding

if TYPE_CHECKING:
    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema
    from semblant.spec.model import Spec

_PLACES = ("path", "url", "connector")


@frozen
class DestinationValidator:
    """The destination is used and is not the source. Whether it can be written its own check proves."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        if spec.destination is None:
            return []
        found = []
        if not spec.generation.enabled:
            message = "nothing is generated, so that nothing is written"
            found.append(
                finding("destination-unused", "destination", message, "write generation.enabled: true, or remove it")
            )
        if spec.destination.mode is not WriteMode.FAIL:
            same = _places(spec.destination.settings, parents=False) & _places(spec.source.settings, parents=True)
            for place in sorted(same):
                message = f"mode '{spec.destination.mode}' would write over the original data in '{place}'"
                found.append(
                    finding("destination-is-source", "destination", message, "choose another place, or mode: fail")
                )
        return found


def _places(settings: Any, *, parents: bool) -> set[str]:
    """Give the files, folders and URLs that settings name; with the folders that files lie in, where wanted."""
    found: set[str] = set()
    for key in _PLACES:
        value = settings.get(key)
        for entry in value if isinstance(value, (list, tuple)) else [value]:
            if not isinstance(entry, str):
                continue
            if "://" in entry or key != "path":
                found.add(entry)
                continue
            path = Path(os.path.normpath(Path(entry).absolute()))
            found.add(str(path))
            if parents and path.suffix:
                found.add(str(path.parent))
    return found
