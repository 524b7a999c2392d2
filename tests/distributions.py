"""Tiny distributions on ``sys.path``: what pip would install, without pip."""

from __future__ import annotations

import importlib
import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Distributions:
    """Puts distributions with one plugin module each where ``importlib.metadata`` finds them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        folder.mkdir(exist_ok=True)
        monkeypatch.syspath_prepend(str(folder))

    def install(
        self,
        distribution: str,
        code: str,
        *,
        plugin: str = "",
        version: str = "1.0",
        requires: str = "",
        module: str = "",
    ) -> None:
        """Install ``code`` as a module whose entry point is ``plugin`` (by default the distribution's name)."""
        module = module or distribution.replace("-", "_") + "_module"
        (self._folder / f"{module}.py").write_text(textwrap.dedent(code), encoding="utf-8")
        info = self._folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        metadata += f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        entry = f"[semblant]\n{plugin or distribution} = {module}\n"
        (info / "entry_points.txt").write_text(entry, encoding="utf-8")
        self._monkeypatch.delitem(sys.modules, module, raising=False)
        importlib.invalidate_caches()


def source_plugin(name: str, extra: str = "") -> str:
    """Write a plugin module that offers one source."""
    return f"""
        from semblant import SourceType, hookimpl

        @hookimpl
        def semblant_sources():
            return [SourceType(name={name!r}, factory="pathlib:Path", summary="a test", {extra})]
    """
