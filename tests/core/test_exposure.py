"""Sensitive columns: those that are synthesized and those that are not are told apart, with what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from semblant.engine import Engine
from semblant.findings import Severity
from semblant.host import PluginHost
from semblant.spec.treatments import treatments_reference
from semblant.vocabulary import EncodingType, TableTreatment
from tests import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant.findings import Finding

ROWS = 600


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    plain.TABLES["staff"] = {
        "people": pa.table(
            {
                "email": [f"u{i}@mail.example" for i in range(ROWS)],
                "first_name": [("Ann", "Bob", "Cleo")[i % 3] for i in range(ROWS)],
                "grade": [("a", "b")[i % 2] for i in range(ROWS)],
            }
        )
    }
    host = PluginHost()
    host.add(plain.PlainPlugin(), "plain")
    with Engine(home=tmp_path / "home", host=host) as made:
        yield made


def told(engine: Engine, **columns: dict[str, Any]) -> dict[str, Finding]:
    spec = {
        "source": {"type": "memory", "path": "staff"},
        "tables": {"people": {"primary_key": None, "columns": columns}},
    }
    return {f.path: f for f in engine.check(engine.load(spec)) if f.code.startswith("sensitive")}


@pytest.mark.feature(12, 13)
def test_what_was_found_to_be_sensitive_is_told_apart_from_what_comes_out(engine: Engine) -> None:
    made = told(engine)
    assert list(made) == ["tables.people.columns"]
    assert made["tables.people.columns"].severity is Severity.INFO
    assert "sensitive and synthesized: 'email', 'first_name'" in made["tables.people.columns"].message

    kept = told(engine, email={"treatment": "keep"})
    warning = kept["tables.people.columns.email.treatment"]
    assert warning.severity is Severity.WARNING
    assert "sensitive and not synthesized: every real value of 'people.email' may come out" in warning.message
    assert "600 distinct values in 600 rows; 100% of the rows hold a value that fewer than ten" in warning.message
    assert "'email'" not in kept["tables.people.columns"].message


@pytest.mark.feature(12)
def test_the_user_decides_what_is_sensitive(engine: Engine) -> None:
    made = told(engine, email={"sensitive": False, "treatment": "keep"}, grade={"sensitive": True, "treatment": "keep"})
    assert "tables.people.columns.email.treatment" not in made
    warning = made["tables.people.columns.grade.treatment"].message
    assert "2 distinct values in 600 rows" in warning
    assert "fewer than ten" not in warning


@pytest.mark.feature(10, 11)
def test_the_reference_lists_every_treatment_and_every_encoding_that_can_be_learned() -> None:
    text = "\n".join(treatments_reference())
    for treatment in TableTreatment:
        assert f"`{treatment}`" in text
    for encoding in EncodingType:
        assert f"`{encoding}`" in text or encoding is EncodingType.BINARY
