"""Checks of destinations: all tables arrive as they are, together, or nothing does."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from semblant.errors import DestinationError
from semblant.schema import Schema
from semblant.settings.secret import Secret
from semblant.testing.arrival import ArrivalConformance
from semblant.testing.capabilities import needs, skip_unless
from semblant.testing.conformance import CANARY
from semblant.testing.destination_access import APPEND, FAIL, REPLACE, TRUNCATE
from semblant.testing.locations import LocationConformance
from semblant.testing.material import people, schema_of, shop

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.vocabulary import WriteMode


class DestinationConformance(LocationConformance, ArrivalConformance):
    """Checks of a :class:`~semblant.protocols.Destination`.

    Supply :attr:`component`, :meth:`settings` (a place below the folder that does not exist yet or is
    empty) and :meth:`read_back`; for a store that is no folder also :meth:`state`. Set a flag to the
    reason where the destination cannot.
    """

    @needs("atomic")
    def test_nothing_is_seen_before_the_commit(self, tmp_path: Path) -> None:
        """No reader meets half a set."""
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of(shop()), FAIL)
            self.write(delivery, shop())
            assert [name for name, table in shop().items() if self.read_back(tmp_path, name, table.schema)] == []
            delivery.commit()
        self.check_there(tmp_path, shop())

    @needs("atomic", "replaces")
    def test_the_old_tables_are_seen_until_the_commit(self, tmp_path: Path) -> None:
        """Replacing does not begin by removing."""
        self.deliver(tmp_path, {"people": people(10)})
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of({"people": people(30)}), REPLACE)
            self.write(delivery, {"people": people(30)})
            self.check_there(tmp_path, {"people": people(10)})
            delivery.commit()
        self.check_there(tmp_path, {"people": people(30)})

    @pytest.mark.parametrize("written", [0, 1, 2], ids=["nothing", "one table", "all tables"])
    def test_an_aborted_delivery_leaves_nothing(self, written: int, tmp_path: Path) -> None:
        """However far it came."""
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of(shop()), FAIL)
            self.write(delivery, dict(list(shop().items())[:written]))
            delivery.abort()
            delivery.abort()
        assert self.state(tmp_path) == before

    @needs("replaces")
    def test_an_aborted_replacement_leaves_the_old_tables(self, tmp_path: Path) -> None:
        """Byte for byte."""
        self.deliver(tmp_path, {"people": people(10)})
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of({"people": people(30)}), REPLACE)
            self.write(delivery, {"people": people(30)})
            delivery.abort()
        assert self.state(tmp_path) == before

    @needs("appends")
    def test_an_aborted_append_leaves_the_old_rows(self, tmp_path: Path) -> None:
        """And no new one."""
        self.deliver(tmp_path, {"people": people(10)})
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of({"people": people(10)}), APPEND)
            self.write(delivery, {"people": people(10, first=10)})
            delivery.abort()
        assert self.state(tmp_path) == before

    def test_closing_aborts_what_was_not_committed(self, tmp_path: Path) -> None:
        """As after an error in the engine."""
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination:
            self.write(destination.open(schema_of(shop()), FAIL), shop())
        assert self.state(tmp_path) == before

    def test_a_delivery_can_begin_after_an_aborted_one(self, tmp_path: Path) -> None:
        """Nothing stays locked."""
        with self.opened(tmp_path) as destination:
            destination.open(schema_of(shop()), FAIL).abort()
        self.round_trip(tmp_path, shop())

    def test_committing_twice_is_the_same_as_once(self, tmp_path: Path) -> None:
        """Idempotent."""
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of(shop()), FAIL)
            self.write(delivery, shop())
            delivery.commit()
            after = self.state(tmp_path)
            delivery.commit()
        assert self.state(tmp_path) == after
        self.check_there(tmp_path, shop())

    def test_aborting_after_the_commit_does_nothing(self, tmp_path: Path) -> None:
        """Nor does closing."""
        with self.opened(tmp_path) as destination:
            delivery = destination.open(schema_of(shop()), FAIL)
            self.write(delivery, shop())
            delivery.commit()
            after = self.state(tmp_path)
            delivery.abort()
        assert self.state(tmp_path) == after

    def test_an_existing_table_is_refused_by_default(self, tmp_path: Path) -> None:
        """The mode ``fail`` names the table and touches nothing."""
        self.deliver(tmp_path, {"people": people(10)})
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination, pytest.raises(DestinationError, match="people") as caught:
            destination.open(schema_of(shop()), FAIL)
        assert caught.value.fix
        assert self.state(tmp_path) == before

    def test_a_table_beside_others_is_no_conflict(self, tmp_path: Path) -> None:
        """The mode ``fail`` is about tables of the same name."""
        self.deliver(tmp_path, {"people": people(10)})
        self.deliver(tmp_path, {"visits": people(5)})
        self.check_there(tmp_path, {"people": people(10), "visits": people(5)})

    @needs("replaces")
    def test_replacing_takes_new_rows_and_columns(self, tmp_path: Path) -> None:
        """The old table is gone."""
        self.deliver(tmp_path, {"people": people(10)})
        other = {"people": people(30).select(["id", "name"])}
        self.deliver(tmp_path, other, REPLACE)
        self.check_there(tmp_path, other)

    @needs("replaces")
    def test_replacing_leaves_other_tables(self, tmp_path: Path) -> None:
        """Only the tables of the schema are touched."""
        self.deliver(tmp_path, shop())
        self.deliver(tmp_path, {"people": people(30)}, REPLACE)
        self.check_there(tmp_path, {"people": people(30), "orders": shop()["orders"]})

    @needs("appends")
    def test_appending_puts_rows_behind_the_old_ones(self, tmp_path: Path) -> None:
        """All rows, in order."""
        self.deliver(tmp_path, {"people": people(10)})
        self.deliver(tmp_path, {"people": people(15, first=10)}, APPEND)
        self.check_there(tmp_path, {"people": people(25)})

    @needs("truncates")
    def test_truncating_keeps_the_table_and_changes_the_rows(self, tmp_path: Path) -> None:
        """The new rows alone."""
        self.deliver(tmp_path, {"people": people(10)})
        self.deliver(tmp_path, {"people": people(5, first=50)}, TRUNCATE)
        self.check_there(tmp_path, {"people": people(5, first=50)})

    @pytest.mark.parametrize("mode", [REPLACE, APPEND, TRUNCATE])
    def test_any_mode_makes_a_table_that_is_not_there(self, mode: WriteMode, tmp_path: Path) -> None:
        """The first delivery is the same in all modes."""
        skip_unless(self, {REPLACE: "replaces", APPEND: "appends", TRUNCATE: "truncates"}[mode])
        self.deliver(tmp_path, shop(), mode)
        self.check_there(tmp_path, shop())

    @pytest.mark.parametrize("mode", [APPEND, TRUNCATE])
    def test_other_columns_are_refused_and_nothing_is_touched(self, mode: WriteMode, tmp_path: Path) -> None:
        """Rows of another shape never mix."""
        skip_unless(self, {APPEND: "appends", TRUNCATE: "truncates"}[mode])
        self.deliver(tmp_path, {"people": people(10)})
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination, pytest.raises(DestinationError, match="people") as caught:  # noqa: PT012 - refused at any of these
            other = {"people": people(5).rename_columns(["id", "name", "height", "member", "born", "colour"])}
            delivery = destination.open(schema_of(other), mode)
            self.write(delivery, other)
            delivery.commit()
        assert caught.value.fix
        assert self.state(tmp_path) == before

    @pytest.mark.parametrize("fault", ["table", "columns", "types"])
    def test_what_does_not_fit_the_schema_is_refused_and_nothing_stays(self, fault: str, tmp_path: Path) -> None:
        """An unknown table, other columns, values of another type."""
        before = self.state(tmp_path)
        table, batch = {
            "table": ("nobodys", people(5).to_batches()[0]),
            "columns": ("people", people(5).select(["id"]).to_batches()[0]),
            "types": ("people", people(5).set_column(0, "id", pa.array(["x"] * 5)).to_batches()[0]),
        }[fault]
        with self.opened(tmp_path) as destination, pytest.raises(DestinationError) as caught:  # noqa: PT012 - refused at any of these
            delivery = destination.open(schema_of({"people": people(5)}), FAIL)
            delivery.write("people", people(5).to_batches()[0])
            delivery.write(table, batch)
            delivery.commit()
        assert caught.value.fix
        assert self.state(tmp_path) == before

    def test_no_table_at_all_is_refused_or_does_nothing(self, tmp_path: Path) -> None:
        """An empty schema leaves nothing behind."""
        before = self.state(tmp_path)
        with self.opened(tmp_path) as destination, contextlib.suppress(DestinationError):
            destination.open(Schema(tables=()), FAIL).commit()
        assert {name: what for name, what in self.state(tmp_path).items() if what != "folder"} == before

    def test_two_deliveries_at_once_do_not_mix(self, tmp_path: Path) -> None:
        """The second is refused, or waits for its turn by committing after the first."""
        with self.opened(tmp_path) as one, self.opened(tmp_path) as other:
            first = one.open(schema_of({"people": people(10)}), FAIL)
            self.write(first, {"people": people(10)})
            try:
                second = other.open(schema_of({"people": people(20)}), REPLACE if self.replaces is True else FAIL)
            except DestinationError as exc:
                assert exc.fix  # noqa: PT017 - a refusal is one of two good ends
                first.commit()
                self.check_there(tmp_path, {"people": people(10)})
                return
            self.write(second, {"people": people(20)})
            first.commit()
            self.check_there(tmp_path, {"people": people(10)})
            try:
                second.commit()
            except DestinationError:
                self.check_there(tmp_path, {"people": people(10)})
            else:
                self.check_there(tmp_path, {"people": people(20)})

    @needs("replaces")
    def test_the_same_delivery_twice_gives_the_same(self, tmp_path: Path) -> None:
        """Replacing by itself changes nothing that a reader sees."""
        self.deliver(tmp_path, shop())
        self.deliver(tmp_path, shop(), REPLACE)
        self.check_there(tmp_path, shop())

    def test_the_location_is_said_in_one_line(self, tmp_path: Path) -> None:
        """Before and after the delivery the same."""
        with self.opened(tmp_path) as destination:
            before = destination.location()
            destination.open(schema_of(shop()), FAIL).commit()
            assert destination.location() == before
        assert before.strip()
        assert "\n" not in before

    def test_a_secret_is_in_no_location_and_no_text(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not even behind a reference."""
        monkeypatch.setenv("SEMBLANT_KIT_SECRET", CANARY)
        settings = self.with_secrets(self.settings(tmp_path), Secret("env:SEMBLANT_KIT_SECRET"))
        with contextlib.closing(self.make(settings)) as destination:
            assert CANARY not in f"{destination.location()} {destination!r}"

    def test_closing_twice_is_allowed(self, tmp_path: Path) -> None:
        """With and without a delivery."""
        with self.opened(tmp_path) as destination:
            destination.open(schema_of(shop()), FAIL).commit()
            after = self.state(tmp_path)
            destination.close()
            destination.close()
        assert self.state(tmp_path) == after
