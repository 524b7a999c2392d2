"""Requests to the service: tried again while it is busy, and errors in words."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from semblant import SourceError

if TYPE_CHECKING:
    from semblant_pages import PagesSettings

_BUSY = {429, 502, 503, 504}
_LONGEST_PAUSE = 30.0
_ADVICE = {
    401: "set 'token' to a reference of a valid token, such as env:PAGES_TOKEN",
    403: "the token is known but may not read this; ask for access, or set another 'token'",
    404: "correct 'url'; it is the address below which /tables answers",
}


class Service:
    """One REST service; holds no connection between requests, so any thread may use it."""

    def __init__(self, settings: PagesSettings) -> None:
        """Keep the settings; nothing is asked yet."""
        self._settings = settings

    def get(self, path: str, **query: Any) -> Any:
        """Ask for a JSON document.

        :raises SourceError: it cannot be had, with what to do about it.
        """
        asked = {name: value for name, value in query.items() if value is not None}
        url = f"{self._settings.url.rstrip('/')}/{path}" + (f"?{urllib.parse.urlencode(asked)}" if asked else "")
        if not url.startswith(("http://", "https://")):
            msg = f"'{self._settings.url}' is no address of a service"
            raise SourceError(msg, fix="begin 'url' with https:// or http://")
        headers = {"Accept": "application/json"}
        if self._settings.token is not None:
            headers["Authorization"] = f"Bearer {self._settings.token.reveal()}"
        request = urllib.request.Request(url, headers=headers)
        for left in reversed(range(self._settings.attempts)):
            try:
                with urllib.request.urlopen(request, timeout=self._settings.timeout_seconds) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as exc:
                with exc:
                    if exc.code in _BUSY and left:
                        time.sleep(_pause(exc.headers.get("Retry-After"), self._settings.attempts - left))
                        continue
                    msg = f"'{self._settings.url}' answers {path} with {exc.code} {exc.reason}"
                raise SourceError(msg, fix=_ADVICE.get(exc.code, "ask whoever runs the service")) from exc
            except (OSError, http.client.HTTPException) as exc:
                msg = f"'{self._settings.url}' cannot be reached: {getattr(exc, 'reason', exc)}"
                raise SourceError(msg, fix="check 'url', the network and that the service runs") from exc
            except ValueError as exc:
                msg = f"'{self._settings.url}' answers {path} with something that is no JSON"
                raise SourceError(msg, fix=_ADVICE[404]) from exc
        raise AssertionError  # the last attempt returned or raised


def _pause(wanted: str | None, tried: int) -> float:
    """Give the seconds that the service asks for, or a growing pause."""
    asked = float(wanted) if wanted and wanted.isdecimal() else 0.25 * 2**tried
    return min(asked, _LONGEST_PAUSE)
