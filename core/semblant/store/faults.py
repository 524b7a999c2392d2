"""What can be wrong with a store."""

from __future__ import annotations

from semblant.errors import ConfigError, SemblantError


class StoreError(SemblantError):
    """The store cannot be reached, read or written."""

    code = "store"
    exit_code = 3


class NotThereError(ConfigError):
    """Nothing in the store has that name."""

    code = "not-there"


class TakenError(ConfigError):
    """Something in the store has that name already."""

    code = "name-taken"
