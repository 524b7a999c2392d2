"""Lists, structs, maps and JSON: taken apart into fields of their own, and put together again."""

from __future__ import annotations

from semblant_models.tabular.encodings.nested.nested import Nested

__all__ = ["Nested"]
