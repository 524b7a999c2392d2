"""Checks of tabular models: schema kept, shares and dependence learned, no secret of one row told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from semblant.errors import DataError
from semblant.testing.capabilities import Capability, needs
from semblant.testing.lessons import (
    CITIES,
    ENCODINGS,
    EXTREME,
    NULL_SHARE,
    RARE,
    ROWS,
    SHARES,
    bytes_below,
    lesson,
    secrets,
    small_tables,
    training_table,
)
from semblant.testing.life import LifeConformance
from semblant.testing.model_access import BATCH, Learned
from semblant.training import GenerationRequest, Sampling

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.training import TrainingTable

_DRAWN = 4000


class TabularModelConformance(LifeConformance):
    """Checks of a :class:`~semblant.protocols.ModelBackend` that learns tables.

    Supply :attr:`component`; set :attr:`spec` to quick model settings. One model is trained for the
    class, some small ones beside it.
    """

    learns = "tabular"

    dependence: ClassVar[Capability] = True
    """Columns that hang on each other are learned together."""
    conditions: ClassVar[Capability] = True
    """Given values are respected (capability ``conditions``)."""
    shares: ClassVar[Capability] = True
    """Shares of a column's values can be asked for (rebalancing)."""
    temperature: ClassVar[Capability] = True
    """The temperature of a request has an effect."""
    tolerance: ClassVar[float] = 0.05
    """Largest difference of a share from the data's."""

    def lesson(self) -> TrainingTable:
        """Give the table that the checks learn: the columns whose encodings the backend knows."""
        known = set(self.component.capabilities.get("encodings", ()))
        table = lesson()
        return training_table(
            table.select([name for name in table.column_names if ENCODINGS[name] in known]),
            ENCODINGS,
            rebalance=("city",),
        )

    def request(self, rows: int, **request: Any) -> GenerationRequest:
        """Ask for rows."""
        return GenerationRequest(rows=rows, **{"seed": 7, "batch_rows": BATCH, **request})

    def planted(self) -> list[bytes]:
        """Give the text of every row, the rare category and the extreme, in text and in memory."""
        number = np.array([EXTREME])
        forms = [str(EXTREME).encode(), number.astype(np.int64).tobytes(), number.astype(np.float64).tobytes()]
        return [*(text.encode() for text in secrets()), RARE.encode(), *forms]

    @pytest.fixture
    def drawn(self, request: pytest.FixtureRequest, learned: Learned, tmp_path: Path) -> pa.Table:
        """Draw many rows once for the class."""
        made: pa.Table = self.shared(
            request, "drawn", lambda: self.rows(learned.model, tmp_path, _DRAWN, batch_rows=1000)
        )
        return made

    def column(self, drawn: pa.Table, name: str) -> pa.ChunkedArray:
        """Give a column of the lesson; skips the running check when the backend has no such encoding."""
        if name not in drawn.column_names:
            pytest.skip(f"the backend knows no encoding {ENCODINGS[name].value}")
        return drawn.column(name)

    def test_the_columns_are_those_of_the_table_in_order(self, learned: Learned, drawn: pa.Table) -> None:
        """All of them, none more."""
        assert drawn.column_names == [plan.name for plan in learned.training.columns]

    @pytest.mark.parametrize("name", ENCODINGS)
    def test_the_type_of_a_column_is_kept(self, name: str, drawn: pa.Table) -> None:
        """The Arrow type, to the unit."""
        assert self.column(drawn, name).type == lesson().schema.field(name).type

    def test_every_batch_has_the_same_schema(self, learned: Learned, tmp_path: Path) -> None:
        """Also one of a single row."""
        from semblant.testing.lessons import run_in

        batches = list(learned.model.generate(self.request(BATCH + 1), run_in(tmp_path)))
        assert batches[0].schema.equals(batches[-1].schema)

    def test_a_category_of_one_row_is_never_made(self, drawn: pa.Table) -> None:
        """Nor a category that was never there."""
        assert set(self.column(drawn, "city").to_pylist()) <= {*CITIES, None, "(other)", "other", "_other_"}

    def test_the_text_of_one_row_is_never_made(self, drawn: pa.Table) -> None:
        """A column of unique texts gives none of them away."""
        made = self.column(drawn, "secret").to_pylist()
        assert set(made) & set(secrets()) == set()

    def test_the_extreme_of_one_row_is_never_made(self, drawn: pa.Table) -> None:
        """Nor anything that it was averaged into."""
        assert pc.max(self.column(drawn, "income")).as_py() < EXTREME // 1000

    def test_numbers_stay_in_the_range_of_the_many(self, drawn: pa.Table) -> None:
        """No income below the lowest."""
        assert pc.min(self.column(drawn, "income")).as_py() >= 900

    def test_days_stay_in_the_range_of_the_data(self, drawn: pa.Table) -> None:
        """With a margin of a month."""
        made = self.column(drawn, "joined").drop_null().to_pylist()
        assert min(made) > dt.date(2019, 12, 1)
        assert max(made) < dt.date(2020, 12, 15)

    def test_moments_stay_in_the_range_of_the_data(self, drawn: pa.Table) -> None:
        """With a margin of a week."""
        made = self.column(drawn, "seen").drop_null().to_pylist()
        assert min(made) > dt.datetime(2023, 12, 24)
        assert max(made) < dt.datetime(2024, 1, 20)

    @pytest.mark.parametrize(("city", "share"), list(zip(CITIES, SHARES, strict=True)), ids=CITIES)
    def test_the_shares_of_a_skewed_column_are_kept(self, city: str, share: float, drawn: pa.Table) -> None:
        """The most frequent and the least frequent one."""
        made = pc.mean(pc.equal(self.column(drawn, "city"), city)).as_py()
        assert made == pytest.approx(share, abs=self.tolerance)
        assert made > 0

    def test_the_share_of_nulls_is_kept(self, drawn: pa.Table) -> None:
        """Missing values are part of the data."""
        made = self.column(drawn, "weight")
        assert made.null_count / len(made) == pytest.approx(NULL_SHARE, abs=self.tolerance)

    def test_a_column_without_nulls_gets_none(self, drawn: pa.Table) -> None:
        """Where the data have none."""
        for name in ("income", "member", "joined"):
            if name in drawn.column_names:
                assert drawn.column(name).null_count == 0

    def test_the_share_of_a_truth_value_is_kept(self, drawn: pa.Table) -> None:
        """Three in ten."""
        made = pc.mean(pc.cast(self.column(drawn, "member"), pa.int8())).as_py()
        assert made == pytest.approx(0.3, abs=self.tolerance)

    def test_mean_and_spread_of_a_number_are_kept(self, drawn: pa.Table) -> None:
        """Of a normal distribution of mean 70 and deviation 10."""
        made = self.column(drawn, "weight")
        assert pc.mean(made).as_py() == pytest.approx(70, abs=2.5)
        assert pc.stddev(made).as_py() == pytest.approx(10, abs=2.5)

    @needs("dependence")
    def test_the_dependence_of_two_columns_is_kept(self, drawn: pa.Table) -> None:
        """An income of Rome is low, one of elsewhere high."""
        rome = pc.equal(self.column(drawn, "city"), "Rome")
        incomes = self.column(drawn, "income")
        low = pc.mean(pc.less(incomes.filter(rome), 3000)).as_py()
        high = pc.mean(pc.greater(incomes.filter(pc.invert(rome)), 3000)).as_py()
        assert low > 0.9
        assert high > 0.7

    def test_rows_are_new(self, learned: Learned, drawn: pa.Table) -> None:
        """Hardly any made row is a row of the training data."""
        names = [name for name in drawn.column_names if name != "secret"]
        seen = {tuple(row.values()) for row in lesson().select(names).to_pylist()}
        copies = sum(tuple(row.values()) in seen for row in drawn.select(names).to_pylist())
        assert copies / drawn.num_rows < 0.02

    @needs("conditions")
    @pytest.mark.parametrize("city", CITIES)
    def test_a_given_category_is_respected(self, city: str, learned: Learned, tmp_path: Path) -> None:
        """In every row."""
        given = pa.table({"city": [city] * BATCH})
        made = self.rows(learned.model, tmp_path, BATCH, given=given)
        assert made.column("city").to_pylist() == [city] * BATCH

    @needs("conditions")
    def test_given_rows_keep_their_order(self, learned: Learned, tmp_path: Path) -> None:
        """Over several batches."""
        given = pa.table({"city": [CITIES[n % 4] for n in range(150)]})
        made = self.rows(learned.model, tmp_path, 150, given=given)
        assert made.column("city").to_pylist() == given.column("city").to_pylist()

    @needs("conditions")
    def test_a_null_that_is_given_is_filled(self, learned: Learned, tmp_path: Path) -> None:
        """A seed with gaps."""
        given = pa.table({"city": [CITIES[0], None] * (BATCH // 2)})
        made = self.rows(learned.model, tmp_path, BATCH, given=given).column("city").to_pylist()
        assert made[::2] == [CITIES[0]] * (BATCH // 2)
        assert None not in made

    @needs("conditions")
    def test_a_null_that_is_the_value_stays(self, learned: Learned, tmp_path: Path) -> None:
        """Where the request names its column."""
        given = pa.table({"weight": pa.array([None, 70.0] * (BATCH // 2), pa.float64())})
        made = self.rows(learned.model, tmp_path, BATCH, given=given, given_nulls=frozenset({"weight"}))
        assert made.column("weight").to_pylist() == [None, 70.0] * (BATCH // 2)

    @needs("conditions")
    def test_several_given_columns_are_respected(self, learned: Learned, tmp_path: Path) -> None:
        """Also of other types, and in an order of their own."""
        given = pa.table({"member": [True, False] * (BATCH // 2), "city": ["Rome", "Pisa"] * (BATCH // 2)})
        made = self.rows(learned.model, tmp_path, BATCH, given=given)
        for name in given.column_names:
            assert made.column(name).to_pylist() == given.column(name).to_pylist()

    @needs("conditions", "dependence")
    def test_what_is_given_bears_on_the_rest(self, learned: Learned, tmp_path: Path) -> None:
        """Given Rome, incomes are low."""
        given = pa.table({"city": ["Rome"] * 2 * BATCH})
        made = self.rows(learned.model, tmp_path, 2 * BATCH, given=given)
        assert pc.mean(pc.less(made.column("income"), 3000)).as_py() > 0.85

    @needs("shares")
    def test_a_share_that_is_asked_for_is_met(self, learned: Learned, tmp_path: Path) -> None:
        """Half of Pisa, though the data have few."""
        made = self.rows(learned.model, tmp_path, 2000, batch_rows=1000, shares={"city": {"Pisa": 0.5}})
        assert pc.mean(pc.equal(made.column("city"), "Pisa")).as_py() == pytest.approx(0.5, abs=0.05)

    @needs("shares")
    def test_values_that_are_not_named_keep_their_proportions(self, learned: Learned, tmp_path: Path) -> None:
        """Among the rest."""
        made = self.rows(learned.model, tmp_path, 2000, batch_rows=1000, shares={"city": {"Pisa": 0.5}})
        rome, others = (pc.mean(pc.equal(made.column("city"), name)).as_py() for name in ("Rome", "Milan"))
        assert rome == pytest.approx(0.5 * SHARES[0] / (1 - SHARES[3]), abs=2 * self.tolerance)
        assert 0 < others < rome

    @needs("temperature")
    def test_a_low_temperature_prefers_what_is_frequent(self, learned: Learned, tmp_path: Path) -> None:
        """And a column may have its own."""
        cold = Sampling(columns={"city": (0.2, 1.0)})
        made = self.rows(learned.model, tmp_path, 1000, batch_rows=1000, sampling=cold)
        assert pc.mean(pc.equal(made.column("city"), "Rome")).as_py() > SHARES[0] + 0.1

    @needs("log_probs")
    def test_log_probabilities_have_their_shape(self, learned: Learned) -> None:
        """float64, one per row, finite, none above zero but for densities."""
        found = learned.model.log_prob(self.taught(learned).slice(0, 100))
        assert found.shape == (100,)
        assert found.dtype == np.float64
        assert np.isfinite(found).all()

    @needs("log_probs")
    @pytest.mark.parametrize("rows", [0, 1])
    def test_log_probabilities_of_few_rows(self, rows: int, learned: Learned) -> None:
        """None and one."""
        assert learned.model.log_prob(self.taught(learned).slice(0, rows)).shape == (rows,)

    @needs("log_probs")
    def test_log_probabilities_belong_to_their_rows(self, learned: Learned) -> None:
        """In another order of rows, in the same order again."""
        rows = self.taught(learned).slice(0, 100)
        order = np.arange(100)[::-1]
        turned = learned.model.log_prob(rows.take(pa.array(order)))
        assert np.allclose(turned, learned.model.log_prob(rows)[order], rtol=1e-4, atol=1e-4)

    @needs("log_probs", "dependence")
    def test_real_rows_are_more_probable_than_scrambled_ones(self, learned: Learned) -> None:
        """A row whose income is another's."""
        rows = self.taught(learned).slice(0, 1000)
        turned = rows.set_column(
            rows.column_names.index("income"), "income", rows.column("income").combine_chunks()[::-1]
        )
        assert learned.model.log_prob(rows).mean() > learned.model.log_prob(turned).mean()

    @needs("log_probs")
    def test_a_loaded_model_gives_the_same_log_probabilities(self, learned: Learned, tmp_path: Path) -> None:
        """As the trained one."""
        rows = self.taught(learned).slice(0, 100)
        again = self.saved_and_loaded(learned, tmp_path)
        assert np.array_equal(again.log_prob(rows), learned.model.log_prob(rows))

    def taught(self, learned: Learned) -> pa.Table:
        """Give the training rows."""
        return pa.Table.from_batches(list(learned.training.open()))

    @pytest.mark.parametrize("name", sorted(small_tables()))
    def test_a_table_with_next_to_nothing_to_learn_is_learned(self, name: str, tmp_path: Path) -> None:
        """Constant, empty of values, of one column, of two rows, oddly named, all unique; or is refused in words."""
        table = small_tables()[name]
        try:
            learned = self.learn(training_table(table), tmp_path / "workspace")
        except DataError as exc:
            assert name == "two_rows", "only too few rows are a reason to refuse"
            assert exc.fix  # noqa: PT017 - a refusal is one of two good ends
            return
        made = self.rows(learned.model, tmp_path, 20)
        assert made.schema.names == table.column_names
        assert made.schema.types == table.schema.types
        (tmp_path / "saved").mkdir()
        learned.model.save(tmp_path / "saved")
        if name == "constant":
            assert set(made.column("kind").to_pylist()) == {"same"}
        if name == "all_null":
            assert made.column("kind").null_count == made.column("number").null_count == 20
        if name == "all_unique":
            held = set(table.column("kind").to_pylist())
            assert held & set(made.column("kind").to_pylist()) == set()
            assert [text for text in held if text.encode() in bytes_below(tmp_path / "saved")] == []

    def test_the_training_rows_are_opened_anew_for_each_pass(self, learned: Learned) -> None:
        """Learning changed nothing in the table that it was given."""
        assert self.taught(learned).num_rows == ROWS
