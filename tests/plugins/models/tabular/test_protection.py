"""What one subject holds, in however many rows, is in no file and in no row; a whole artefact holds no training row."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from semblant.engine import Engine
from semblant.host import PluginHost
from semblant.vocabulary import EncodingType
from tests import plain
from tests.plugins.models.tabular.making import drawn, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant_models.tabular.model import TabularModel

ROWS, PLANTED = 1500, 50
SECRETS = ("planted", "77777", "ZZ-9999", "hidden_key", "45.987654")
_KINDS = {
    "name": EncodingType.CATEGORICAL,
    "size": EncodingType.NUMBER,
    "day": EncodingType.DATE,
    "code": EncodingType.PATTERN,
    "data": EncodingType.JSON,
    "tags": EncodingType.LIST,
    "lat": EncodingType.LATITUDE,
    "lon": EncodingType.LONGITUDE,
}


def rows() -> tuple[pa.Table, np.ndarray]:
    """Give rows of 1,500 subjects, and 50 of one more."""
    rng = np.random.default_rng(0)
    day = rng.integers(18_000, 18_700, ROWS)
    codes = [f"{c}-{n:04d}" for c, n in zip(rng.choice(["AB", "CD"], ROWS), rng.integers(0, 9000, ROWS), strict=True)]
    usual = {
        "name": rng.choice(["common", "usual"], ROWS).tolist(),
        "size": rng.normal(0, 1, ROWS).tolist(),
        "day": day.tolist(),
        "code": codes,
        "data": [json.dumps({"kind": str(k), "n": int(n)}) for k, n in zip("ab" * (ROWS // 2), day % 7, strict=True)],
        "tags": [["x", "y"][: int(n)] for n in day % 3],
        "lat": (45.1 + 0.1 * rng.choice([-1, 1], ROWS) + rng.normal(0, 0.01, ROWS)).round(6).tolist(),
        "lon": rng.normal(9.6, 0.02, ROWS).round(6).tolist(),
    }
    alone = {
        "name": "planted", "size": 77777.0, "day": 30_000, "code": "ZZ-9999",
        "data": '{"hidden_key": 1, "kind": "planted", "n": 77777}', "tags": ["x", "planted"], "lat": 45.1, "lon": 9.6,
    }  # fmt: skip
    table = {name: [*values, *[alone[name]] * PLANTED] for name, values in usual.items()}
    arrays = {name: pa.array(values, pa.int32()).view(pa.date32()) if name == "day" else values
              for name, values in table.items()}  # fmt: skip
    who = np.concatenate([np.arange(ROWS), np.full(PLANTED, 10**6)]).astype(np.uint64)
    return pa.table(arrays), who


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[TabularModel, Path]:
    table, who = rows()
    folder = tmp_path_factory.mktemp("planted")
    training = training_table(
        table, encodings=_KINDS, subjects=lambda: iter([who[s : s + 1000] for s in range(0, len(who), 1000)])
    )
    made = trained(training, folder, max_epochs=3, size="small")
    (folder / "saved").mkdir()
    made.save(folder / "saved")
    return made, folder / "saved"


def nothing_planted(made: pa.Table) -> None:
    assert "planted" not in set(made["name"].to_pylist())
    assert pc.max(made["size"]).as_py() < 10
    assert pc.max(made["day"].cast(pa.int32())).as_py() < 19_000
    assert "ZZ-9999" not in set(made["code"].to_pylist())
    assert not any(word in text for text in set(made["data"].to_pylist()) for word in ("planted", "hidden", "77777"))
    assert {tag for tags in made["tags"].to_pylist() for tag in tags} <= {"x", "y"}
    away = np.maximum(np.abs(made["lat"].to_numpy() - 45.1), np.abs(made["lon"].to_numpy() - 9.6))
    assert (away < 1e-4).sum() == 0


@pytest.mark.feature(244)
def test_what_one_subject_holds_in_fifty_rows_is_in_no_row(model: tuple[TabularModel, Path], tmp_path: Path) -> None:
    nothing_planted(drawn(model[0], tmp_path, rows=8_000))


@pytest.mark.nightly
@pytest.mark.feature(244)
def test_it_is_in_none_of_a_hundred_thousand_rows(model: tuple[TabularModel, Path], tmp_path: Path) -> None:
    nothing_planted(drawn(model[0], tmp_path, rows=100_000))


@pytest.mark.feature(244)
def test_it_is_in_no_file_of_the_model(model: tuple[TabularModel, Path]) -> None:
    files = [path for path in model[1].rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        content = path.read_bytes()
        assert not [secret for secret in SECRETS if secret.encode() in content], path.name


@pytest.mark.feature(244)
def test_an_artefact_holds_no_training_row(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    secret = [f"q{n:08x}" for n in rng.choice(2**32, 400, replace=False)]
    numbers = [int(n) for n in rng.choice(10**9, 400, replace=False) + 10**9]
    words = ["alpha", "beta", "gamma", "delta", "eta", "theta"]
    plain.TABLES["vault"] = {
        "people": pa.table(
            {
                "mail": [f"{s}@mail.example" for s in secret],
                "account": numbers,
                "note": [" ".join([*rng.choice(words, 9), s]) for s in secret],
                "data": [json.dumps({"token": s, "grade": "ab"[i % 2]}) for i, s in enumerate(secret)],
                "grade": ["ab"[i % 2] for i in range(400)],
            }
        )
    }
    host = PluginHost()
    host.add(plain.PlainPlugin(), "plain")
    file = tmp_path / "made.semblant"
    with Engine(home=tmp_path / "home", host=host) as engine:
        spec = engine.load(
            {
                "source": {"type": "memory", "path": "vault"},
                "model": {"max_epochs": 1, "size": "small", "backend": "column-ar", "text": {"backend": "ngram"}},
                "tables": {"people": {"primary_key": None, "columns": {"note": {"encoding": "text"}}}},
            }
        )
        engine.train(spec, output=file)
    with zipfile.ZipFile(file) as pack:
        members = {name: pack.read(name) for name in pack.namelist()}
    assert any(name.endswith(".safetensors") for name in members)
    for name, content in members.items():
        found = [text for text in (*secret, *map(str, numbers)) if text.encode() in content]
        assert not found, (name, found[:3])
