"""A small real service to test against: tables in memory, cursors, a token, and bad days on demand."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import math
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant import Schema


class Service(ThreadingHTTPServer):
    """A server with its places, what it was asked, and the errors that it is to answer with next."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Shelf)
        self.places: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.bad_days: list[int] = []


class Shelf(BaseHTTPRequestHandler):
    """Answers requests below ``/PLACE/v1``; the places are those of its server."""

    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        address = urllib.parse.urlsplit(self.path)
        place, *path = [urllib.parse.unquote(part) for part in address.path.strip("/").split("/")]
        held = self.server.places.get(place)
        self.server.asked.append(self.path)
        if self.server.bad_days:
            return self.answer(self.server.bad_days.pop(), {}, **{"Retry-After": "0"})
        if held is None:
            return self.answer(404, {"error": "nothing here"})
        if held["token"] and self.headers.get("Authorization") != f"Bearer {held['token']}":
            return self.answer(401, {"error": "who are you?"})
        if path == ["v1", "tables"]:
            return self.answer(200, {"tables": held["described"]})
        if path[:2] == ["v1", "tables"] and path[3:] == ["rows"] and path[2] in held["tables"]:
            query = dict(urllib.parse.parse_qsl(address.query))
            start, limit = int(query.get("cursor", "0")), int(query["limit"])
            part = held["tables"][path[2]].select(json.loads(query["columns"])).slice(start, limit)
            end = start + part.num_rows
            more = end < held["tables"][path[2]].num_rows
            columns = [plain(column) for column in part.columns]
            rows = [list(row) for row in zip(*columns, strict=True)]
            return self.answer(200, {"rows": rows, "next": str(end) if more else None})
        return self.answer(404, {"error": "no such thing"})

    def answer(self, status: int, document: Any, **headers: str) -> None:
        body = json.dumps(document, allow_nan=False).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


def plain(values: pa.ChunkedArray) -> list[Any]:
    """Give what JSON can hold."""
    kind = values.type
    if pa.types.is_floating(kind):
        return [str(v) if v is not None and not math.isfinite(v) else v for v in values.to_pylist()]
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return values.to_pylist()
    return values.cast(pa.string()).to_pylist()


def kind_of(kind: pa.DataType) -> str:
    """Give the service's word for an Arrow type."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    tests = {
        "boolean": pa.types.is_boolean, "integer": pa.types.is_integer, "number": pa.types.is_floating,
        "date": pa.types.is_date, "time": pa.types.is_time,
    }  # fmt: skip
    if pa.types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    return next((word for word, test in tests.items() if test(kind)), "text")


@contextlib.contextmanager
def running() -> Iterator[Service]:
    """Run the service on a free port of this machine alone."""
    server = Service()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@functools.cache
def shared() -> Service:
    """Give the one service of this process, which ends with it."""
    lasting = contextlib.ExitStack()
    atexit.register(lasting.close)
    return lasting.enter_context(running())


def hold(server: Service, tables: Mapping[str, pa.Table], schema: Schema, token: str = "") -> str:
    """Put tables into a new place; give its address."""
    place = f"place{len(server.places)}"
    described = [
        {
            "name": table.name,
            "rows": table.rows,
            "columns": [{"name": column.name, "type": kind_of(column.type)} for column in table.columns],
            "primary_key": list(table.primary_key),
            "foreign_keys": [
                {"columns": list(k.columns), "table": k.references, "referenced": list(k.referenced_columns)}
                for k in table.foreign_keys
            ],
        }
        for table in schema
    ]
    server.places[place] = {"tables": dict(tables), "described": described, "token": token}
    return f"http://127.0.0.1:{server.server_port}/{place}/v1"
