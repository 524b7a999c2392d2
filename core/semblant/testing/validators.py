"""Checks of validators: findings with place, code and mend, and never an exception."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from semblant.findings import ConfigStep, Finding, Severity
from semblant.protocols import Validator
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.settings.structure import structure
from semblant.spec.components import fold
from semblant.spec.model import Spec
from semblant.testing.conformance import ComponentConformance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KINDS = {
    "id": pa.int64(),
    "name": pa.string(),
    "born": pa.date32(),
    "city": pa.string(),
    "tags": pa.list_(pa.string()),
}


def _table(name: str, *columns: str, key: str = "", refers: str = "") -> Table:
    listed = tuple(Column(name=column, type=_KINDS.get(column, pa.int64())) for column in columns)
    foreign = (ForeignKey(columns=(refers,), references=refers, referenced_columns=("id",)),) if refers else ()
    return Table(name=name, columns=listed, primary_key=(key,) if key else (), foreign_keys=foreign)


SCHEMAS: dict[str, Schema] = {
    "one table": Schema(tables=(_table("people", "id", "name", "born", "city", "tags", key="id"),)),
    "two tables": Schema(
        tables=(
            _table("people", "id", "name", "born", key="id"),
            _table("orders", "id", "people", key="id", refers="people"),
        )
    ),
    "a ring": Schema(
        tables=(_table("a", "id", "b", key="id", refers="b"), _table("b", "id", "a", key="id", refers="a"))
    ),
    "to itself": Schema(tables=(_table("people", "id", "people", key="id", refers="people"),)),
    "to nowhere": Schema(tables=(_table("people", "id", "lost", key="id", refers="lost"),)),
    "no tables": Schema(tables=()),
    "no columns": Schema(tables=(_table("people"),)),
    "odd names": Schema(tables=(_table("", "", "a.b", "x\ny"), _table("a.b[0]", "🙂"))),
    "many columns": Schema(tables=(_table("people", *(f"c{n}" for n in range(2000))),)),
}
"""Schemas to check specs against."""

SPECS: dict[str, dict[str, Any]] = {
    "default": {},
    "unknown table": {"tables": {"nobodys": {"include": False}}},
    "unknown column": {"tables": {"people": {"columns": {"nobodys": {"include": False}}}}},
    "everything excluded": {"default_include": False},
    "excluded table": {"tables": {"people": {"include": False}}},
    "copied table": {"tables": {"people": {"treatment": "original"}}},
    "wrong encoding": {
        "tables": {"people": {"columns": {"name": {"encoding": "latitude"}, "id": {"encoding": "text"}}}}
    },
    "own key": {"tables": {"people": {"primary_key": ["nobodys"]}}},
    "private": {"privacy": {"epsilon": 1.0}},
    "batch size": {"model": {"batch_size": 7}},
}
"""Specs with and without faults; the source's files need not exist."""


class ValidatorConformance(ComponentConformance):
    """Checks of a :class:`~semblant.protocols.Validator`. Supply :attr:`component`.

    To show that it finds what it is for, supply :meth:`faulty`.
    """

    kind = "validator"
    protocol = Validator

    def faulty(self) -> tuple[Mapping[str, Any], Schema] | None:
        """Give a spec as plain data (without its source) and a schema in which the validator finds something."""
        return None

    def found(self, folder: Path, data: Mapping[str, Any], schema: Schema) -> list[Finding]:
        """Check a spec."""
        spec, faults = structure(Spec, fold({"source": {"type": "files", "path": "people.csv"}, **data}))
        assert spec is not None, faults
        found: list[Finding] = self.make(self.settings(folder)).check(spec, schema)
        return found

    def test_it_belongs_to_a_step(self) -> None:
        """One of the steps of configuration."""
        assert self.component.step in ConfigStep  # type: ignore[attr-defined]

    @pytest.mark.parametrize("schema", SCHEMAS)
    def test_no_spec_makes_it_raise(self, schema: str, tmp_path: Path) -> None:
        """What it finds is complete: place, code, message, and a mend for errors and warnings."""
        for finding in (found for spec in SPECS.values() for found in self.found(tmp_path, spec, SCHEMAS[schema])):
            assert isinstance(finding, Finding)
            assert finding.path
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", finding.code), finding.code
            assert finding.message
            assert not finding.message.endswith("."), "the fix follows in the same line"
            assert finding.severity is Severity.INFO or finding.fix
            assert finding.step in (None, self.component.step)  # type: ignore[attr-defined]

    @pytest.mark.parametrize("schema", SCHEMAS)
    def test_checking_twice_finds_the_same(self, schema: str, tmp_path: Path) -> None:
        """In the same order."""
        first, second = (self.found(tmp_path, SPECS["unknown table"], SCHEMAS[schema]) for _ in range(2))
        assert first == second

    def test_a_spec_without_a_fault_has_no_error(self, tmp_path: Path) -> None:
        """The default spec of one table, written to a folder."""
        spec = {"destination": {"type": "folder", "path": "out"}}
        found = self.found(tmp_path, spec, SCHEMAS["one table"])
        assert [str(finding) for finding in found if finding.severity is Severity.ERROR] == []

    def test_it_finds_what_it_is_for(self, tmp_path: Path) -> None:
        """In the spec that the author supplies."""
        given = self.faulty()
        if given is None:
            pytest.skip("faulty() gives no example")
        assert self.found(tmp_path, *given)

    def test_nothing_is_read_or_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A check looks at spec and schema alone."""
        monkeypatch.chdir(tmp_path)
        self.found(tmp_path, {}, SCHEMAS["one table"])
        assert list(tmp_path.iterdir()) == []
