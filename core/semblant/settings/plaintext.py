"""Secrets that stand in settings themselves are refused: a spec, a connector and a catalog hold references only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from semblant.settings.codes import fault
from semblant.settings.path import join
from semblant.settings.secret import is_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.findings import Finding

# scheme://user:password@host; the last '@' before the host counts, and an empty password is none
_URL: Final = re.compile(r"[a-zA-Z][\w+.-]*://[^\s:/?#'\"]*:([^\s'\"/]+)@")
_QUERY: Final = re.compile(
    r"(?i)(?:^|[?&;\s])[\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|accountkey|account[_-]key|access[_-]?key|"
    r"sharedaccesssignature|sig)\s*=\s*([^&;\s]+)"
)
_KEY: Final = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\"private_key\"\s*:")
_NAMED: Final = re.compile(
    r"(?i)^(?:.*[_-])?(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|account[_-]?key|secret[_-]?key|"
    r"private[_-]?key|connection[_-]?string)$"
)


def holds_secret(text: str) -> bool:
    """Tell whether a text looks like one with a password or key in it.

    >>> holds_secret("postgresql://ann:hunter22@db/shop"), holds_secret("postgresql://ann@db/shop")
    (True, False)
    """
    for pattern in (_URL, _QUERY):
        found = pattern.search(text)
        if found is not None and not is_reference(found[1]) and found[1] != "***":
            return True
    return _KEY.search(text) is not None


def plain_secrets(data: Any, path: str) -> list[Finding]:
    """Find what is a secret, or looks like one, in settings as they were written.

    :param data: settings as plain data: mappings, lists and scalars.
    :param path: where they stand; put before the path of each finding. The value is never in a finding.

    >>> [finding.path for finding in plain_secrets({"url": "mysql://ann:pw12345@db/x", "port": 3306}, "source")]
    ['source.url']
    """
    return list(_found(data, path, named=False))


def _found(data: Any, path: str, *, named: bool) -> Iterator[Finding]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _found(value, join(path, str(key)), named=_NAMED.match(str(key)) is not None)
    elif isinstance(data, (list, tuple)):
        for number, value in enumerate(data):
            yield from _found(value, join(path, number), named=named)
    elif isinstance(data, str) and ((named and data and not is_reference(data)) or holds_secret(data)):
        yield fault(
            "plain-secret",
            path,
            "a password or key stands here in plain text; it would be kept in specs, stores and logs",
            "put it into an environment variable and name it in the setting for the secret: env:ITS_NAME "
            "(or file:/path, keyring:NAME)",
        )
