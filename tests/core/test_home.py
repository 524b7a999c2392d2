"""The application home, and names as file names."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant import filenames
from semblant.errors import ConfigError
from semblant.home import Home, HomeError, Kind

HOSTILE = (
    "..",
    ".",
    "/etc/passwd",
    "../../x",
    "a/b",
    "a\\b",
    "C:\\x",
    "con",
    "NUL.txt",
    "a\0b",
    "a\nb",
    " a ",
    "a.",
    "%2F",
    "%",
    "~",
    "-rf",
    "$(x)",
    "наука",
    "表",
    "🙂",
    "a:b",
    "*",
    "?",
    '"',
    "<>|",
    "%zz",
    "e\u0301",
    "é",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_folder_and_come_back(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / "home")
    path = home.path(Kind.DATASETS, name)
    assert path.parent == home.datasets
    path.mkdir()
    assert path.resolve().parent == home.datasets.resolve()
    assert home.names(Kind.DATASETS) == [name]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_every_name_is_encoded_reversibly_or_refused(name: str) -> None:
    try:
        encoded = filenames.encode(name)
    except ValueError as exc:
        assert "bytes" in str(exc)
        return
    assert filenames.decode(encoded) == name
    assert not set(encoded) & set('/\\:*?"<>|\0')
    assert not encoded.startswith(".")


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
def test_two_names_never_share_a_file_name(one: str, other: str) -> None:
    if one and other and one != other:
        assert filenames.encode(one) != filenames.encode(other)


@pytest.mark.parametrize(("name", "reason"), [("", "empty"), ("\ud800", "surrogate"), ("x" * 300, "300 bytes")])
def test_names_that_cannot_be_files_are_refused_with_the_reason(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Home(tmp_path).path(Kind.DATASETS, name)


def test_the_root_comes_from_argument_then_environment_then_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path / "environment"))
    assert Home(tmp_path / "argument").root == tmp_path / "argument"
    assert Home().root == tmp_path / "environment"
    monkeypatch.delenv("SEMBLANT_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "system"))
    assert Home().root.name == "semblant"


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert home.names(Kind.JOBS) == []
    assert not home.root.exists()
    assert home.jobs.is_dir()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_folders_are_private_to_the_user(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    for path in (home.jobs, home.generators, home.datasets, home.cache, home.root):
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeError, match="file is in the way") as caught:
        _ = Home(tmp_path / "home").jobs
    assert "SEMBLANT_HOME" in (caught.value.fix or "")
    with pytest.raises(HomeError, match="file is in the way"):
        _ = Home(tmp_path / "home" / "below").jobs


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home")
    home.check()
    assert list(home.cache.iterdir()) == []

    def refuse(**named: Any) -> None:
        raise PermissionError(13, "Permission denied", str(named["dir"]))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(HomeError, match="cannot be written to: Permission denied"):
        home.check()


def test_a_missing_entry_suggests_the_nearest_names(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.path(Kind.GENERATORS, "customers").write_bytes(b"")
    with pytest.raises(ConfigError, match="no generator 'custmers'") as caught:
        home.find(Kind.GENERATORS, "custmers")
    assert "'customers'" in (caught.value.fix or "")
    assert home.find(Kind.GENERATORS, "customers").name == "customers.semblant"


def test_deleting_removes_a_folder_whole(tmp_path: Path) -> None:
    home = Home(tmp_path)
    name, path = home.reserve(Kind.DATASETS, "shop")
    (path / "a.parquet").write_bytes(b"x")
    home.delete(Kind.DATASETS, name)
    assert home.names(Kind.DATASETS) == []
    assert list(home.datasets.iterdir()) == []
    with pytest.raises(ConfigError):
        home.delete(Kind.DATASETS, name)


def test_names_are_readable_and_unique(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert [home.reserve(Kind.JOBS, "my shop: a/b")[0] for _ in range(3)] == [
        "my-shop-a-b",
        "my-shop-a-b-2",
        "my-shop-a-b-3",
    ]
    assert home.unique_name(Kind.JOBS, "///") == "unnamed"
    assert home.unique_name(Kind.JOBS, "MY-SHOP-A-B") == "MY-SHOP-A-B-4"


def test_two_threads_never_reserve_the_same_name(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: home.reserve(Kind.JOBS, "run")[0], range(40)))
    assert len(set(names)) == 40
