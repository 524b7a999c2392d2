"""Options of columns: known, in their place, and with a possible value."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from semblant.schema import Schema
from tests.plugins.validators.shop import STR, check, codes, table

_MOMENT = pa.timestamp("us")
_COLUMNS = {"id": STR, "begin": _MOMENT, "end": _MOMENT, "price": pa.float64(), "tags": pa.list_(STR), "note": STR}
SCHEMA = Schema(tables=(table("t", _COLUMNS, "id"),))


def told(column: str, *, other: dict[str, Any] | None = None, **settings: Any) -> list[str]:
    columns = {column: settings, **(other or {})}
    return [code for _, code in codes(check({"tables": {"t": {"columns": columns}}}, SCHEMA))]


@pytest.mark.feature(11)
@pytest.mark.parametrize(
    ("column", "option", "right", "wrong"),
    [
        ("price", "decimals", (0, 9), (-1, 10, True, "2", 1.5)),
        ("tags", "leave_out", (["[].a"], ["a", "b"]), ([], "a", [1], [""])),
        ("note", "leave_out", (["a.b"],), ("a",)),
        ("end", "relative_to", ("begin", None, "auto"), ("end", "price", "id", "nowhere", 3)),
        ("begin", "relative_to", (None,), ("end",)),
    ],
)
def test_the_value_of_an_option_is_checked(
    column: str, option: str, right: tuple[Any, ...], wrong: tuple[Any, ...]
) -> None:
    for value in right:
        assert told(column, options={option: value}) == []
    for value in wrong:
        assert told(column, options={option: value}) == ["option-invalid"], value


@pytest.mark.feature(11)
def test_an_option_needs_an_encoding_that_it_is_for() -> None:
    assert told("price", options={"leave_out": ["a"]}) == ["option-misplaced"]
    assert told("note", encoding="text", options={"leave_out": ["a"]}) == ["option-misplaced"]
    assert told("note", encoding="json", options={"leave_out": ["a"]}) == []
    assert told("end", encoding="categorical", options={"relative_to": "begin"}) == ["option-misplaced"]
    assert told("end", options={"relative_to": "begin"}, other={"begin": {"encoding": "categorical"}}) == [
        "option-invalid"
    ]
    assert "option-invalid" in told("end", options={"relative_to": "begin"}, other={"begin": {"include": False}})
