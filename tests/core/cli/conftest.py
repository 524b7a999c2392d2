"""A runner of commands with an engine that does no work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click.testing
import pytest

from semblant.cli.main import program
from semblant.cli.session import Session
from tests.core.cli.fake import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from semblant.engine import Engine


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Give a small file of data."""
    path = tmp_path / "customers.csv"
    path.write_text("id,email,age\n1,a@b.c,30\n2,d@e.f,40\n3,g@h.i,50\n", encoding="utf-8")
    return path


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call the program with a fake engine; what the engine is made with stands behind the words."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def invoke(*words: object, **engine: Any) -> Any:
        made: list[FakeEngine] = []

        def factory(**arguments: Any) -> FakeEngine:
            made.append(FakeEngine(**arguments, **engine))
            return made[0]

        session = Session(engine_factory=cast("Callable[..., Engine]", factory))
        result = click.testing.CliRunner().invoke(program, [str(word) for word in words], obj=session)
        result.engine = made[0] if made else None  # type: ignore[attr-defined]
        return result

    return invoke
