"""The JSON documents of ``--json``: any value of ours as plain data."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import enum
import json
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import attrs

from semblant.settings.secret import Secret


def plain(value: Any) -> Any:
    """Give what JSON can hold: numbers beyond it as null, bytes as base64, dates by ISO 8601.

    >>> plain({"when": dt.date(2024, 2, 29), "share": float("nan"), 1: (1, 2)})
    {'when': '2024-02-29', 'share': None, '1': [1, 2]}
    """
    if value is None or isinstance(value, bool | int):
        found: Any = value if not isinstance(value, enum.Enum) else value.value
    elif isinstance(value, enum.Enum):
        found = plain(value.value)
    elif isinstance(value, str):
        found = value
    elif isinstance(value, float):
        found = value if math.isfinite(value) else None
    elif isinstance(value, dt.date | dt.time):
        found = value.isoformat()
    elif isinstance(value, bytes | bytearray | memoryview):
        found = base64.b64encode(bytes(value)).decode("ascii")
    elif isinstance(value, Mapping):
        found = {_key(name): plain(item) for name, item in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        found = [plain(item) for item in value]
    else:
        found = _special(value)
    return found


def _key(name: Any) -> str:
    return str(plain(name)) if not isinstance(name, PurePath) else str(name)


def _special(value: Any) -> Any:
    if isinstance(value, Secret):
        return repr(value)
    if isinstance(value, decimal.Decimal | dt.timedelta | PurePath):
        return str(value)
    if attrs.has(type(value)):
        return {
            attribute.name: plain(getattr(value, attribute.name))
            for attribute in attrs.fields(type(value))
            if not attribute.name.startswith("_")
        }
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # a NumPy number
        return plain(value.item())
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


def json_text(content: Any, *, encoding: str | None = "utf-8") -> str:
    r"""Write a JSON document, in letters as they are where the stream can carry them.

    >>> print(json_text({"name": "顧客"}, encoding="ascii"))
    {
      "name": "\u9867\u5ba2"
    }
    """
    data = plain(content)
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False)
    return text
