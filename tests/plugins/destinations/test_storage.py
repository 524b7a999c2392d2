"""Application storage keeps synthetic datasets by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.errors import ConfigError, DestinationError
from semblant.home import Home, Kind
from semblant.vocabulary import WriteMode
from semblant_destinations.settings import StorageSettings
from semblant_destinations.storage import Storage
from tests.plugins.destinations.deliveries import deliver

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {"people": pa.table({"a": [1, 2]})}


@pytest.mark.feature(60)
def test_datasets_lie_in_the_home_as_parquet_and_are_listed(tmp_path: Path) -> None:
    storage = Storage(StorageSettings(name="my shop/1", home=str(tmp_path)))
    storage.check()
    deliver(storage, TABLES, WriteMode.FAIL)
    home = Home(tmp_path)
    assert home.names(Kind.DATASETS) == ["my shop/1"]
    assert pq.read_table(home.find(Kind.DATASETS, "my shop/1") / "people.parquet").equals(TABLES["people"])
    assert "my shop/1" in storage.location()


def test_a_dataset_is_never_overwritten_by_default(tmp_path: Path) -> None:
    storage = Storage(StorageSettings(name="shop", home=str(tmp_path)))
    deliver(storage, TABLES, WriteMode.FAIL)
    with pytest.raises(DestinationError, match="already in"):
        deliver(storage, TABLES, WriteMode.FAIL)


def test_a_delivery_under_way_is_not_listed(tmp_path: Path) -> None:
    from tests.plugins.destinations.deliveries import schema_of

    storage = Storage(StorageSettings(name="shop", home=str(tmp_path)))
    delivery = storage.open(schema_of(TABLES), WriteMode.FAIL)
    assert Home(tmp_path).names(Kind.DATASETS) == []
    storage.close()
    delivery.commit()
    assert Home(tmp_path).names(Kind.DATASETS) == []


def test_an_impossible_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be a name"):
        Storage(StorageSettings(name="", home=str(tmp_path)))


def test_without_settings_the_users_own_home_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path / "own"))
    deliver(Storage(StorageSettings(name="shop")), TABLES, WriteMode.FAIL)
    assert (tmp_path / "own" / "datasets" / "shop" / "people.parquet").is_file()
