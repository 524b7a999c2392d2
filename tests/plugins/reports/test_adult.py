"""A known table of real people: held-back rows pass everything, and each planted fault is flagged where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.report.inputs import ReportInputs
from tests.plugins.reports.material import document, figures, inputs
from tests.plugins.reports.test_formats import rendered

pytest.importorskip("sklearn", reason="comes with the extra 'reports'")
pytestmark = pytest.mark.nightly

Halves = tuple[pa.Table, pa.Table, pa.Table]


@pytest.fixture(scope="module")
def halves(test_data: Path) -> Halves:
    """Give the training rows, and two halves of the rows that were kept back."""
    train, held = (pq.read_table(test_data / "bench" / "adult" / f"{part}.parquet") for part in ("train", "holdout"))
    order = np.random.default_rng(0).permutation(held.num_rows)
    first, second = (held.take(np.sort(part)) for part in np.array_split(order, 2))
    return train, first.cast(train.schema), second.cast(train.schema)


def shuffled(rows: pa.Table, _: pa.Table) -> pa.Table:
    rng = np.random.default_rng(1)
    return pa.table({name: rows.column(name).take(rng.permutation(len(rows))) for name in rows.column_names})


def constant(rows: pa.Table, _: pa.Table) -> pa.Table:
    place = rows.column_names.index("occupation")
    return rows.set_column(place, "occupation", pa.array(["Sales"] * len(rows), rows.schema.field(place).type))


def swapped(rows: pa.Table, _: pa.Table) -> pa.Table:
    place = rows.column_names.index("income")
    values = rows.column("income").to_pylist()
    names = sorted(set(values))
    turned = [names[1 - names.index(value)] for value in values]
    return rows.set_column(place, "income", pa.array(turned, rows.schema.field(place).type))


def copied(rows: pa.Table, train: pa.Table) -> pa.Table:
    many = len(rows) // 100
    return pa.concat_tables([rows.slice(many), train.slice(5000, many)])


@pytest.mark.feature(125)
def test_rows_that_were_kept_back_pass_everything_in_files_of_the_promised_size(halves: Halves, tmp_path: Path) -> None:
    train, first, second = halves
    made = document(inputs(train, first, second, targets=("income",)))

    assert {said.tone.value for said in made.verdicts} <= {"good", "plain"}, [
        (said.section, said.text) for said in made.verdicts if said.tone.value not in {"good", "plain"}
    ]
    assert made.sections[0].figures["in_short"]["tone"] == "good"
    assert rendered(made, "html", tmp_path).stat().st_size < 3_000_000
    assert rendered(made, "pdf", tmp_path).stat().st_size < 5_000_000


@pytest.mark.feature(125, 253)
@pytest.mark.parametrize(
    ("plant", "section", "name", "words"),
    [
        (shuffled, "bivariate", "verdict", "keep together less"),
        (shuffled, "phik", "verdict", "hang together"),
        (constant, "univariate", "verdict", "occupation"),
        (swapped, "utility", "", "income"),
        (copied, "neighbours", "identical_verdict", "word for word"),
    ],
)
def test_a_planted_fault_is_flagged_by_the_section_made_for_it(
    halves: Halves, plant: Callable[[pa.Table, pa.Table], pa.Table], section: str, name: str, words: str
) -> None:
    train, first, second = halves

    def told(synthetic: pa.Table) -> dict[str, Any]:
        given: ReportInputs = inputs(train, synthetic, second, targets=("income",))
        table = figures(section, given)["tables"][0]
        return dict(table[name] if name else table["targets"][0]["verdict"])

    clean, flagged = told(first), told(plant(first, train))

    assert clean["tone"] == "good"
    assert flagged["tone"] in {"fair", "bad"}
    assert words in flagged["text"]
