"""Places in a spec: ``tables."Order Details".columns.total`` as text and as a tuple of keys.

Both spellings of an index are read, ``foreign_keys[0]`` and ``foreign_keys.0``; the first is written.
"""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"[^\W\d][\w\-]*", re.UNICODE)
_SEGMENT = re.compile(r'"(?:[^"\\]|\\.)*"|\[\d+\]|[^.\[\]"=]+')


def join(path: str, key: str | int) -> str:
    r"""Append one key to a dotted path; names that would be misread are quoted.

    >>> join(join("tables", "Order Details"), "include")
    'tables."Order Details".include'
    >>> join("foreign_keys", 0)
    'foreign_keys[0]'
    """
    if isinstance(key, int):
        return f"{path}[{key}]"
    shown = key if _PLAIN.fullmatch(key) else json.dumps(key, ensure_ascii=False)
    return f"{path}.{shown}" if path else shown


def dotted(*keys: str | int) -> str:
    """Write keys as one path.

    >>> dotted("tables", "orders", "foreign_keys", 1, "columns")
    'tables.orders.foreign_keys[1].columns'
    """
    path = ""
    for key in keys:
        path = join(path, key)
    return path


def split(path: str) -> tuple[str | int, ...]:
    r"""Read a dotted path; ``ValueError`` says where it cannot be read.

    A bare number stays text, because a table may be called ``2024``; ``[0]`` is an index.

    >>> split('tables."a.b"[0].x')
    ('tables', 'a.b', 0, 'x')
    """
    keys: list[str | int] = []
    at = 0
    while at < len(path):
        if path[at] == ".":
            if at == 0 or at + 1 == len(path) or path[at + 1] in ".[":
                msg = f"a name is missing at character {at + 1}"
                raise ValueError(msg)
            at += 1
        elif at and path[at] != "[":
            msg = f"a dot is missing at character {at + 1}"
            raise ValueError(msg)
        found = _SEGMENT.match(path, at)
        if found is None:
            msg = f"cannot be read from character {at + 1}"
            raise ValueError(msg)
        keys.append(_key(found.group()))
        at = found.end()
    return tuple(keys)


def _key(segment: str) -> str | int:
    if segment.startswith("["):
        return int(segment[1:-1])
    if segment.startswith('"'):
        try:
            return str(json.loads(segment))
        except json.JSONDecodeError as exc:
            msg = f"{segment} is not a quoted name"
            raise ValueError(msg) from exc
    return segment.strip()
