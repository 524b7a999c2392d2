"""Columns become codes and come back: ranges, heaps, steps, missing values; declared facts cost nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant_models.privacy.account import BudgetAccount
from semblant_models.privacy.preprocessing.facts import PublicFacts
from semblant_models.privacy.preprocessing.grid import Grid
from semblant_models.privacy.preprocessing.releases import Releases, SeededNoise
from semblant_models.privacy.preprocessing.table import TableCodes, obstacle
from tests.plugins.models.privacy.preprocessing.making import ROWS, people, preprocess
from tests.plugins.models.privacy.preprocessing.replaying import Recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = [
    pa.int8(),
    pa.uint64(),
    pa.float32(),
    pa.date64(),
    pa.timestamp("us", "Europe/Rome"),
    pa.time32("s"),
    pa.duration("ms"),
    pa.decimal128(12, 3),
]


@pytest.fixture(scope="module")
def learned() -> tuple[TableCodes, pa.Table]:
    codes = preprocess(people(), Recorded(), rho=2.0)
    made = codes.decode(codes.encode(people()), np.random.default_rng(0))
    return codes, pa.Table.from_batches([made])


def test_types_and_rows_are_kept(learned: tuple[TableCodes, pa.Table]) -> None:
    assert learned[1].schema.equals(people().schema)
    assert learned[1].num_rows == ROWS


@pytest.mark.parametrize(
    ("name", "below"),
    [
        ("age", 40),
        ("weight", 65.0),
        ("gain", 1),
        ("gain", 2500),
        ("price", 50),
        ("real", 1.0),
        ("day", dt.date(2019, 9, 1)),
    ],
)
def test_the_share_below_a_number_is_kept(name: str, below: object, learned: tuple[TableCodes, pa.Table]) -> None:
    columns = (table.column(name).drop_null() for table in (people(), learned[1]))
    real, made = (pc.mean(pc.cast(pc.less(c, pa.scalar(below, c.type)), pa.float64())).as_py() for c in columns)
    assert made == pytest.approx(real, abs=0.03)


@pytest.mark.parametrize(("name", "value"), [("town", "Milan"), ("member", True)])
def test_the_share_of_a_category_is_kept(name: str, value: object, learned: tuple[TableCodes, pa.Table]) -> None:
    columns = (table.column(name) for table in (people(), learned[1]))
    real, made = (pc.mean(pc.cast(pc.equal(c, value), pa.float64())).as_py() for c in columns)
    assert made == pytest.approx(real, abs=0.03)


def test_missing_values_keep_their_share(learned: tuple[TableCodes, pa.Table]) -> None:
    assert learned[1].column("weight").null_count / ROWS == pytest.approx(0.2, abs=0.03)
    assert learned[1].column("age").null_count == 0


def test_numbers_keep_their_step(learned: tuple[TableCodes, pa.Table]) -> None:
    weight = learned[1].column("weight").drop_null().to_numpy()
    assert np.allclose(weight, weight.round(1), atol=1e-12)
    assert np.all(learned[1].column("gain").to_numpy() % 100 == 0)
    seconds = pc.second(learned[1].column("moment"))
    assert pc.max(seconds).as_py() == 0


def test_nothing_comes_out_far_beyond_the_data(learned: tuple[TableCodes, pa.Table]) -> None:
    age = learned[1].column("age").to_numpy()
    assert age.min() >= 14
    assert age.max() <= 95
    day = learned[1].column("day")
    assert pc.min(day).as_py() > dt.date(2018, 9, 1)
    assert pc.max(day).as_py() < dt.date(2021, 3, 1)


def test_less_budget_makes_fewer_codes() -> None:
    rich, poor = (preprocess(people(), Recorded(), rho=rho) for rho in (2.0, 0.002))
    assert sum(rich.sizes) > 1.5 * sum(poor.sizes)


def test_declared_facts_cost_nothing_and_are_told() -> None:
    table = people().select(["town", "real"])
    facts = {"town": PublicFacts(values=("Rome", "Pisa")), "real": PublicFacts(low=0.0, high=2.0)}
    account = BudgetAccount(epsilon=100, delta=1e-3)
    codes = preprocess(table, Releases(account, SeededNoise(np.random.default_rng(0))), facts=facts)
    assert account.publics == ["values of 'town'", "range of 'real'"]
    assert [entry["delta"] > 0 for entry in account.as_dict()["charged"]].count(True) == 1
    town, real = (column.cells.to_dict() for column in codes.columns)
    assert town["values"] == ["Rome", "Pisa"]
    assert max(real["high"]) <= 2.0
    undeclared = BudgetAccount(epsilon=100, delta=1e-3)
    preprocess(table, Releases(undeclared, SeededNoise(np.random.default_rng(0))))
    bounds = [
        sum("powers of two" in e["what"] and "'real'" in e["what"] for e in a.as_dict()["charged"])
        for a in (account, undeclared)
    ]
    assert bounds == [0, 1]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_grid_gives_back_what_it_was_given(kind: pa.DataType) -> None:
    values = pa.array([0, 1, 42, None, 100], pa.int64())
    if pa.types.is_date64(kind):
        values = pc.multiply(values, 86_400_000)
    small = pa.types.is_time(kind) and kind.bit_width == 32
    column = (
        values.cast(pa.int32()).cast(kind)
        if small
        else values.cast(pa.decimal128(22)).cast(kind)
        if pa.types.is_decimal(kind)
        else values.cast(kind)
    )
    assert Grid(kind, 1.0).values(Grid(kind, 1.0).numbers(column)).equals(column)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_whole_numbers_survive_the_grid(numbers: list[int | None]) -> None:
    column = pa.array(numbers, pa.int64())
    grid = Grid(pa.int64(), 1.0)
    assert grid.values(grid.numbers(column)).equals(column)


def test_what_cannot_be_learned_is_said() -> None:
    assert obstacle(pa.struct([("a", pa.int8())])) == "nested values"
    assert obstacle(pa.binary()) == "values of type binary"
    assert obstacle(pa.dictionary(pa.int8(), pa.string())) is None


def test_codes_survive_json(learned: tuple[TableCodes, pa.Table]) -> None:
    again = TableCodes.from_dict(learned[0].to_dict())
    assert np.array_equal(again.encode(people()), learned[0].encode(people()))
    first, other = (c.decode(c.encode(people()), np.random.default_rng(1)) for c in (learned[0], again))
    assert first.equals(other)


class _LoudEnds(Recorded):
    """Noise that says, at every stage of a column of numbers, that very much lies at its lowest or highest end."""

    def __init__(self, end: int) -> None:
        super().__init__()
        self._end = end

    def noisy(
        self, what: str, vectors: Sequence[np.ndarray], deviations: Sequence[float], *, sensitivity: float = 1.0
    ) -> list[np.ndarray]:
        given = super().noisy(what, vectors, deviations, sensitivity=sensitivity)
        if what.startswith(("powers of two", "coarse", "fine")):
            given[0][self._end] += 1e6
        return given


@pytest.mark.parametrize("end", [0, -1])
@pytest.mark.parametrize(
    "kind",
    [pa.date32(), pa.date64(), pa.timestamp("s", "Asia/Tokyo"), pa.timestamp("us"), pa.time32("ms"), pa.duration("s")],
    ids=str,
)
def test_noise_far_from_the_data_stays_within_the_calendar(kind: pa.DataType, end: int) -> None:
    whole = pa.int32() if kind.bit_width == 32 else pa.int64()
    day = 86_400_000 if pa.types.is_date64(kind) else 1
    table = pa.table({"when": pa.array(np.arange(10, 3010) * day, whole).cast(kind)})
    codes = preprocess(table, _LoudEnds(end), rho=2.0)
    everywhere = np.repeat(np.arange(codes.columns[0].size, dtype=np.int32), 50)[:, None]
    made = codes.decode(everywhere, np.random.default_rng(0)).column("when")
    assert len(made.to_pylist()) == len(everywhere), "a value beyond what Python holds ends this with an OverflowError"
