"""A real PostgreSQL server for tests, on a free port of this machine, gone when they end."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FAST = "-c fsync=off -c full_page_writes=off -c max_connections=200"


@frozen
class Server:
    """A running server; ``restart`` ends every connection at once and starts it again."""

    port: int
    restart: Callable[[], None]

    def database(self) -> str:
        """Make an empty database and give its URL."""
        import psycopg

        name = f"store_{secrets.token_hex(4)}"
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"


@contextlib.contextmanager
def started(_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server, or skip where none is installed."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'semblant[postgresql]'")
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("no PostgreSQL server is installed (initdb and pg_ctl)")
    # its socket needs a short path, and a folder that another account can reach
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    account = "postgres" if os.geteuid() == 0 else None
    if account:
        shutil.chown(folder, account)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} {_FAST}"

    def call(*words: str) -> None:
        subprocess.run(words, user=account, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)

    try:
        data = str(folder / "data")
        call("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        call("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(port, lambda: call("pg_ctl", "-D", data, "-w", "-m", "immediate", "-l", str(folder / "log"),
                                            "-o", options, "restart"))  # fmt: skip
        finally:
            pid = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
            os.kill(pid, signal.SIGINT)
            with contextlib.suppress(subprocess.CalledProcessError):
                call("pg_ctl", "-D", data, "-w", "status")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
