"""The first words of SQL Server's and Oracle's protocols, said by a small server, so that the true drivers answer.

Enough to refuse a login (TDS, [MS-TDS] 2.2.6 and 2.2.7) and to know no such service (TNS), not to run a statement.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

_PATIENCE = 20.0


@contextlib.contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Answer every connection on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError, ValueError):
                    connection.settimeout(_PATIENCE)
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(_PATIENCE)


def hangs_up(connection: socket.socket) -> None:
    connection.recv(4096)


def refuses_login(connection: socket.socket) -> None:
    """Speak TDS without encryption up to the login, then error 18456."""
    _packet(connection)
    options = b"\x00" + struct.pack(">HH", 11, 6) + b"\x01" + struct.pack(">HH", 17, 1) + b"\xff"
    _send(connection, options + struct.pack(">BBHH", 15, 0, 2000, 0) + b"\x02")
    _packet(connection)
    text = "Login failed for user 'ann'."
    error = struct.pack("<iBBH", 18456, 1, 14, len(text)) + text.encode("utf-16-le") + struct.pack("<BBi", 0, 0, 1)
    done = struct.pack("<BHHQ", 0xFD, 2, 0, 0)
    _send(connection, b"\xaa" + struct.pack("<H", len(error)) + error + done)


def _packet(connection: socket.socket) -> bytes:
    """Read one message, of as many packets as it has."""
    body = b""
    while True:
        head = _exactly(connection, 8)
        _, status, length = struct.unpack(">BBH", head[:4])
        body += _exactly(connection, length - 8)
        if status & 1:
            return body


def _send(connection: socket.socket, body: bytes) -> None:
    connection.sendall(struct.pack(">BBHHBB", 4, 1, len(body) + 8, 0, 1, 0) + body)


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise ValueError("the other side hung up")
        found += more
    return found


def knows_no_service(connection: socket.socket) -> None:
    """Speak TNS: refuse the connection with error 12514."""
    (length,) = struct.unpack(">H", _exactly(connection, 2))
    _exactly(connection, max(0, length - 2))
    said = b"(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))"
    body = struct.pack(">BBH", 34, 0, len(said)) + said
    connection.sendall(struct.pack(">HHBBH", len(body) + 8, 0, 4, 0, 0) + body)
