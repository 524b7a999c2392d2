"""A private run over two tables and a text column: one budget, bounded subjects, nothing that was not charged."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from semblant.errors import ConfigError
from semblant.testing.text import reviews
from tests.e2e.private_runs import left_behind, numbers, secrets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.results import JobResult

GUESTS = 1_503
KEY = {"columns": ["guest"], "references": "guests", "referenced_columns": ["id"]}
TABLES: dict[str, Any] = {
    "guests": {"primary_key": "id"},
    "stays": {"primary_key": None, "foreign_keys": [KEY], "columns": {"review": {"encoding": "text"}}},
}
EPSILON = 6.0


def letters() -> list[str]:
    """Give a thousand texts of one word each that nobody else has."""
    return [hashlib.sha256(str(n).encode()).hexdigest()[:14] for n in range(1_000)]


def _write(folder: Path) -> None:
    """Write guests and their stays; the first thousand of each hold a string and a number that occur once."""
    rng = np.random.default_rng(2)
    town = rng.choice(["Rome", "Milan"], GUESTS)
    fill = GUESTS - 1_000
    guests = pa.table(
        {
            "id": [f"g{n:05d}" for n in range(GUESTS)],
            "town": town.tolist(),
            "mark": [*secrets(), *["common"] * fill],
        }
    )
    owner = np.repeat(np.arange(GUESTS), np.where(town == "Rome", 4, 1))
    written = reviews(len(owner)).column("review").to_pylist()
    texts = [*letters(), *written[1_000:]]
    stays = pa.table(
        {
            "guest": [f"g{n:05d}" for n in owner],
            "nights": pa.array(np.where(town[owner] == "Rome", 2, 9) + rng.integers(0, 2, len(owner))),
            "amount": pa.array([*numbers(), *[5] * (len(owner) - 1_000)]),
            "review": texts,
        }
    )
    folder.mkdir(parents=True)
    pq.write_table(guests, folder / "guests.parquet")
    pq.write_table(stays, folder / "stays.parquet")


def _run(folder: Path, privacy: Mapping[str, Any], **more: Any) -> tuple[JobResult, str]:
    _write(folder / "data")
    heard: list[Any] = []
    with Engine(home=folder / "home", on_event=heard.append) as engine:
        source = {"type": "files", "path": str(folder / "data")}
        spec = {"source": source, "tables": TABLES, "privacy": dict(privacy), "report": {"enabled": False}, **more}
        made = engine.run(engine.load(spec), out=folder / "out")
    return made, " ".join(map(str, heard))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, JobResult, str]:
    folder = tmp_path_factory.mktemp("database")
    return folder, *_run(folder, {"epsilon": EPSILON, "rows_per_subject": 4})


def _told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(left_behind(folder)["out/generator.semblant!generator.json"])
    return found


@pytest.mark.feature(240)
def test_keys_hold_and_rows_depend_on_the_row_above(ran: tuple[Path, JobResult, str]) -> None:
    _, made, _ = ran
    guests, stays = made.table("guests"), made.table("stays")
    town = dict(zip(guests.column("id").to_pylist(), guests.column("town").to_pylist(), strict=True))
    real = {f"g{n:05d}" for n in range(GUESTS)}
    owners = stays.column("guest").to_pylist()
    assert set(owners) <= set(town)
    assert not real & set(town), "keys are made anew"
    nights = np.array(stays.column("nights").to_pylist(), float)
    rome = np.array([town[owner] == "Rome" for owner in owners])
    assert nights[~rome].mean() - nights[rome].mean() == pytest.approx(7, abs=2)
    number = np.array([owners.count(key) for key in town])
    assert number[[value == "Rome" for value in town.values()]].mean() == pytest.approx(4, abs=0.7)
    texts = [text for text in stays.column("review").to_pylist() if text]
    assert np.mean(["was" in text for text in texts]) > 0.4


@pytest.mark.feature(240)
def test_one_budget_covers_all_tables_and_the_texts(ran: tuple[Path, JobResult, str]) -> None:
    described = _told(ran[0])
    told = described["privacy"]
    charged = [entry["what"] for entry in told["charged"]]
    assert charged[0] == "number of subjects"
    for part in ("'town'", "'nights'", "'stays.review'", "codes of the rows above those of 'stays'"):
        assert any(part in what for what in charged), part
    assert 0.9 * EPSILON < told["spent"] <= EPSILON
    assert told["to_come"] == {}
    assert [table["backend"] for table in described["tables"]] == ["dp-marginal", "dp-marginal"]
    assert described["tables"][1]["text_backend"] == "dp-text"
    assert described["tables"][1]["settings_used"]["rows_per_subject"] == 4
    assert any("without a parent" in what for what in told["withheld"])
    links = described["tables"][1]["links"]
    assert [(link["nulls"], link["nowhere"], link["lost"]) for link in links] == [(0.0, 0.0, 0)]


@pytest.mark.feature(241)
def test_none_of_the_planted_strings_and_numbers_is_left_anywhere(ran: tuple[Path, JobResult, str]) -> None:
    folder, _, heard = ran
    found = {name: data for name, data in left_behind(folder).items() if not name.startswith("data/")}
    text = b"\0".join([*found.values(), heard.encode()])
    assert any("stays.parquet!rows" in name for name in found)
    assert len(set(letters())) == 1_000
    assert [mark for mark in (*secrets(), *letters()) if mark.encode() in text] == []
    assert [number for number in numbers() if str(number).encode() in text] == []


@pytest.mark.parametrize(
    ("privacy", "more", "says"),
    [
        ({"epsilon": 1}, {}, "how many rows of them a subject may contribute"),
        ({"epsilon": 1, "rows_per_subject": 2}, {"model": {"backend": "column-ar"}}, "cannot share a privacy budget"),
        ({"epsilon": 1, "rows_per_subject": 2, "steps": 9}, {}, "does not train in steps"),
        ({"epsilon": 1, "rows_per_subject": 0}, {}, "at least 1"),
    ],
    ids=["bound", "backend", "steps", "rows"],
)
@pytest.mark.feature(240)
def test_what_is_not_supported_is_refused_with_a_reason(
    privacy: dict[str, Any], more: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        _run(tmp_path, privacy, **more)
    assert says in str(caught.value)
