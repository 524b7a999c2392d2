"""Checks of destinations: every type, text and name arrives as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from semblant.errors import DestinationError
from semblant.testing.capabilities import needs, skip_unless
from semblant.testing.destination_access import FAIL, DestinationAccess
from semblant.testing.material import (
    COLUMN_NAMES,
    HOSTILE_NAMES,
    TEXTS,
    TYPES,
    people,
    schema_of,
    shop,
    table_of,
    with_nulls,
)

if TYPE_CHECKING:
    from pathlib import Path


class ArrivalConformance(DestinationAccess):
    """What was written is what a reader finds."""

    def test_how_tables_become_visible_at_once_is_said_in_words(self) -> None:
        """Users read it before they trust it."""
        skip_unless(self, "atomic")
        assert len(self.component.atomic) > 10  # type: ignore[attr-defined]

    def test_the_check_passes_and_leaves_nothing(self, tmp_path: Path) -> None:
        """Write access is proven and the proof removed."""
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination:
            destination.check()
            destination.check()
        assert self.state(tmp_path) == before

    def test_the_check_changes_nothing_that_was_delivered(self, tmp_path: Path) -> None:
        """Also where tables are."""
        self.deliver(tmp_path, shop())
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination:
            destination.check()
        assert self.state(tmp_path) == before

    def test_making_and_closing_leaves_nothing(self, tmp_path: Path) -> None:
        """Nothing happens before the first call."""
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination:
            destination.close()
        assert self.state(tmp_path) == before

    @pytest.mark.parametrize("kind", TYPES)
    def test_values_of_a_type_arrive_as_they_are(self, kind: str, tmp_path: Path) -> None:
        """Without nulls."""
        self.kept(f"types.{kind}")
        self.round_trip(tmp_path, {"people": table_of(TYPES[kind])})

    @pytest.mark.parametrize("kind", TYPES)
    def test_nulls_stay_nulls_first_between_and_last(self, kind: str, tmp_path: Path) -> None:
        """And are never NaN, zero, an empty text or the word None."""
        self.kept(f"types.{kind}")
        self.round_trip(tmp_path, {"people": table_of(with_nulls(TYPES[kind]))})

    @pytest.mark.parametrize("kind", TEXTS)
    def test_a_text_arrives_as_it_is(self, kind: str, tmp_path: Path) -> None:
        """To the last character."""
        self.kept(f"texts.{kind}")
        self.round_trip(tmp_path, {"people": table_of(pa.array([*TEXTS[kind], None, "plain"]))})

    @pytest.mark.parametrize("kind", COLUMN_NAMES)
    def test_a_column_may_have_an_odd_name(self, kind: str, tmp_path: Path) -> None:
        """It is quoted, not changed."""
        self.kept(f"columns.{kind}")
        self.round_trip(tmp_path, {"people": table_of(pa.array(["a", "b", None]), COLUMN_NAMES[kind])})

    @pytest.mark.parametrize("kind", HOSTILE_NAMES)
    def test_a_table_of_hostile_name_arrives_or_is_refused(self, kind: str, tmp_path: Path) -> None:
        """Never under another name, never elsewhere; a refusal leaves nothing."""
        self.kept(f"tables.{kind}")
        name, inside = HOSTILE_NAMES[kind], tmp_path / "outer" / "inner"
        inside.mkdir(parents=True)
        before = self.state(inside)
        try:
            self.deliver(inside, {name: people(3)})
        except DestinationError as exc:
            assert exc.fix  # noqa: PT017 - a refusal is one of two good ends
            assert self.state(inside) == before
        else:
            self.check_there(inside, {name: people(3)})
        assert sorted(path.name for path in tmp_path.iterdir()) == ["outer"]
        assert sorted(path.name for path in (tmp_path / "outer").iterdir()) == ["inner"]

    @needs("keeps_empty_strings")
    def test_an_empty_text_is_no_null(self, tmp_path: Path) -> None:
        """Nor the other way round."""
        self.round_trip(tmp_path, {"people": table_of(pa.array(["", None, "x", "", None]))})

    @needs("keeps_empty_strings")
    def test_empty_texts_and_nulls_alone_in_a_table_arrive(self, tmp_path: Path) -> None:
        """A row that looks like an empty line is a row."""
        table = pa.table({"text": pa.array(["x", None, "y"])})
        self.round_trip(tmp_path, {"people": table})

    def test_a_table_may_be_empty(self, tmp_path: Path) -> None:
        """It has columns and no rows."""
        self.round_trip(tmp_path, {"people": people(0)})

    def test_a_table_that_was_never_written_arrives_empty(self, tmp_path: Path) -> None:
        """The schema alone makes it."""
        with self.opened(tmp_path) as destination:
            destination.open(schema_of(shop()), FAIL).commit()
        self.check_there(tmp_path, {name: table.slice(0, 0) for name, table in shop().items()})

    def test_a_batch_may_be_empty(self, tmp_path: Path) -> None:
        """Before, between and behind others."""
        nothing = pa.RecordBatch.from_pylist([], people(0).schema)
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of({"people": people()}), FAIL)
            for batch in (nothing, *people().to_batches(200), nothing):
                delivery.write("people", batch)
            delivery.commit()
        self.check_there(tmp_path, {"people": people()})

    @pytest.mark.parametrize("batch_rows", [1, 7, 1000])
    def test_batches_of_any_size_arrive_in_order(self, batch_rows: int, tmp_path: Path) -> None:
        """Rows as they were written."""
        self.deliver(tmp_path, {"people": people(50)}, batch_rows=batch_rows)
        self.check_there(tmp_path, {"people": people(50)})

    @needs("keeps_order")
    def test_rows_are_not_sorted(self, tmp_path: Path) -> None:
        """The order written is the order read."""
        self.round_trip(tmp_path, {"people": people(500).take(pa.array([(n * 173) % 500 for n in range(500)]))})

    def test_many_rows_arrive(self, tmp_path: Path) -> None:
        """More than any buffer holds."""
        numbers = pa.array(range(150_001), pa.int64())
        self.deliver(tmp_path, {"people": pa.table({"id": numbers})}, batch_rows=40_000)
        self.check_there(tmp_path, {"people": pa.table({"id": numbers})})

    def test_many_columns_arrive(self, tmp_path: Path) -> None:
        """Three hundred, in order."""
        wide = {f"c{n}": pa.array([n, n + 1, n + 2], pa.int64()) for n in range(300)}
        self.round_trip(tmp_path, {"people": pa.table(wide)})

    def test_several_tables_with_keys_arrive(self, tmp_path: Path) -> None:
        """Parents first, as the engine writes them."""
        self.round_trip(tmp_path, shop())

    def test_tables_may_be_written_by_turns(self, tmp_path: Path) -> None:
        """A batch of one, a batch of the other."""
        tables = {"people": people(40), "visits": people(40, first=100)}
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of(tables), FAIL)
            for one, other in zip(people(40).to_batches(10), people(40, first=100).to_batches(10), strict=True):
                delivery.write("people", one)
                delivery.write("visits", other)
            delivery.commit()
        self.check_there(tmp_path, tables)
