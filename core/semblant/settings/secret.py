"""Secrets: named by reference in a spec, never shown."""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen

from semblant.errors import ConfigError


@frozen(repr=False)
class Secret:
    """A reference to a secret: ``env:NAME``, ``file:/path`` or ``keyring:NAME``.

    >>> Secret("env:DB_PASSWORD")
    Secret('env:DB_PASSWORD')
    """

    reference: str

    def __repr__(self) -> str:
        """Show the reference, never the value; anything that is no reference is hidden."""
        shown = self.reference if self.reference.startswith(("env:", "file:", "keyring:")) else "***"
        return f"Secret({shown!r})"

    def reveal(self) -> str:
        """Look the value up; :class:`ConfigError` when it is not there."""
        kind, _, name = self.reference.partition(":")
        if kind == "env" and name in os.environ:
            return os.environ[name]
        if kind == "file" and Path(name).is_file():
            return Path(name).read_text(encoding="utf-8").strip()
        if kind == "keyring":
            return self._from_keyring(name)
        msg = f"the secret {self!r} cannot be found"
        raise ConfigError(msg, fix="name it as env:NAME, file:/path or keyring:NAME and make sure that it exists")

    def _from_keyring(self, name: str) -> str:
        try:
            import keyring
        except ModuleNotFoundError as exc:
            msg = f"{self!r} needs the package 'keyring'"
            raise ConfigError(msg, fix="pip install 'semblant[keyring]'") from exc
        value = keyring.get_password("semblant", name)
        if value is None:
            msg = f"the keyring has no entry '{name}' for 'semblant'"
            raise ConfigError(msg, fix=f"keyring set semblant {name}")
        return str(value)
