"""Descriptors say what they need, also where it is a module of a package that is there in part."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from semblant.components import ModelType, SourceType
from semblant.errors import MissingDependencyError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a package that lacks the module 'driver', and a component that imports it."""
    (tmp_path / "halfthere").mkdir()
    (tmp_path / "halfthere" / "__init__.py").write_text("")
    (tmp_path / "wantsdriver.py").write_text("import halfthere.driver.deeper\nclass Source: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "halfthere"


@pytest.mark.parametrize("needed", ["halfthere.driver", "halfthere.driver.deeper"])
def test_a_module_of_a_package_that_is_there_in_part_is_missing_and_told_by_its_whole_name(
    needed: str, package: str
) -> None:
    component = SourceType(
        name="one", factory="wantsdriver:Source", summary="x", requires=(package, needed), extra="driver"
    )

    assert component.missing() == (needed,)
    with pytest.raises(MissingDependencyError, match=f"needs the package '{needed}'") as caught:
        component.load()
    assert caught.value.fix == "pip install 'semblant[driver]'"


def test_a_model_is_loaded_after_what_another_thread_imports_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_slow_need.py").write_text("import time\ntime.sleep(0.5)\nwhole = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    model = ModelType(name="slow", factory="pathlib:Path", summary="takes its time", requires="a_slow_need")
    beside = threading.Thread(target=model.preload)
    beside.start()
    while "a_slow_need" not in sys.modules:
        time.sleep(0.01)
    model.load()
    assert hasattr(sys.modules["a_slow_need"], "whole"), "half of it was there"
    beside.join()
