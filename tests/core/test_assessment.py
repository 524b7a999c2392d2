"""The complexity assessment: negative when it is long, large or poor, and then with what helps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant import planning
from semblant.assessment import LONGEST_SECONDS, Assessment
from semblant.complexity import ColumnFacts, Cost, TableFacts
from semblant.components import ModelType
from semblant.engine import Engine
from semblant.events import Step
from semblant.hookspecs import hookimpl
from semblant.host import PluginHost
from semblant.jobs.forecast import estimates, forecast
from semblant.machine import Speed
from semblant.spec.training import ModelSpec
from semblant.vocabulary import EncodingType, Goal

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.plan import Plan

FAST = Speed(processors=2, operations=1e11, numbers=2e9, loops=8e7)
SLOW = Speed(processors=1, operations=1e8, numbers=2e6, loops=8e7)


def write(folder: Path, rows: int = 2000, **columns: Any) -> Path:
    rng = np.random.default_rng(0)
    found = columns or {
        "age": rng.integers(18, 90, rows),
        "city": rng.choice(["Rome", "Milan"], rows),
        "pay": rng.random(rows),
    }
    pq.write_table(pa.table(found), folder / "people.parquet")
    return folder / "people.parquet"


def planned(path: Path, speed: Speed, monkeypatch: pytest.MonkeyPatch, *overrides: str, free: int = 2**34) -> Plan:
    monkeypatch.setattr(planning, "speed", lambda cache: speed)
    monkeypatch.setattr(planning, "available_memory", lambda: (free, free))
    with Engine(home=path.parent / "home") as engine:
        from semblant.spec.write import spec_data

        return engine.plan(engine.load(spec_data(engine.spec_for(str(path))), overrides))


def assessed(*arguments: Any, **options: Any) -> Assessment:
    found = planned(*arguments, **options).assessment
    assert found is not None
    return found


@pytest.mark.feature(57)
def test_a_small_table_on_a_usual_machine_is_judged_positively(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = assessed(write(tmp_path), FAST, monkeypatch)
    assert found.positive
    assert found.suggestions == ()
    assert 2 < found.seconds < 60
    assert 2**28 < found.memory_bytes < 2**30
    assert found.tables["people"].details["tokens"] == 4


@pytest.mark.feature(57, 58)
def test_more_than_half_an_hour_is_negative_and_every_suggestion_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, 20_000)
    found = assessed(path, SLOW, monkeypatch)
    assert found.long
    assert not found.positive
    assert found.seconds > LONGEST_SECONDS
    assert {one.path for one in found.suggestions} >= {"model.goal", "model.max_epochs"}
    for one in found.suggestions:
        assert one.seconds is not None
        assert one.seconds < found.seconds
        if one.path.startswith("model."):
            again = assessed(path, SLOW, monkeypatch, one.change.replace(": ", "="))
            assert again.seconds == pytest.approx(one.seconds, rel=1e-6)


@pytest.mark.feature(58)
def test_training_to_the_very_end_is_named_as_what_takes_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = ("model.early_stop_delta=0", "model.max_epochs=50000")
    changes = [one.change for one in assessed(write(tmp_path, 20_000), FAST, monkeypatch, *endless).suggestions]
    assert "model.early_stop_delta: 0.001" in changes


@pytest.mark.feature(57)
def test_the_plan_warns_of_a_long_training_and_of_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, 20_000)
    long = planned(path, SLOW, monkeypatch)
    assert [finding.code for finding in long.findings] == ["long-training"]
    large = planned(path, FAST, monkeypatch, free=2**26)
    assert [finding.code for finding in large.findings] == ["much-memory"]
    assert large.assessment is not None
    assert large.assessment.large
    assert not large.assessment.positive


@pytest.mark.feature(57, 58)
def test_columns_that_cost_most_and_sparse_categories_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {f"flag{i}": rng.random(12_000) < 0.5 for i in range(6)}
    for name in ("town", "street", "school"):
        columns[name] = np.char.add(f"{name} ", rng.integers(0, 600, 12_000).astype(str))
    columns["income"] = rng.normal(0, 1, 12_000)
    changes = [one.change for one in assessed(write(tmp_path, **columns), SLOW, monkeypatch).suggestions]
    (excluded,) = (change for change in changes if change.startswith("exclude"))
    assert "town" in excluded
    assert "flag0" not in excluded
    assert any("merge the categories of town, street, school" in change for change in changes)


@pytest.mark.feature(57, 58)
@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"a": np.arange(40) % 3, "b": np.arange(40) % 5}, "few-rows"),
        ({f"c{i}": np.random.default_rng(i).integers(0, 4, 600) for i in range(40)}, "wide-for-rows"),
        (
            {"shop": [f"Shop{chr(65 + i % 26)}{chr(97 + i // 26 % 4)}" for i in range(620)], "b": np.arange(620) % 2},
            "sparse-categories",
        ),
    ],
)
def test_poor_quality_is_foretold_with_its_reason_and_a_mend(
    columns: dict[str, Any], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = planned(write(tmp_path, **columns), FAST, monkeypatch)
    assert code in [finding.code for finding in found.findings]
    assert found.assessment is not None
    assert not found.assessment.positive
    assert found.assessment.quality
    assert found.assessment.suggestions


@pytest.mark.feature(57)
def test_a_key_that_is_not_certain_counts_until_it_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attrs import evolve

    from semblant.assessment import quality_findings
    from semblant.detection.model import Detection
    from semblant.plan import TablePlan
    from semblant.schema import Column, ForeignKey, Schema, Table
    from semblant.spec.model import Selected, Spec, TableSpec
    from semblant.vocabulary import TableTreatment

    key = ForeignKey(
        columns=("boss",), references="staff", referenced_columns=("id",), confidence=0.6, reason="the names are alike"
    )
    table = Table(name="t", columns=(Column(name="boss", type=pa.int64()),), foreign_keys=(key,))
    plan = TablePlan(table=table, treatment=TableTreatment.SYNTHESIZE, columns=(), model=ModelSpec())
    detection = Detection(schema=Schema(tables=(table,)), tables={})
    spec = Spec(source=Selected(type="files", settings={"path": "a.csv"}))
    (found,) = quality_findings([plan], spec, detection)
    assert found.code == "weak-key"
    assert "the names are alike" in found.message
    assert quality_findings([plan], evolve(spec, tables={"t": TableSpec(foreign_keys=())}), detection) == []


def slow_estimate(settings: Any, spec: ModelSpec, facts: TableFacts, speed: Speed) -> Cost:
    seconds = 7200.0 if spec.goal is Goal.ACCURACY else 60.0
    return Cost(training_seconds=seconds, generation_seconds=1.0, memory_bytes=2**20, details={"made": "by a stranger"})


class Stranger:
    """Offers two models: one that tells what it costs, one that does not."""

    def __init__(self) -> None:
        common: dict[str, Any] = {
            "factory": "json:loads",
            "summary": "nothing",
            "learns": "tabular",
            "capabilities": {"encodings": tuple(map(str, EncodingType))},
        }
        self.made = [
            ModelType(name="telling", estimate=f"{__name__}:slow_estimate", **common),
            ModelType(name="silent", **common),
        ]

    @hookimpl
    def semblant_models(self) -> list[ModelType]:
        return self.made


@pytest.mark.feature(57, 58)
def test_a_strangers_model_gives_its_own_estimate_or_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    host = PluginHost(third_party=False)
    host.add(Stranger(), "stranger")
    path = write(tmp_path)
    monkeypatch.setattr(planning, "speed", lambda cache: FAST)
    with Engine(home=tmp_path / "home", host=host) as engine:
        from semblant.spec.write import spec_data

        data = spec_data(engine.spec_for(str(path)))
        told = engine.plan(engine.load({**data, "model": {"backend": "telling"}})).assessment
        silent = engine.plan(engine.load({**data, "model": {"backend": "silent"}})).assessment
    assert told is not None
    assert told.long
    assert told.as_dict()["tables"]["people"]["made"] == "by a stranger"
    assert [one.change for one in told.suggestions] == ["model.goal: speed"]
    assert silent is not None
    assert silent.unknown == ("people",)


def notes(folder: Path, rows: int = 3000) -> Path:
    rng = np.random.default_rng(0)
    words = np.array([f"{a}{b}{c}" for a in "bdfglmn" for b in "aeiou" for c in ("n", "st", "rick")])
    return write(folder, note=[" ".join(rng.choice(words, 25)) for _ in range(rows)], age=rng.integers(18, 90, rows))


@pytest.mark.feature(57, 58)
def test_texts_count_and_what_makes_them_cheaper_is_suggested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = notes(tmp_path)
    found = assessed(path, FAST, monkeypatch)
    without = assessed(path, FAST, monkeypatch, "tables.people.columns.note.include=false")
    assert found.unknown == ()
    assert found.as_dict()["texts"]["people"]["tokens"] > 50_000
    assert found.texts["people"].training_seconds > found.tables["people"].training_seconds
    assert without.texts == {}
    assert without.seconds < found.seconds - found.texts["people"].training_seconds
    long = assessed(path, SLOW, monkeypatch)
    assert {one.path for one in long.suggestions} >= {"model.text.size", "model.text.max_epochs"}
    (small,) = (one for one in long.suggestions if one.path == "model.text.size")
    again = assessed(path, SLOW, monkeypatch, small.change.replace(": ", "="))
    assert again.seconds == pytest.approx(small.seconds, rel=1e-6)


@pytest.mark.feature(57)
def test_the_steps_of_a_job_are_weighed_by_what_its_texts_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(notes(tmp_path), FAST, monkeypatch)
    known = estimates(plan, plan.tables[0])
    texts = plan.assessment and plan.assessment.texts["people"]
    assert texts
    assert forecast(Step.TRAIN, known, [], text=True) == texts.training_seconds
    assert forecast(Step.GENERATE_TEXT, known, [], text=True) == 1.0 + max(texts.generation_seconds, 0.1)
    assert forecast(Step.TRAIN, known, [], text=False) == known["training_seconds"]
    assert known["text_epochs"] == texts.details["epochs"]


@pytest.mark.feature(57, 58)
def test_check_shows_the_verdict_in_words_and_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path / "home"))
    path = write(tmp_path, a=np.arange(40) % 3, b=np.arange(40) % 5)
    with pytest.raises(SystemExit, match="0"):
        main_with(["check", str(path)])
    said = capsys.readouterr().out
    assert "Complexity assessment" in said
    assert "negative: about" in said
    assert "poor results are to be expected" in said
    with pytest.raises(SystemExit, match="0"):
        main_with(["check", str(path), "--json"])
    found = json.loads(capsys.readouterr().out)["assessment"]
    assert found["positive"] is False
    assert found["suggestions"][0]["change"]


def main_with(arguments: list[str]) -> None:
    from semblant.cli.main import program

    program.main(arguments)


def test_facts_of_a_table_say_how_many_rows_train() -> None:
    column = ColumnFacts(name="a", encoding=EncodingType.NUMBER, distinct=3)
    facts = TableFacts(name="t", rows=1, records=0, columns=(column,), validation_fraction=0.5)
    assert facts.training_rows == 1
