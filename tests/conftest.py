"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.chance import keyed

_KEYS = keyed()

# A busy machine is no fault of the code; a failure prints what makes it come again. A commit is judged by the same
# examples at each run; new ones are tried at night.
settings.register_profile("commit", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("nightly", deadline=None, print_blob=True, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "commit"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give every test noise of its own, the same at each run."""
    _KEYS.start_over(item.nodeid)


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
