"""Secrets: named by reference in a spec, never shown."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from attrs import frozen

from semblant import revealed
from semblant.errors import ConfigError

KINDS: Final = ("env:", "file:", "keyring:")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_reference(text: str) -> bool:
    """Tell whether a text names a secret instead of being one.

    >>> is_reference("env:DB_PASSWORD"), is_reference("hunter22"), is_reference("env:hunter 22")
    (True, False, False)
    """
    kind, _, name = text.partition(":")
    if kind == "env":
        return _VARIABLE.fullmatch(name) is not None
    return text.startswith(KINDS) and bool(name.strip())


@frozen(repr=False)
class Secret:
    """A ``reference`` to a secret: ``env:NAME``, ``file:/path`` or ``keyring:NAME``.

    >>> Secret("env:DB_PASSWORD")
    Secret('env:DB_PASSWORD')
    """

    reference: str

    def __repr__(self) -> str:
        """Show the reference, never the value; anything that is no reference is hidden."""
        return f"Secret({self._shown()!r})"

    def _shown(self) -> str:
        return self.reference if is_reference(self.reference) else revealed.HIDDEN

    def reveal(self) -> str:
        """Look the value up; from now on it is hidden in logs and messages (:mod:`semblant.revealed`).

        :raises ConfigError: when it is not there; the reference is named.
        """
        value = self._looked_up()
        revealed.note(value)
        return value

    def _looked_up(self) -> str:
        kind, _, name = self.reference.partition(":")
        if not is_reference(self.reference):
            msg = "a secret stands in the settings itself"
            raise ConfigError(msg, fix="put it into an environment variable and write env:ITS_NAME")
        if kind == "env":
            if name in os.environ:
                return os.environ[name]
            msg = f"the environment variable '{name}' of a secret is not set"
            raise ConfigError(msg, fix=f"set it before you start ({name}=…), or correct the reference env:{name}")
        if kind == "file":
            return self._from_file(name)
        return self._from_keyring(name)

    def _from_file(self, name: str) -> str:
        """Read a file; the line end that editors put behind the last line is no part of a secret."""
        try:
            return Path(name).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as exc:
            why = (exc.strerror or "it cannot be read") if isinstance(exc, OSError) else "it is no text in UTF-8"
            msg = f"the file '{name}' of a secret cannot be used: {why}"
            raise ConfigError(
                msg, fix="make it readable for the user that runs semblant, or correct the path"
            ) from None

    def _from_keyring(self, name: str) -> str:
        try:
            import keyring
        except ModuleNotFoundError as exc:
            msg = f"{self!r} needs the package 'keyring'"
            raise ConfigError(msg, fix="pip install 'semblant[keyring]'") from exc
        try:
            value = keyring.get_password("semblant", name)
        except Exception as exc:  # noqa: BLE001 - the errors of its many backends have no common root
            msg = f"the keyring cannot be read for '{name}': {type(exc).__name__}"
            raise ConfigError(msg, fix="unlock it, or use env:NAME or file:/path instead") from None
        if value is None:
            msg = f"the keyring has no entry '{name}' for 'semblant'"
            raise ConfigError(msg, fix=f"keyring set semblant {name}")
        return str(value)
