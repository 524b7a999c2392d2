"""A private run from end to end: what it leaves tells nothing that was not charged (P7, P8)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from semblant.errors import ConfigError, PrivacyError
from semblant.events import EventKind
from semblant.store.ledger import LedgerError
from tests.e2e.private_runs import PLANTED, ROWS, left_behind, numbers, people, private_run, secrets

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.events import Event
    from semblant.home import Home
    from semblant.results import JobResult

STEPS = 12
PRIVACY = {"epsilon": 4.0, "steps": STEPS}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, JobResult, list[Event], Home]:
    folder = tmp_path_factory.mktemp("private")
    return folder, *private_run(folder, people(), PRIVACY, {"report": {"enabled": True, "formats": ["json", "html"]}})


def _description(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(left_behind(folder)["out/generator.semblant!generator.json"])
    return found


@pytest.mark.feature(241)
def test_none_of_a_thousand_planted_strings_and_numbers_is_left_anywhere(
    ran: tuple[Path, JobResult, list[Event], Home],
) -> None:
    folder, _, heard, _ = ran
    told = " ".join(map(str, heard)).encode()
    everything = {**left_behind(folder), "events": told}
    assert any(name.endswith(".semblant!generator.json") for name in everything)
    assert any(name.endswith("log.jsonl") for name in everything)
    assert any(name.endswith("report.json") for name in everything)
    assert any("people.parquet!rows" in name for name in everything)
    text = b"\0".join(everything.values())
    assert [mark for mark in secrets() if mark.encode() in text] == []
    assert [number for number in numbers() if str(number).encode() in text] == []
    assert len(set(secrets())) == len(set(numbers())) == PLANTED


@pytest.mark.feature(241)
def test_the_artefact_lists_what_was_charged_public_withheld_and_not_covered(
    ran: tuple[Path, JobResult, list[Event], Home],
) -> None:
    folder = ran[0]
    told = _description(folder)["privacy"]
    charged = [entry["what"] for entry in told["charged"]]
    assert charged[0] == "number of subjects"
    assert any("'city'" in what for what in charged)
    assert f"{STEPS} steps" in charged[-1]
    assert 0.99 * 4.0 <= told["spent"] <= 4.0
    assert told["delta"] == pytest.approx(0.1 / told["subjects"])
    assert any("losses" in what for what in told["withheld"])
    assert any("report" in what for what in told["not_covered"])


@pytest.mark.feature(241)
def test_no_loss_and_no_exact_number_of_rows_is_told(ran: tuple[Path, JobResult, list[Event], Home]) -> None:
    folder, result, heard, _ = ran
    description = _description(folder)
    told = description["privacy"]["subjects"]
    (table,) = description["tables"]
    assert table["rows"] == table["settings_used"]["training_rows"] == told
    assert result.rows == {"people": told}
    assert not table.get("history")
    steps = [event for event in heard if event.kind is EventKind.STEP_PROGRESS and event.step != "generating"]
    reading = [event for event in steps if event.step in {"organizing data", "transforming data", "AI training"}]
    assert reading
    assert {event.unit for event in reading} == {"percent"}
    assert not any(event.metrics for event in steps)
    assert all(ROWS not in (event.total, event.done) for event in heard)


@pytest.mark.feature(32)
def test_a_private_run_says_its_price_before_training_and_an_ordinary_one_has_none(
    ran: tuple[Path, JobResult, list[Event], Home],
) -> None:
    said = [event.message for event in ran[2] if event.kind is EventKind.NOTICE and event.message]
    assert any("epsilon 4 is medium protection" in message for message in said)
    assert any("noise multiplier" in message and "epsilon 4" in message for message in said)


@pytest.mark.feature(241)
def test_the_report_says_that_it_is_not_covered_and_what_was_spent(
    ran: tuple[Path, JobResult, list[Event], Home],
) -> None:
    report = json.loads((ran[0] / "out" / "report.json").read_text())
    assert "not" in report["facts"]["privacy"]
    section = next(found for found in report["sections"] if found["name"] == "privacy")["figures"]
    assert section["private"]
    assert section["ledger"]["jobs"] == 1
    assert section["ledger"]["epsilon"] == pytest.approx(section["account"]["spent"])


@pytest.mark.feature(243)
def test_another_job_on_the_same_source_is_refused_when_the_total_is_spent(
    ran: tuple[Path, JobResult, list[Event], Home],
) -> None:
    with pytest.raises(LedgerError, match="have spent epsilon"):
        private_run(ran[0], people(), {"epsilon": 1.0, "total_epsilon": 4.5}, {"name": "again"})


@pytest.mark.feature(242)
def test_a_small_budget_goes_to_marginals_and_keeps_the_same_promise(tmp_path: Path) -> None:
    _, heard, _ = private_run(tmp_path, people(), {"epsilon": 1.0})
    described = _description(tmp_path)
    assert described["tables"][0]["backend"] == "dp-marginal"
    assert 0.9 < described["privacy"]["spent"] <= 1.0
    text = b"\0".join([*left_behind(tmp_path).values(), " ".join(map(str, heard)).encode()])
    assert not [mark for mark in (*secrets(), *map(str, numbers())) if mark.encode() in text]


@pytest.mark.feature(32)
def test_tables_that_are_copied_may_stand_beside_the_one_that_is_learned(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    names = ["Milan", "Rome", "Turin"]
    pq.write_table(pa.table({"name": names, "mayor": ["A", "B", "C"]}), folder / "cities.parquet")
    pq.write_table(people().select(["city", "income", "member"]), folder / "people.parquet")
    key = {"columns": ["city"], "references": "cities", "referenced_columns": ["name"]}
    with Engine(home=tmp_path / "home") as engine:
        spec = engine.load(
            {
                "source": {"type": "files", "path": str(folder)},
                "tables": {
                    "cities": {"treatment": "original", "primary_key": "name", "accept_original": True},
                    "people": {"primary_key": None, "foreign_keys": [key]},
                },
                "privacy": {"epsilon": 3.0},
                "report": {"enabled": False},
            }
        )
        assert "privacy-original-tables" in {finding.code for finding in engine.check(spec)}
        made = engine.run(spec, out=tmp_path / "out")
    assert made.copied == ("cities",)
    assert made.table("cities").column("name").to_pylist() == names
    assert set(made.table("people").column("city").to_pylist()) <= {*names, None}


def _neighbours(table: pa.Table, kind: str) -> pa.Table:
    """Change one row into an extreme one, or add it."""
    row = table.slice(7, 1).to_pylist()[0]
    row |= {
        "strange": {"income": 10**15, "height": -9e9, "city": "Atlantis", "mark": "x" * 5_000},
        "extreme": {"income": 10**15, "height": -9e9},
        "category": {"city": "Atlantis", "mark": "only-here"},
        "long": {"mark": "x" * 5_000},
        "null": dict.fromkeys(row),
        "row": {},
    }[kind]
    extra = pa.Table.from_pylist([row], table.schema)
    return pa.concat_tables([table, extra]) if kind == "row" else pa.concat_tables([table.slice(1), extra])


@pytest.mark.parametrize(
    "kind",
    [
        "strange",
        "row",
        *(pytest.param(kind, marks=pytest.mark.nightly) for kind in ("extreme", "category", "long", "null")),
    ],
)
@pytest.mark.feature(241)
def test_neighbouring_data_leave_the_same_bytes_outside_of_what_was_charged(
    kind: str, tmp_path: Path, ran: tuple[Path, JobResult, list[Event], Home]
) -> None:
    private_run(tmp_path, _neighbours(people(), kind), PRIVACY, {"name": ran[1].name})
    first, second = (_uncharged(folder) for folder in (ran[0], tmp_path))
    assert first == second


def _uncharged(folder: Path) -> dict[str, Any]:
    """Give the artefact without weights, noisy counts, and the numbers that follow from the noisy count of rows."""
    files = {
        name.split("!")[1]: data for name, data in left_behind(folder).items() if "out/generator.semblant!" in name
    }
    files = {name: data for name, data in files.items() if not name.endswith(".safetensors")}
    made = {name: json.loads(data) for name, data in files.items() if name.endswith(".json")}
    described = made["generator.json"]
    noisy = ("subjects", "delta", "spent", "spent_by_losses", "spent_by_renyi", "charged")
    charged = [entry["what"] for entry in described["privacy"]["charged"]]
    described["charged"] = [what for what in charged if not what.startswith("start: ")]  # rounds end by noisy scores
    assert len(described["charged"]) < len(charged)
    for name in noisy:
        del described["privacy"][name]
    described.pop("spec")
    for table in described["tables"]:
        del table["rows"], table["settings_used"]
    model = next(value for name, value in made.items() if name.endswith("model.json"))
    del model["settings_used"]
    for encoding in model["encoding"]["encodings"]:
        del encoding["codes"]
    kept = {name: made[name] for name in made if name.endswith(("generator.json", "model.json"))}
    return {"files": sorted(files), **kept}


@pytest.mark.parametrize(
    ("privacy", "more", "says"),
    [
        ({"epsilon": 0}, {}, "more than 0"),
        ({"epsilon": 1, "delta": 1}, {}, "less than 1"),
        ({"epsilon": 1}, {"seed": 7}, "entropy"),
        ({"epsilon": 1}, {"model": {"max_minutes": 1}}, "clock"),
        (
            {"epsilon": 1},
            {"model": {"text": {"backend": "gru"}}, "tables": {"people": {"columns": {"mark": {"encoding": "text"}}}}},
            "keeps no privacy budget",
        ),
        ({"epsilon": -1}, {}, "more than 0"),
        ({"epsilon": 1, "rows_per_subject": 3}, {}, "is alone"),
        ({"steps": 5}, {}, "neither epsilon nor the noise multiplier"),
    ],
    ids=["epsilon", "delta", "seed", "clock", "text", "negative", "rows", "steps"],
)
@pytest.mark.feature(32)
def test_misuse_is_refused_with_a_reason(
    privacy: dict[str, Any], more: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        private_run(tmp_path, people(), privacy, more)
    assert says in str(caught.value)


def test_noise_that_spends_more_than_epsilon_in_a_single_step_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="a single training step"):
        private_run(tmp_path, people(), {"epsilon": 0.8, "noise_multiplier": 0.5})
