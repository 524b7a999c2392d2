"""Sequences begin and end as in the data: who goes on till the data end does so in made rows too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

jax = pytest.importorskip("jax")

from semblant.engine import Engine  # noqa: E402
from semblant.spec.model import GenerationSpec  # noqa: E402
from semblant_models.tabular.context.extent import Ends, Extent, places  # noqa: E402
from semblant_models.tabular.context.rising import NO_VALUE  # noqa: E402
from semblant_models.tabular.encodings import Draw, Sample  # noqa: E402
from semblant_models.tabular.encodings.number import Number  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS, END, CLOSED = 1200, 2020, 2009


def clubs(seed: int = 2) -> dict[str, pl.DataFrame]:
    """Make members with a row a year from their first one on; each leaves with a chance of a fifth a year.

    In one year the club takes nobody.
    """
    rng = np.random.default_rng(seed)
    first = rng.choice(np.setdiff1d(np.arange(2001, END + 1), [CLOSED]), MEMBERS)
    years = np.minimum(rng.geometric(0.2, MEMBERS), END - first + 1)
    owner = np.repeat(np.arange(MEMBERS), years)
    year = first[owner] + np.concatenate([np.arange(n) for n in years])
    fee = np.where(rng.random(MEMBERS) < 0.5, 10, 20)[owner] + rng.integers(0, 3, len(owner))
    born = (first - rng.integers(18, 26, MEMBERS) - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    return {
        "member": pl.DataFrame({"id": np.arange(MEMBERS), "born": born, "sex": rng.choice(["f", "m"], MEMBERS)}),
        "year": pl.DataFrame({"member_id": owner, "year": year, "fee": fee}),
    }


def careers(years: pl.DataFrame) -> pl.DataFrame:
    """Give first and last year and number of rows of each member."""
    year = pl.col("year")
    return years.group_by("member_id").agg(year.min().alias("first"), year.max().alias("last"), pl.len().alias("rows"))


def share(table: pl.DataFrame, wanted: pl.Expr) -> float:
    return table.filter(wanted).height / table.height


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, pl.DataFrame], Path]:
    folder = tmp_path_factory.mktemp("clubs")
    real = clubs()
    (folder / "data").mkdir()
    for name, table in real.items():
        table.write_parquet(folder / "data" / f"{name}.parquet")
    keys = [{"columns": "member_id", "references": "member"}]
    tables = {"member": {"primary_key": "id"}, "year": {"primary_key": None, "foreign_keys": keys}}
    spec = {"source": {"type": "files", "path": str(folder / "data")}, "tables": tables, "seed": 4}
    with Engine(home=folder / "home") as engine:
        result = engine.run(engine.load({**spec, "model": {"size": "small"}, "report": {"enabled": False}}))
        made = {name: pl.DataFrame(result.table(name)) for name in real}
    return result, made, folder / "home"


def test_as_many_go_on_till_the_end_as_in_the_data(trained: Any) -> None:
    real, made = careers(clubs()["year"]), careers(trained[1]["year"])
    for low, high in ((2005, 2012), (2013, 2016), (2017, 2019)):
        chosen = pl.col("first").is_between(low, high)
        wanted, found = (share(table.filter(chosen), pl.col("last") == END) for table in (real, made))
        assert abs(wanted - found) < 0.1, (low, wanted, found)
    assert made["last"].max() == END


def test_who_began_last_has_one_row_and_nobody_more_rows_than_years(trained: Any) -> None:
    made = careers(trained[1]["year"])
    late = made.filter(pl.col("first") == END)
    assert late.height > 20
    assert share(late, pl.col("rows") == 1) > 0.9
    over = made.filter(pl.col("rows") > pl.col("last") - pl.col("first") + 1).height
    assert over < 0.05 * made.height


def test_a_number_of_rows_that_is_asked_for_still_ends_in_time(trained: Any) -> None:
    result, _, home = trained
    with Engine(home=home) as engine:
        wanted = 2 * int(result.rows["year"])
        made = engine.generate(result.generator_path, generation=GenerationSpec(rows={"year": wanted}), out=home / "o")
    years = pl.read_parquet(made.tables["year"])
    assert years.height == wanted
    when = years["year"].to_numpy()
    assert when.max() == END
    assert when.min() >= 2001


def test_hardly_anybody_begins_in_a_year_in_which_nobody_began_though_all_ages_do(trained: Any) -> None:
    assert (careers(clubs()["year"])["first"] == CLOSED).sum() == 0
    assert careers(trained[1]["year"])["first"].is_in([CLOSED]).sum() < MEMBERS * 0.02


ENDS = Ends(
    np.repeat([5, 10, 90, NO_VALUE], 25).astype(np.int64), np.repeat([15, 99, 98, NO_VALUE], 25).astype(np.int64)
)


def test_days_of_an_extent_become_tokens_and_come_back() -> None:
    base = np.repeat([1, NO_VALUE, 80, 7], 25).astype(np.int64)
    extent = Extent.from_dict(Extent.fit(ENDS, base, 100, 3, None, 5).to_dict())
    counts = Number.fit(Sample(values=pa.array([1, 2] * 50)))
    layout = extent.layout(counts)
    assert [int(layout.column[t]) for t in range(layout.tokens)] == sorted(layout.column.tolist())
    assert len(places(layout, 4)) == len(counts.fields)
    parts = [
        part.decode(tokens, Draw(rng=np.random.default_rng(0))).to_pylist()[::25]
        for part, tokens in zip(extent.parts, extent.encode(ENDS, base), strict=True)
    ]
    assert parts == [[4, None, 10, None], [5, 10, 90, None], [None, 1, 2, None], [10, 89, 8, None]]


def test_first_days_are_pulled_to_where_real_ones_lie_and_the_pull_is_kept() -> None:
    base = np.repeat([1, 1, 80, 7], 25).astype(np.int64)
    extent = Extent.fit(ENDS, base, 100, 3, None, 5)
    assert extent.pulled(np.array([5, 10])).tolist() == [0.0, 0.0]
    extent.pull_towards(np.repeat([5, 10], [300, 100]), np.repeat([5, 10, 7], [200, 150, 50]))
    often, seldom, never, other = Extent.from_dict(extent.to_dict()).pulled(np.array([5, 10, 7, 90]))
    assert often == pytest.approx(np.log(320 / 220), abs=1e-3)
    assert seldom == pytest.approx(np.log(120 / 170), abs=1e-3)
    assert never == -1.0
    assert other == 0.0
