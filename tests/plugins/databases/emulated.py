"""The emulator of BigQuery: a client of its own, and datasets for one test each."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.servers import Server


def client(server: Server) -> Any:
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    options = ClientOptions(api_endpoint=server.endpoint)
    return bigquery.Client(project="acme", credentials=AnonymousCredentials(), client_options=options)


def place_in(server: Server, folder: Path) -> dict[str, Any]:
    name = "kit_" + hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    client(server).create_dataset(name, exists_ok=True)
    return {"project": "acme", "dataset": name, "endpoint": server.endpoint, "anonymous": True}
