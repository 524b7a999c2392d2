"""Checks of sources: every type, text, name and size is read as it was put."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from semblant.testing.capabilities import needs
from semblant.testing.material import (
    COLUMN_NAMES,
    TABLE_NAMES,
    TEXTS,
    TYPES,
    assert_same,
    people,
    plain,
    table_of,
    with_nulls,
)
from semblant.testing.source_access import SourceAccess

if TYPE_CHECKING:
    from pathlib import Path


class ContentConformance(SourceAccess):
    """What was put is what is read."""

    @pytest.mark.parametrize("kind", TYPES)
    def test_values_of_a_type_come_as_they_are(self, kind: str, tmp_path: Path) -> None:
        """Without nulls."""
        self.kept(f"types.{kind}")
        self.round_trip(tmp_path, table_of(TYPES[kind]))

    @pytest.mark.parametrize("kind", TYPES)
    def test_nulls_stay_nulls_first_between_and_last(self, kind: str, tmp_path: Path) -> None:
        """And are never NaN, zero, an empty text or the word None."""
        self.kept(f"types.{kind}")
        found = self.round_trip(tmp_path, table_of(with_nulls(TYPES[kind])))
        assert found.column("value").null_count == len(TYPES[kind]) + 1

    @pytest.mark.parametrize("kind", TEXTS)
    def test_a_text_comes_as_it_is(self, kind: str, tmp_path: Path) -> None:
        """To the last character."""
        self.kept(f"texts.{kind}")
        self.round_trip(tmp_path, table_of(pa.array([*TEXTS[kind], None, "plain"])))

    @pytest.mark.parametrize("kind", COLUMN_NAMES)
    def test_a_column_may_have_an_odd_name(self, kind: str, tmp_path: Path) -> None:
        """And is read by it alone."""
        self.kept(f"columns.{kind}")
        name = COLUMN_NAMES[kind]
        table = table_of(pa.array(["a", "b", None]), name)
        with self.holding(tmp_path, people=table) as source:
            assert_same(self.read(source, "people"), table, types=self.keeps_types is True)
            assert plain(self.read(source, "people", [name]).column(name)) == ["a", "b", None]

    @pytest.mark.parametrize("kind", TABLE_NAMES)
    def test_a_table_may_have_an_odd_name(self, kind: str, tmp_path: Path) -> None:
        """And is described, counted and read by it."""
        self.kept(f"tables.{kind}")
        name = TABLE_NAMES[kind]
        self.round_trip(tmp_path, people(5), name)

    @needs("keeps_empty_strings")
    def test_an_empty_text_is_no_null(self, tmp_path: Path) -> None:
        """Nor the other way round."""
        found = self.round_trip(tmp_path, table_of(pa.array(["", None, "x", "", None])))
        assert found.column("value").null_count == 2

    @needs("keeps_empty_tables")
    def test_a_table_may_be_empty(self, tmp_path: Path) -> None:
        """It has columns, no rows, and no error."""
        with self.holding(tmp_path, people=people(0)) as source:
            found = self.read(source, "people")
            assert found.num_rows == 0
            assert found.column_names == people(0).column_names
            assert source.count("people") in (0, None)

    @needs("keeps_null_columns")
    def test_a_column_may_be_all_null(self, tmp_path: Path) -> None:
        """Its type may be anything, its values are null."""
        table = table_of(pa.nulls(5, pa.float64()))
        with self.holding(tmp_path, people=table) as source:
            assert plain(self.read(source, "people").column("value")) == [None] * 5

    def test_a_table_may_have_one_row(self, tmp_path: Path) -> None:
        """A header is no row and a row no header."""
        self.round_trip(tmp_path, people(1))

    def test_a_table_may_have_one_column(self, tmp_path: Path) -> None:
        """A column alone."""
        self.round_trip(tmp_path, people(50).select(["name"]))

    def test_a_table_may_have_many_columns(self, tmp_path: Path) -> None:
        """Three hundred, in order."""
        self.round_trip(tmp_path, pa.table({f"c{n}": pa.array([n, n + 1, n + 2], pa.int64()) for n in range(300)}))

    def test_the_order_of_rows_is_the_one_of_the_store(self, tmp_path: Path) -> None:
        """Not sorted, not shuffled."""
        shuffled = people(500).take(pa.array([(n * 173) % 500 for n in range(500)]))
        self.round_trip(tmp_path, shuffled, "shuffled")

    def test_equal_rows_are_all_read(self, tmp_path: Path) -> None:
        """A table without a key may hold a row twice."""
        self.round_trip(tmp_path, pa.concat_tables([people(20), people(20)]).select(["name", "height"]), "twice")
