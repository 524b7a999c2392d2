"""Checks of sources: what is described is what is read, in any part, order and number of times."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from semblant.errors import ConfigError
from semblant.settings.secret import Secret
from semblant.testing.capabilities import needs
from semblant.testing.conformance import CANARY
from semblant.testing.content import ContentConformance
from semblant.testing.locations import LocationConformance
from semblant.testing.material import assert_same, joined, people, plain, schema_of, shop
from semblant.testing.source_access import Faults

if TYPE_CHECKING:
    from pathlib import Path


class SourceConformance(LocationConformance, ContentConformance):
    """Checks of a :class:`~semblant.protocols.Source`.

    Supply :attr:`component`, :meth:`put` and :meth:`nowhere`; set a flag to the reason where the
    source cannot.
    """

    def test_a_source_that_can_be_read_passes_its_check(self, tmp_path: Path) -> None:
        """Nothing is raised, and nothing given."""
        with self.holding(tmp_path, people=people(5)) as source:
            assert source.check() is None  # type: ignore[func-returns-value]

    def test_a_place_that_is_not_there_fails_the_check_with_advice(self, tmp_path: Path) -> None:
        """The error is of the right type and says what to do."""
        with pytest.raises(Faults) as caught, contextlib.closing(self.make(self.nowhere(tmp_path))) as source:
            source.check()
        assert caught.value.fix

    def test_a_place_that_is_not_there_cannot_be_described(self, tmp_path: Path) -> None:
        """The same error, without the check before."""
        with pytest.raises(Faults) as caught, contextlib.closing(self.make(self.nowhere(tmp_path))) as source:
            source.discover()
        assert caught.value.fix

    def test_checking_a_place_that_is_not_there_makes_nothing(self, tmp_path: Path) -> None:
        """A source never creates what it is to read."""
        settings = self.nowhere(tmp_path)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(Faults), contextlib.closing(self.make(settings)) as source:
            source.check()
        assert sorted(tmp_path.rglob("*")) == before

    def test_columns_are_described_in_order(self, tmp_path: Path) -> None:
        """Names as put, each once."""
        with self.holding(tmp_path, people=people()) as source:
            assert list(source.discover().table("people").column_names) == people().column_names

    def test_the_description_is_the_same_twice(self, tmp_path: Path) -> None:
        """By one object and by another."""
        table = {"people": people()}
        settings = self.put(tmp_path, table, schema_of(table))
        with contextlib.closing(self.make(settings)) as one, contextlib.closing(self.make(settings)) as other:
            assert one.discover() == one.discover() == other.discover()

    @needs("several_tables")
    def test_all_tables_are_described(self, tmp_path: Path) -> None:
        """None is lost, none is made up."""
        with self.holding(tmp_path, **shop()) as source:
            assert set(source.discover().table_names) == set(shop())

    @needs("several_tables")
    def test_each_table_is_read_as_itself(self, tmp_path: Path) -> None:
        """Tables do not mix, in whatever order they are read."""
        with self.holding(tmp_path, **shop()) as source:
            for name in ("orders", "people", "orders"):
                assert_same(self.read(source, name), shop()[name], types=self.keeps_types is True)

    @needs("declares_keys", "several_tables")
    def test_declared_keys_are_described(self, tmp_path: Path) -> None:
        """With full confidence, for a constraint is no guess."""
        with self.holding(tmp_path, **shop()) as source:
            schema = source.discover()
        assert schema.table("people").primary_key == ("id",)
        (key,) = schema.table("orders").foreign_keys
        assert (key.columns, key.references, key.referenced_columns, key.confidence) == (
            ("person",),
            "people",
            ("id",),
            1.0,
        )

    @needs("several_tables")
    def test_keys_name_columns_that_exist(self, tmp_path: Path) -> None:
        """Of their own table, and of the table they point to."""
        with self.holding(tmp_path, **shop()) as source:
            schema = source.discover()
        for table in schema:
            assert set(table.primary_key) <= set(table.column_names)
            for key in table.foreign_keys:
                assert set(key.columns) <= set(table.column_names)
                assert set(key.referenced_columns) <= set(schema.table(key.references).column_names)

    @pytest.mark.parametrize("batch_rows", [1, 7, 100, 499, 500, 501, 1_000_000])
    def test_no_batch_is_larger_than_asked(self, batch_rows: int, tmp_path: Path) -> None:
        """And all rows come, whatever the size."""
        with self.holding(tmp_path, people=people(500)) as source:
            batches = list(source.read("people", None, batch_rows))
            assert max(batch.num_rows for batch in batches) <= batch_rows
            assert_same(joined(batches, source.discover().table("people")), people(500), types=self.keeps_types is True)

    def test_a_large_table_is_read_in_batches(self, tmp_path: Path) -> None:
        """More rows than one batch holds by default."""
        table = pa.table({"id": pa.array(range(150_001), pa.int64()), "even": [n % 2 == 0 for n in range(150_001)]})
        with self.holding(tmp_path, people=table) as source:
            batches = list(source.read("people"))
            assert len(batches) > 2
            assert max(batch.num_rows for batch in batches) <= 65_536
            found = joined(batches, source.discover().table("people"))
        assert plain(found.column("id")) == list(range(150_001))

    @pytest.mark.parametrize("columns", [["name"], ["seen", "id"], ["born", "name", "height"]], ids="-".join)
    def test_only_the_columns_asked_for_are_read_in_that_order(self, columns: list[str], tmp_path: Path) -> None:
        """With the types that were described."""
        with self.holding(tmp_path, people=people()) as source:
            assert_same(self.read(source, "people", columns), people().select(columns), types=self.keeps_types is True)

    def test_all_columns_in_another_order(self, tmp_path: Path) -> None:
        """The order asked for wins over the order of the table."""
        names = people().column_names[::-1]
        with self.holding(tmp_path, people=people()) as source:
            assert_same(self.read(source, "people", names), people().select(names), types=self.keeps_types is True)

    def test_reading_twice_gives_the_same(self, tmp_path: Path) -> None:
        """By one object."""
        with self.holding(tmp_path, people=people()) as source:
            assert self.read(source, "people").equals(self.read(source, "people"))

    def test_reading_needs_no_description_before(self, tmp_path: Path) -> None:
        """A fresh object reads at once, with the types that it describes later."""
        with self.holding(tmp_path, people=people()) as source:
            batches = list(source.read("people"))
            assert_same(joined(batches, source.discover().table("people")), people(), types=self.keeps_types is True)

    def test_reading_gives_an_iterator(self, tmp_path: Path) -> None:
        """Not a list: tables are larger than memory."""
        with self.holding(tmp_path, people=people()) as source:
            batches = source.read("people", None, 100)
            assert iter(batches) is batches
            assert next(batches).num_rows <= 100

    def test_a_reading_that_is_left_does_not_disturb_the_next(self, tmp_path: Path) -> None:
        """The next one begins at the first row."""
        with self.holding(tmp_path, people=people()) as source:
            next(source.read("people", None, 10))
            assert_same(self.read(source, "people"), people(), types=self.keeps_types is True)

    def test_two_readings_at_once_do_not_mix(self, tmp_path: Path) -> None:
        """Batches taken in turn belong to their own reading."""
        with self.holding(tmp_path, people=people(100)) as source:
            first, second = source.read("people", ["id"], 10), source.read("people", ["name"], 10)
            pairs = list(zip(first, second, strict=True))
            numbers = [value for one, _ in pairs for value in one.column(0).to_pylist()]
            names = [value for _, other in pairs for value in other.column(0).to_pylist()]
        assert numbers == list(range(100))
        assert names == [f"person {n}" for n in range(100)]

    def test_two_objects_read_the_same_place_at_once(self, tmp_path: Path) -> None:
        """A source does not lock out readers."""
        table = {"people": people()}
        settings = self.put(tmp_path, table, schema_of(table))
        with contextlib.closing(self.make(settings)) as one, contextlib.closing(self.make(settings)) as other:
            waiting = one.read("people", None, 10)
            next(waiting)
            assert_same(self.read(other, "people"), people(), types=self.keeps_types is True)
            assert sum(batch.num_rows for batch in waiting) == 490

    def test_another_thread_may_read(self, tmp_path: Path) -> None:
        """The engine's thread is not the one that made the source."""
        found: list[Any] = []
        with self.holding(tmp_path, people=people()) as source:
            source.discover()

            def work() -> None:
                try:
                    found.append(self.read(source, "people"))
                except BaseException as exc:  # noqa: BLE001 - told in the thread that asserts
                    found.append(exc)

            thread = threading.Thread(target=work)
            thread.start()
            thread.join(60)
        assert isinstance(found[0], pa.Table), found[0]
        assert found[0].num_rows == 500

    def test_reading_changes_nothing_in_the_place(self, tmp_path: Path) -> None:
        """A source only reads: files below the place stay byte for byte."""
        with self.holding(tmp_path, people=people()) as source:
            before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
            source.check()
            self.read(source, "people")
            source.count("people")
        assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()} == before

    @pytest.mark.parametrize("rows", [1, 500])
    def test_the_count_is_right_or_not_known(self, rows: int, tmp_path: Path) -> None:
        """And so are the rows of the description."""
        with self.holding(tmp_path, people=people(rows)) as source:
            assert source.count("people") in (rows, None)
            assert source.discover().table("people").rows in (rows, None)

    @pytest.mark.parametrize("columns", [None, ["id"]], ids=["all", "some"])
    def test_a_table_that_is_not_there_cannot_be_read(self, columns: list[str] | None, tmp_path: Path) -> None:
        """The error names it and says what there is."""
        with self.holding(tmp_path, people=people(5)) as source:
            with pytest.raises(Faults, match="nobodys") as caught:
                list(source.read("nobodys", columns))
            assert caught.value.fix

    def test_a_table_that_is_not_there_cannot_be_counted(self, tmp_path: Path) -> None:
        """Not zero, not None: an error."""
        with self.holding(tmp_path, people=people(5)) as source:
            with pytest.raises(Faults, match="nobodys") as caught:
                source.count("nobodys")
            assert caught.value.fix

    @pytest.mark.parametrize("columns", [["nobodys"], ["id", "nobodys"]], ids=["alone", "among others"])
    def test_a_column_that_is_not_there_cannot_be_read(self, columns: list[str], tmp_path: Path) -> None:
        """The error names the column and says what there is."""
        with self.holding(tmp_path, people=people(5)) as source:
            with pytest.raises(Faults, match="nobodys") as caught:
                list(source.read("people", columns))
            assert caught.value.fix

    def test_an_error_does_not_end_the_source(self, tmp_path: Path) -> None:
        """What can be read is read after it."""
        with self.holding(tmp_path, people=people(5)) as source:
            with pytest.raises(Faults):
                list(source.read("nobodys"))
            assert self.read(source, "people").num_rows == 5

    def test_closing_twice_is_allowed(self, tmp_path: Path) -> None:
        """Also without any use before."""
        with self.holding(tmp_path, people=people(5)) as source:
            source.close()
            source.close()

    def test_closing_after_use_and_in_the_middle_of_a_reading_is_allowed(self, tmp_path: Path) -> None:
        """Nothing is raised, and the place can be removed."""
        with self.holding(tmp_path, people=people(500)) as source:
            batches = source.read("people", None, 10)
            next(batches)
            source.close()
            source.close()

    def test_a_secret_is_in_no_error_and_no_text(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also not when the place cannot be reached, or the driver finds that the secret has no form it knows."""
        monkeypatch.setenv("SEMBLANT_KIT_SECRET", CANARY)
        settings = self.with_secrets(self.nowhere(tmp_path), Secret("env:SEMBLANT_KIT_SECRET"))
        with pytest.raises((*Faults, ConfigError)) as caught, contextlib.closing(self.make(settings)) as source:  # noqa: PT012
            assert CANARY not in repr(source)
            source.check()
        assert CANARY not in str(caught.value)
