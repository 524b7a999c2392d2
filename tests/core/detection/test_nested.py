"""What is inside nested columns is looked at, and what cannot be learned is told before any work."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.detection.nested import MOST_DEPTH, MOST_ELEMENTS, look_inside
from semblant.engine import Engine
from semblant.findings import Severity
from tests import plain
from tests.core.detection.sources import column_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant.findings import Finding


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    from semblant.host import PluginHost

    host = PluginHost()
    host.add(plain.PlainPlugin(), "plain")
    with Engine(home=tmp_path / "home", host=host) as made:
        yield made


def found(engine: Engine, values: pa.Array, **column: Any) -> list[Finding]:
    data = pa.table({"plan": pa.array([f"p{i % 3}" for i in range(len(values))]), "data": values})
    plain.TABLES["events"] = {"events": data}
    spec: dict[str, Any] = {"source": {"type": "memory", "path": "events"}, "model": {"backend": "column-ar"}}
    if column:
        spec["tables"] = {"events": {"columns": {"data": column}}}
    return [finding for finding in engine.check(engine.load(spec)) if finding.code.startswith("nested")]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


CHANCE = random.Random(3)
WORDS = ["the", "room", "was", "clean", "and", "quiet", "but", "breakfast", "came", "late"]


@pytest.mark.feature(216)
@pytest.mark.parametrize(
    ("values", "code", "stops"),
    [
        (pa.array([json.dumps(deep(MOST_DEPTH + 2))] * 600), "nested-too-deep", True),
        (pa.array([[0.5] * 768] * 600), "nested-too-long", True),
        (pa.array([[1] * 40] + [[1]] * 599), "nested-too-long", False),
        (pa.array([{"x": b"1"}] * 600), "nested-bytes", True),
        (pa.array([json.dumps({f"k{i}": i for i in range(600)})] * 600), "nested-too-wide", True),
        (pa.array([json.dumps({"note": " ".join(CHANCE.choices(WORDS, k=9))}) for _ in range(600)]),
         "nested-free-text", False),
    ],
    ids=["deep", "long", "seldom-long", "bytes", "wide", "free-text"],
)  # fmt: skip
def test_what_cannot_be_learned_is_a_finding_with_its_path(
    engine: Engine, values: pa.Array, code: str, stops: bool
) -> None:
    findings = found(engine, values)
    assert [finding.code for finding in findings] == [code]
    assert findings[0].path == "tables.events.columns.data"
    assert (findings[0].severity is Severity.ERROR) is stops
    assert "'data'" in findings[0].message
    assert "include: false" in findings[0].fix
    assert column_of(values.to_pylist(), kind=values.type).notes


@pytest.mark.feature(11, 216)
def test_leaving_the_part_out_or_another_encoding_mends_it(engine: Engine) -> None:
    values = pa.array([json.dumps({"a": 1, "list": [0] * 100}) for _ in range(600)])
    assert [finding.code for finding in found(engine, values)] == ["nested-too-long"]
    assert not found(engine, values, options={"leave_out": ["list"]})
    assert not found(engine, values, encoding="categorical")


@pytest.mark.feature(12, 216)
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"contact": {"email": "x"}}, "personal by its name at 'contact.email'"),
        ({"who": "ann{}@example.org"}, "the values at 'who' are e-mail addresses"),
        ({"colour": "blue"}, ""),
    ],
)
def test_personal_data_inside_make_a_column_sensitive(value: dict[str, Any], reason: str) -> None:
    rows = [
        json.dumps(value).replace("{}", str(i)) if "{}" in json.dumps(value) else json.dumps(value) for i in range(60)
    ]
    rows = [row.replace('"x"', f'"{i}"').replace('"blue"', f'"blue {i % 7}"') for i, row in enumerate(rows)]
    assert column_of(rows).sensitive is bool(reason)
    assert reason in column_of(rows).sensitive_reason


@pytest.mark.feature(11, 216)
def test_the_reason_says_what_is_inside() -> None:
    rows = [json.dumps({"a": i % 4, "tags": ["x"] * (i % 3)}) for i in range(50)]
    assert "2 parts ('a', 'tags[]'), lists of up to 2" in column_of(rows).reason


_ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=2), inside, max_size=3),
    max_leaves=10,
)


@given(st.lists(_ANY, max_size=10))
@settings(max_examples=40, deadline=None)
def test_anything_can_be_looked_into(values: list[Any]) -> None:
    inside = look_inside(values)
    assert isinstance(inside.described(), str)
    assert all(obstacle.message for obstacle in inside.obstacles())
    assert inside.fields() <= len(inside.leaves) * MOST_ELEMENTS**MOST_DEPTH
