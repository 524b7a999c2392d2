"""Imputation fills holes and touches nothing else; probabilities are those of the learned columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from semblant.errors import ConfigError
from semblant.pipeline.impute import Imputation, impute, log_probabilities
from semblant.run import Run
from tests.core.pipeline.made import PEOPLE, Dependent, entry_of

if TYPE_CHECKING:
    from pathlib import Path

KEYED = PEOPLE.append_column("id", pa.array(range(4000)))


class NoNulls(Dependent):
    """Draws no null where none is allowed."""

    def generate(self, request: Any, run: Any) -> Any:
        assert request.no_nulls <= set(PEOPLE.column_names)
        self.rows = PEOPLE.filter(pa.compute.is_valid(PEOPLE["height"])) if "height" in request.no_nulls else PEOPLE
        return super().generate(request, run)


def holes() -> pa.Table:
    """Give rows with holes in three columns, in an order of their own, and columns that nobody learned."""
    some = KEYED.slice(0, 900)
    every = np.arange(900)
    return pa.table(
        {
            "remark": pa.array([None, "x", "y"] * 300),
            "age": pa.array(some["age"].to_numpy(), mask=every % 3 == 0),
            "city": pa.array(some["city"].to_pylist(), mask=every % 4 == 0).dictionary_encode(),
            "height": some["height"],
            "member": some["member"],
            "id": pa.array(some["id"].to_numpy(), mask=every % 5 == 0),
        }
    )


def filled(folder: Path, rows: pa.Table, **how: Any) -> pa.Table:
    run = Run(job="test", seed=1, workspace=folder)
    return impute(entry_of(KEYED, "id"), NoNulls(PEOPLE), rows, Imputation(**how), run)


@pytest.mark.feature(221)
def test_holes_are_filled_and_every_other_cell_row_and_column_is_as_it_was(tmp_path: Path) -> None:
    rows = holes()
    made = filled(tmp_path, rows)
    assert made.schema.equals(rows.schema)
    for name in rows.column_names:
        old, new = rows[name].to_pylist(), made[name].to_pylist()
        assert all(after == before for before, after in zip(old, new, strict=True) if before is not None), name
        assert (made[name].null_count == 0) is (name in {"age", "city", "height", "member"})
    assert made["remark"].equals(rows["remark"])
    assert made["id"].equals(rows["id"])


@pytest.mark.feature(221)
def test_one_draw_keeps_the_spread_and_many_give_the_best_guess(tmp_path: Path) -> None:
    rows = pa.table({"age": pa.nulls(400, pa.int64()), "city": pa.nulls(400, pa.string())})
    one, many = filled(tmp_path, rows), filled(tmp_path, rows, draws=41)
    assert len(set(one["city"].to_pylist())) == 3
    assert many["city"].to_pylist().count("Rome") > 380
    assert np.std(one["age"].to_numpy()) > 15
    assert np.std(many["age"].to_numpy()) < 6
    assert abs(np.mean(many["age"].to_numpy()) - 53) < 3


def test_rows_without_holes_come_back_as_they_are(tmp_path: Path) -> None:
    rows = KEYED.select(["age", "id"])
    assert filled(tmp_path, rows) is rows


def test_rows_of_another_table_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column that the model of table 'people' learned"):
        filled(tmp_path, pa.table({"x": [1, None]}))
    with pytest.raises(ConfigError, match="'age' does not fit the type int64"):
        filled(tmp_path, pa.table({"age": ["old", None]}))


@pytest.mark.feature(225)
def test_probabilities_need_every_learned_column_and_no_other() -> None:
    model = Dependent(PEOPLE)
    assert log_probabilities(entry_of(KEYED, "id"), model, KEYED).shape == (4000,)
    with pytest.raises(ConfigError, match="lack columns .*: height"):
        log_probabilities(entry_of(KEYED, "id"), model, KEYED.drop_columns(["height"]))
