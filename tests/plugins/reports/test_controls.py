"""Controls: what is wrong is flagged by the section made for it, and real rows pass everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve

from semblant.report.blocks import Chart
from semblant.report.inputs import ReportInputs
from tests.plugins.reports.material import document, figures, inputs, people

pytest.importorskip("sklearn", reason="comes with the extra 'reports'")


def tone(section: str, given: ReportInputs, name: str = "verdict") -> str:
    return str(figures(section, given)["tables"][0][name]["tone"])


def given(synthetic: pa.Table, rows: int = 3000) -> ReportInputs:
    return inputs(people(rows, 1), synthetic, people(rows, 3))


def changed(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


@pytest.mark.feature(125)
def test_real_rows_in_place_of_synthetic_ones_pass_everything() -> None:
    found = document(given(people(3000, 2)))

    assert {said.tone.value for said in found.verdicts} <= {"good", "plain"}
    assert {said.section for said in found.verdicts} >= {
        "univariate", "bivariate", "trivariate", "phik", "missing", "utility", "detection", "neighbours", "privacy",
    }  # fmt: skip


@pytest.mark.feature(125)
def test_shuffled_columns_are_flagged_by_pairs_triples_and_dependence_and_not_by_single_columns() -> None:
    rng = np.random.default_rng(0)
    real = people(3000, 2)
    torn = given(pa.table({name: real.column(name).take(rng.permutation(3000)) for name in real.column_names}))

    assert tone("bivariate", torn) == tone("trivariate", torn) == "bad"
    assert tone("phik", torn) == "bad"
    assert tone("univariate", torn) == "good"


@pytest.mark.feature(125)
def test_a_constant_column_is_flagged_by_the_single_columns_by_name() -> None:
    found = figures("univariate", given(changed(people(3000, 2), "job", pa.array(["nurse"] * 3000))))

    assert found["tables"][0]["verdict"]["tone"] == "bad"
    assert found["tables"][0]["verdict"]["text"].startswith("job: ")


def few(train: pa.Table, made: pa.Table, held: pa.Table) -> ReportInputs:
    """Give so few rows that chance explains much."""
    return inputs(train.slice(0, 70), made.slice(0, 70), held.slice(0, 10))


def test_what_chance_may_explain_in_few_rows_is_not_called_as_near_as_real_rows() -> None:
    made = people(70, 2)
    older = changed(made, "age", pa.array(np.minimum(made.column("age").to_numpy() + 18, 79)))

    found = figures("univariate", few(people(70, 1), older, people(70, 3)))["tables"][0]
    age = next(column for column in found["columns"] if column["column"] == "age")

    assert age["ceiling"] - age["accuracy"] > 0.05
    assert found["verdict"]["tone"] == "plain"
    assert "age" in found["verdict"]["text"]
    assert "nothing finer can be told" in found["verdict"]["text"]


def test_correlations_that_differ_much_in_few_rows_are_no_good_sign() -> None:
    found = figures("phik", few(*map(people, [70] * 3, (1, 2, 3))))["tables"][0]

    assert found["mean_difference"] > 0.1
    assert found["verdict"]["tone"] == "plain"
    assert "too few rows to tell" in found["verdict"]["text"]


@pytest.mark.feature(253)
def test_swapped_labels_are_flagged_by_utility() -> None:
    def labelled(table: pa.Table, *, turned: bool) -> pa.Table:
        old = table.column("age").to_numpy() > 48
        return changed(table, "member", pa.array((old ^ turned).tolist()))

    right, swapped = (
        inputs(labelled(people(3000, 1), turned=False), labelled(people(3000, 2), turned=turned),
               labelled(people(3000, 3), turned=False), targets=("member",))
        for turned in (False, True)
    )  # fmt: skip

    good, bad = (figures("utility", item)["tables"][0]["targets"][0] for item in (right, swapped))
    assert (good["verdict"]["tone"], bad["verdict"]["tone"]) == ("good", "bad")
    assert good["real"] == bad["real"] > 0.9
    assert bad["synthetic"] < 0.1
    assert tone("univariate", swapped) == "good"


@pytest.mark.feature(125)
def test_one_copied_row_in_a_hundred_is_flagged_by_the_copying_check() -> None:
    everybody = [people(3000, seed) for seed in (1, 2, 3)]
    train, fresh, held = (rows.filter(rows.column("income").is_valid()) for rows in everybody)
    copied = len(fresh) // 100
    leaking = pa.concat_tables([fresh.slice(copied), train.slice(100, copied)])

    assert tone("neighbours", inputs(train, fresh, held), "identical_verdict") == "good"
    assert tone("neighbours", inputs(train, leaking, held), "identical_verdict") in {"fair", "bad"}


@pytest.mark.feature(125)
def test_rows_learned_by_heart_are_flagged_by_copying_check_and_attack() -> None:
    rng = np.random.default_rng(4)
    train = people(500, 1)
    income = np.array([np.nan if value is None else value for value in train.column("income").to_pylist()])
    by_heart = changed(train, "income", pa.array(income + rng.normal(0, 50, 500), from_pandas=True))
    found = inputs(train, by_heart, people(500, 3))

    assert tone("neighbours", found) == "bad"
    assert tone("privacy", found) == "bad"
    attack = figures("privacy", found)["tables"][0]
    assert attack["interval"][0] > 0.65
    assert attack["baseline_interval"][0] < 0.5 < attack["baseline_interval"][1]


def test_distances_are_drawn_without_their_extremes() -> None:
    made = document(given(people(1500, 2), 1500), ("utility", "detection", "privacy"))
    section = next(item for item in made.sections if item.name == "neighbours")
    drawn = next(block for block in section.blocks if isinstance(block, Chart))
    found = section.figures["tables"][0]["distances"]

    for item in found.values():
        assert len(item["quantiles"]) == 19
        assert item["quantiles"] == sorted(item["quantiles"])
        assert item["quantiles"][0] == pytest.approx(item["p5"], abs=1e-6)
        assert item["quantiles"][9] == pytest.approx(item["median"], abs=1e-6)
    assert len(drawn.spec["data"]["values"]) == 3 * 19
    assert f"{found['synthetic_to_training']['median']:.3f}" in drawn.alt


def test_a_holdout_from_elsewhere_is_not_taken_for_members_found() -> None:
    older = changed(people(3000, 3), "age", pa.array((people(3000, 3).column("age").to_numpy() + 40).tolist()))

    found = figures("privacy", inputs(people(3000, 1), people(3000, 2), older))["tables"][0]

    assert found["verdict"]["tone"] == "fair"
    assert "without any synthetic row" in found["verdict"]["text"]


@pytest.mark.feature(253)
def test_the_target_that_is_named_is_the_one_that_is_predicted() -> None:
    real = inputs(people(800, 1), people(800, 2), people(800, 3))

    chosen = figures("utility", real)["tables"][0]
    named = figures("utility", evolve(real, targets=("people.age",)))["tables"][0]

    assert [item["column"] for item in named["targets"]] == ["age"]
    assert (chosen["chosen"], named["chosen"]) == (False, True)
    assert [item["column"] for item in chosen["targets"]] != ["age"]


@pytest.mark.feature(253)
def test_a_code_is_not_predicted_from_the_name_that_it_stands_for() -> None:
    def coded(seed: int) -> pa.Table:
        rows = people(1500, seed)
        codes = {"nurse": 7, "smith": 3, "clerk": 9, "pilot": 1}
        return rows.append_column("code", pa.array([codes[job] for job in rows.column("job").to_pylist()]))

    real = inputs(coded(1), coded(2), coded(3))

    chosen = figures("utility", real)["tables"][0]["targets"]
    named = figures("utility", evolve(real, targets=("code",)))["tables"][0]["targets"][0]

    assert all(item["real"] is None or item["real"] < 0.99 for item in chosen)
    assert named["set_aside"] == ["job"]


@pytest.mark.nightly
@pytest.mark.feature(125)
def test_an_over_trained_model_is_flagged_by_copying_check_and_attack(test_data: Path, tmp_path: Path) -> None:
    """Five hundred rows of adult, a thousand epochs, nothing that holds the model back."""
    folder = test_data / "bench" / "adult"
    train = pq.read_table(folder / "train.parquet").slice(0, 500)
    held = pq.read_table(folder / "holdout.parquet").slice(0, 2000)

    made = over_trained(train, tmp_path)
    found = inputs(train, made, held)

    attack = figures("privacy", found)["tables"][0]
    assert attack["auc"] >= 0.65
    assert attack["verdict"]["tone"] == "bad"
    assert tone("neighbours", found) == "bad"


def over_trained(train: pa.Table, folder: Path) -> pa.Table:
    from semblant.detection.columns import detect_columns
    from semblant.detection.profile import profile_table
    from semblant.run import Run
    from semblant.schema import Column, Table
    from semblant.spec.training import ModelSpec
    from semblant.training import ColumnPlan, GenerationRequest, Split, TrainingTable
    from semblant_models.settings import ColumnArSettings
    from semblant_models.tabular.backend import ColumnArBackend

    train = train.replace_schema_metadata(None)
    table = Table(name="adult", columns=tuple(Column(name=f.name, type=f.type) for f in train.schema), rows=500)
    columns = detect_columns(table, profile_table(table, iter(train.to_batches())))
    plans = tuple(ColumnPlan(name=f.name, type=f.type, encoding=columns[f.name].encoding) for f in train.schema)
    training = TrainingTable(
        name="adult", columns=plans, rows=500, open=lambda: iter(train.to_batches()), split=Split(seed=0, fraction=0.02)
    )
    free = ColumnArSettings(input_dropout=0.0, hidden_dropout=0.0, weight_decay=0.0, patience=1000, hidden=128)
    spec = ModelSpec(max_epochs=1000, early_stop_delta=0.0, steps_between_validations=1_000_000)
    backend, run = ColumnArBackend(free, spec), Run(job="control", seed=0, workspace=folder)
    model = backend.fit(training, backend.prepare(training, run), run)
    return pa.Table.from_batches(list(model.generate(GenerationRequest(rows=2000, seed=0), run)))
