"""Batches against the rows of the table: said before any work, where the rows are known."""

from __future__ import annotations

from typing import Any

import pytest

from semblant.findings import Severity
from semblant.schema import Schema
from tests.plugins.validators.shop import ALONE, I64, check, codes, table


@pytest.mark.feature(27, 28, 56)
@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"batch_size": 900}, []),
        ({"batch_size": 901}, [("model.batch_size", "batch-beyond-table")]),
        ({"batch_size": 450, "gradient_accumulation": 2}, []),
        (
            {"batch_size": 450, "gradient_accumulation": 3},
            [("model.gradient_accumulation", "accumulation-beyond-table")],
        ),
        ({"batch_size": 700, "validation_fraction": 0.5}, [("model.batch_size", "batch-beyond-table")]),
    ],
)
def test_batches_are_compared_with_the_rows_that_train(model: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = check({"model": {"auto_batching": False, **model}})
    assert codes(found) == expected
    assert all(finding.severity is Severity.WARNING for finding in found)


def test_a_table_of_unknown_length_is_not_judged() -> None:
    unknown = Schema(tables=(table("people", {"id": I64, "age": I64}, "id"),))
    assert ALONE.tables[0].rows == 1000
    assert codes(check({"model": {"auto_batching": False, "batch_size": 10**6}}, unknown)) == []
