"""Real database servers for the tests: started on a free port of this machine alone, stopped at the end."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import field, frozen

_PATIENCE = 60.0


@frozen(kw_only=True)
class RunningServer:
    """A server that takes connections."""

    port: int
    restart: Callable[[], None] = field(eq=False)
    """Ends it without any care for those who are connected, and starts it anew on the same port."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def program(name: str, *folders: str) -> str:
    """Find a program, or skip: the servers are no part of the project."""
    places = [*os.environ.get("PATH", "").split(os.pathsep), *folders]
    for place in places:
        path = Path(place) / name
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    pytest.skip(f"no server: the program '{name}' is not installed")


def _folder(owner: str | None) -> Path:
    # the tests' own folder is closed to the user that the server runs as
    folder = Path(tempfile.mkdtemp(prefix="semblant-server-"))
    if owner is not None:
        shutil.chown(folder, owner)
    return folder


@contextlib.contextmanager
def postgresql() -> Iterator[RunningServer]:
    """Run PostgreSQL, without the care for power cuts that tests do not need."""
    folders = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    initdb, server = program("initdb", *folders), program("postgres", *folders)
    user = "postgres" if getpass.getuser() == "root" else None
    folder, port = _folder(user), free_port()
    try:
        subprocess.run(
            [initdb, "-D", folder / "data", "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8",
             "--locale=C.UTF-8"],
            check=True, capture_output=True, user=user, cwd=folder, timeout=_PATIENCE,
        )  # fmt: skip
        options = {
            "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off",
            "full_page_writes": "off", "max_connections": 60,
        }  # fmt: skip
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command: list[str | Path] = [server, "-D", folder / "data", *words]
        with _running(command, folder, lambda: _takes_postgresql(port), signal.SIGQUIT, user=user) as restart:
            yield RunningServer(port=port, restart=restart)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def mariadb() -> Iterator[RunningServer]:
    """Run MariaDB."""
    install, server = program("mariadb-install-db", "/usr/sbin"), program("mariadbd", "/usr/sbin", "/usr/libexec")
    folder, port = _folder(None), free_port()
    root = ["--user=root"] if getpass.getuser() == "root" else []
    try:
        subprocess.run(
            [install, "--no-defaults", *root, f"--datadir={folder / 'data'}",
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, capture_output=True, timeout=_PATIENCE,
        )  # fmt: skip
        options = [
            f"--datadir={folder / 'data'}", f"--socket={folder / 's'}", f"--port={port}", "--bind-address=127.0.0.1",
            f"--pid-file={folder / 'pid'}", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--local-infile=1",
            "--character-set-server=utf8mb4", "--skip-name-resolve", "--innodb-lock-wait-timeout=20",
        ]  # fmt: skip
        command: list[str | Path] = [server, "--no-defaults", *root, *options]
        with _running(command, folder, lambda: _answers(port), signal.SIGTERM) as restart:
            yield RunningServer(port=port, restart=restart)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(
    command: list[str | Path], folder: Path, ready: Callable[[], bool], sign: signal.Signals, user: str | None = None
) -> Iterator[Callable[[], None]]:
    """Run a server until the block ends; gives what starts it anew."""
    log = folder / "log"
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        with log.open("ab") as out:
            running.append(subprocess.Popen(command, stdout=out, stderr=out, user=user, cwd=folder))
        _wait(running[-1], log, ready)

    def restart() -> None:
        _stop(running[-1], sign)
        start()

    try:
        start()
        yield restart
    finally:
        _stop(running[-1], sign)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _takes_postgresql(port: int) -> bool:
    """Tell whether the server is past its start: its port answers before."""
    import psycopg

    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres").close()
        return True
    return False


def _wait(running: subprocess.Popen[bytes], log: Path, ready: object) -> None:
    assert callable(ready)
    end = time.monotonic() + _PATIENCE
    while not ready():
        if running.poll() is not None or time.monotonic() > end:
            pytest.fail(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _stop(running: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    running.send_signal(sign)
    try:
        running.wait(20)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait(20)
