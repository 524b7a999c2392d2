"""The secrets that were revealed in this process, so that every way out can hide them.

One list for the process is deliberate (``spec/decisions/0012``): a driver's error may come up in any
thread, log or traceback, and whoever writes it down knows nothing of the connection it came from. Only
hiding is done with the list; nobody can ask it for a secret.

A value is hidden wherever it stands if it has six characters or more and is no part of what may be
shown anyway (:func:`note_public`): hiding ``shop`` in ``shop.example`` would garble the message and tell
the password at the same time. Shorter ones are hidden where a credential stands
(:func:`semblant.logs.redact`).
"""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN: Final = "***"
SHORTEST: Final = 6
"""Shorter values are hidden only where a credential stands: replacing 'a' everywhere would garble every line."""
_INNER: Final = 16
"""Parts of a longer secret, such as the key in a connection string, count from this length on."""
_PART: Final = re.compile(r"[A-Za-z][\w-]*=([^;&\s]+)")
_CHAIN_LIMIT: Final = 20

_lock = threading.Lock()
_values: set[str] = set()
_public: set[str] = set()
_hidden: tuple[str, ...] = ()


def note(value: str) -> None:
    """Hide a value from now on, in the forms in which URLs, JSON and headers hold it."""
    found = {form for text in _texts(value) for form in _forms(text) if len(form) >= SHORTEST}
    with _lock:
        if not found <= _values:
            _values.update(found)
            _renew()


def note_public(settings: Any) -> None:
    """Note the texts of a settings object that are no secrets: hosts, users, paths.

    :param settings: an attrs object, a mapping, a list or a text.
    """
    found = set(_leaves(settings))
    with _lock:
        if not found <= _public:
            _public.update(found)
            _renew()


def _renew() -> None:
    global _hidden  # noqa: PLW0603 - the module's one state, see above
    _hidden = tuple(sorted((v for v in _values if not any(v in public for public in _public)), key=len, reverse=True))


def hide(text: str) -> str:
    """Replace revealed secrets by ``***``.

    >>> note("correct horse battery"); hide("login with correct+horse+battery failed")
    'login with *** failed'
    """
    for value in _hidden:
        if value in text:
            text = text.replace(value, HIDDEN)
    return text


def clean(error: BaseException) -> BaseException:
    """Hide secrets in what an error and its causes say; gives the error, which keeps its type and place.

    >>> note("correct horse battery"); clean(OSError("no 'correct horse battery' here"))
    OSError("no '***' here")
    """
    current: BaseException | None = error
    for _ in range(_CHAIN_LIMIT):
        if current is None:
            break
        if any(isinstance(argument, str) and hide(argument) != argument for argument in current.args):
            current.args = tuple(hide(arg) if isinstance(arg, str) else arg for arg in current.args)
        if isinstance(current, OSError) and isinstance(current.strerror, str):
            current.strerror = hide(current.strerror)
        current = current.__cause__ or current.__context__
    return error


def _texts(value: str) -> Iterator[str]:
    """Give a secret and the secrets in it: the key of a connection string, the private key of a JSON file."""
    yield value
    for part in _PART.findall(value):
        if len(part) >= _INNER:
            yield part
    if value.lstrip().startswith("{"):
        try:
            data = json.loads(value)
        except ValueError:
            return
        for name, part in data.items() if isinstance(data, dict) else ():
            if isinstance(part, str) and re.search("key|secret|token|password", name, re.IGNORECASE):
                yield part


def _forms(value: str) -> set[str]:
    encoded = {quote(value), quote(value, safe=""), quote_plus(value)}
    written = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    lines = {line.strip() for line in value.splitlines() if len(line.strip()) >= _INNER}
    return {value, value.strip(), base64.b64encode(value.encode(errors="replace")).decode(), *encoded, *written, *lines}


def _leaves(data: Any) -> Iterator[str]:
    import attrs

    if isinstance(data, str):
        yield data
    elif attrs.has(type(data)):
        if type(data).__name__ != "Secret":
            for attribute in attrs.fields(type(data)):
                yield from _leaves(getattr(data, attribute.name))
    elif isinstance(data, dict):
        for value in data.values():
            yield from _leaves(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _leaves(value)
