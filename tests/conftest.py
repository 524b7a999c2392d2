"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Give the folder of real data sets, or skip: they are no part of the project."""
    folder = Path(os.environ.get("SEMBLANT_TEST_DATA", ""))
    if not os.environ.get("SEMBLANT_TEST_DATA") or not folder.is_dir():
        pytest.skip("no real data: SEMBLANT_TEST_DATA names no folder")
    return folder


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the application home of each test to itself."""
    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path_factory.mktemp("home")))
